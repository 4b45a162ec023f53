// Downloads of logs and results as CSV and NDJSON. They are fetched with the credentials of the session, which a plain link would not have.

import { readChunks } from '../../api.js';
import { h, icon, setText } from '../../dom.js';
import { nameParts } from '../../format.js';
import { formatNumber, t, textOf } from '../../texts.js';
import { problemBox } from '../problem-box.js';

/** Longest file in bytes: the page holds it in memory. */
const MAX_BYTES = 50_000_000;
const MEGABYTE = 1_000_000;

const FORMATS = {
  csv: { label: 'CSV', accept: 'text/csv', type: 'text/csv;charset=utf-8', lineBreak: [13, 10] },
  ndjson: { label: 'NDJSON', accept: 'application/x-ndjson', type: 'application/x-ndjson', lineBreak: [10] },
};

/** Last line of a file that was cut, as the API writes it. */
const incompleteLine = (format, reason) => (format === 'csv' ? `#incomplete,"${reason.replaceAll('"', '""')}"\r\n` : `${JSON.stringify({ complete: false, reason })}\n`);

/** Why the API says that a file is incomplete; empty if it is complete. */
function incompleteReason(format, text) {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  if (format === 'csv') return /^#incomplete,?"?(.*?)"?$/.exec(last.trim())?.[1] ?? '';
  try {
    const { complete, reason, problem } = JSON.parse(last);
    return complete === false ? reason ?? problem?.title ?? t('download.unknownReason') : '';
  } catch {
    return t('download.unknownReason');
  }
}

/** Index after the last line break of a chunk, 0 without one. */
function endOfLines(chunk, lineBreak) {
  for (let index = chunk.length - lineBreak.length; index >= 0; index -= 1) {
    if (lineBreak.every((byte, offset) => chunk[index + offset] === byte)) return index + lineBreak.length;
  }
  return 0;
}

/** Collects the chunks of a file up to the limit. */
class CollectedFile {
  size = 0;
  isCut = false;
  #chunks = [];

  constructor(format) {
    this.format = format;
  }

  /** Returns `false` when no more is wanted. */
  add(chunk) {
    this.#chunks.push(chunk);
    this.size += chunk.length;
    this.isCut = this.size > MAX_BYTES;
    return !this.isCut;
  }

  /** The reason for which the file is incomplete, and its content: a cut one ends with its last whole line. */
  async finish() {
    const { type, lineBreak } = FORMATS[this.format];
    if (!this.isCut) {
      const content = new Blob(this.#chunks, { type });
      return { content, reason: incompleteReason(this.format, await content.slice(-2000).text()) };
    }
    while (this.#chunks.length > 0) {
      const last = this.#chunks.pop();
      const end = endOfLines(last, lineBreak);
      if (end > 0) {
        this.#chunks.push(last.subarray(0, end));
        break;
      }
    }
    const reason = t('download.cut', { size: MAX_BYTES / MEGABYTE });
    return { content: new Blob([...this.#chunks, incompleteLine(this.format, reason)], { type }), reason };
  }
}

/** A name that file systems accept. */
const fileName = (job, name, format) => `${nameParts(job)[0].replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'job'}-${name}.${format}`;

function save(content, name) {
  const url = URL.createObjectURL(content);
  h('a', { href: url, download: name }).click();
  // The browser reads the content after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Buttons that download what `path` has of a job; `name` is part of the file's name. */
export function downloads({ job, path, name, signal }) {
  const note = h('div', { class: 'download-note', role: 'status' });
  const buttons = Object.entries(FORMATS).map(([format, { label }]) => {
    const title = textOf(`download.${name}`, { format: label });
    return h('button', { type: 'button', class: 'quiet', 'data-download': format, 'aria-label': title, title, click: () => run(format) }, icon('download'), label);
  });

  async function run(format) {
    const requests = new AbortController();
    const file = new CollectedFile(format);
    const progress = h('span', null, t('download.running', { size: '0' }));
    buttons.forEach((button) => (button.disabled = true));
    note.replaceChildren(progress, h('button', { type: 'button', class: 'quiet', click: () => requests.abort() }, t('common.cancel')));
    try {
      await readChunks(path, {
        query: { format }, headers: { accept: FORMATS[format].accept }, signal: AbortSignal.any([signal, requests.signal]),
        onChunk: (chunk) => {
          setText(progress, t('download.running', { size: formatNumber(Math.ceil(file.size / MEGABYTE * 10) / 10) }));
          return file.add(chunk);
        },
      });
      const { content, reason } = await file.finish();
      save(content, fileName(job, name, format));
      note.replaceChildren(reason === '' ? t('download.done') : h('p', { class: 'warning-note' }, t('download.incomplete', { reason })));
    } catch (error) {
      note.replaceChildren(...(error.name === 'AbortError' ? [] : [problemBox(error)]));
    }
    buttons.forEach((button) => (button.disabled = false));
  }

  return h('div', { class: 'downloads' }, buttons, note);
}
