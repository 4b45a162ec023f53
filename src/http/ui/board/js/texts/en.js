// English texts. Each key is an area of the board and a name; the other catalogues have the same keys and placeholders.

import jobs from './jobs/en.js';

export default {
  ...jobs,
  'page.skip': 'Skip to the jobs',
  'page.pages': 'Pages',
  'page.jobs': 'Jobs',
  'page.api': 'API',
  'page.problems': 'Problems',
  'page.language': 'Language',
  'theme.light': 'Use light theme',
  'theme.dark': 'Use dark theme',
};
