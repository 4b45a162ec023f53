// The colours: those of the system, until somebody chooses. Runs before anything is shown, on every page.
(() => {
  const KEY = 'ips-gateway.theme';
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches);

  try {
    const chosen = localStorage.getItem(KEY);
    if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;
  } catch {
    // Without storage the choice lasts as long as the page.
  }

  const tell = () => {
    // By this class Swagger UI turns dark.
    root.classList.toggle('dark-mode', isDark());
    for (const button of document.querySelectorAll('[data-toggles=theme]')) {
      button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
      button.title = button.getAttribute('aria-label');
    }
  };

  tell();
  addEventListener('DOMContentLoaded', tell);
  dark.addEventListener('change', tell);
  addEventListener('click', (event) => {
    if (!event.target.closest?.('[data-toggles=theme]')) return;
    root.dataset.theme = isDark() ? 'light' : 'dark';
    tell();
    try {
      localStorage.setItem(KEY, root.dataset.theme);
    } catch {
      // See above.
    }
  });
})();
