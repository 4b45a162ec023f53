// The scripts of the board have no type errors: names, parameters and keys of texts, as far as JSDoc declares them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';

test('the TypeScript compiler finds no error', async () => {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const output = await new Promise((resolve) => {
    execFile(process.execPath, [compiler, '--project', process.env.TSCONFIG, '--pretty', 'false'], (error, stdout) => resolve(error ? stdout || String(error) : ''));
  });
  assert.equal(output, '');
});
