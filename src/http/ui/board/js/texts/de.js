// German texts.

/** @type {Record<import('../texts.js').TextKey, import('../texts.js').Text>} */
import jobs from './jobs/de.js';

export default {
  ...jobs,
  'page.skip': 'Zu den Jobs springen',
  'page.pages': 'Seiten',
  'page.jobs': 'Jobs',
  'page.api': 'API',
  'page.problems': 'Fehlermeldungen',
  'page.language': 'Sprache',
  'theme.light': 'Helles Design verwenden',
  'theme.dark': 'Dunkles Design verwenden',
};
