// Japanese texts.

/** @type {Record<import('../texts.js').TextKey, import('../texts.js').Text>} */
import jobs from './jobs/ja.js';

export default {
  ...jobs,
  'page.skip': 'ジョブ一覧へスキップ',
  'page.pages': 'ページ',
  'page.jobs': 'ジョブ',
  'page.api': 'API',
  'page.problems': 'エラー一覧',
  'page.language': '言語',
  'theme.light': 'ライトテーマに切り替え',
  'theme.dark': 'ダークテーマに切り替え',
};
