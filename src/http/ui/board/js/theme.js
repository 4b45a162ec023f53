// Light and dark theme: the system's preference until the user chooses one. A classic script, so that it runs before the first paint.
(() => {
  const STORAGE_KEY = 'ips-gateway.theme';
  const root = document.documentElement;
  const systemDark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : systemDark.matches);

  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    if (stored === 'light' || stored === 'dark') root.dataset.theme = stored;
  } catch {
    // Storage is disabled: the choice lasts until the page is reloaded.
  }

  const apply = () => {
    // Swagger UI's own class for its dark theme.
    root.classList.toggle('dark-mode', isDark());
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-theme-toggle]'))) {
      const label = isDark() ? (button.dataset.lightLabel ?? 'Use light theme') : (button.dataset.darkLabel ?? 'Use dark theme');
      button.setAttribute('aria-label', label);
      button.title = button.getAttribute('aria-label');
    }
  };

  apply();
  addEventListener('DOMContentLoaded', apply);
  // The board's labels follow its language.
  addEventListener('textschange', apply);
  systemDark.addEventListener('change', apply);
  addEventListener('click', (/** @type {any} */ event) => {
    if (!event.target.closest?.('[data-theme-toggle]')) return;
    root.dataset.theme = isDark() ? 'light' : 'dark';
    apply();
    try {
      localStorage.setItem(STORAGE_KEY, root.dataset.theme);
    } catch {
      // Storage is disabled.
    }
  });
})();
