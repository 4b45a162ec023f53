// What npm packs, and what a bundle has of it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** A minified bundle of these exports, and its size with gzip. */
async function bundle(names) {
  const contents = `import { ${names} } from 'ips-gateway-client'; globalThis.used = [${names}];`;
  const { outputFiles } = await build({ stdin: { contents, resolveDir: '.' }, bundle: true, minify: true, format: 'esm', write: false, target: 'es2022' });
  const { text, contents: bytes } = outputFiles[0];
  return { text, size: gzipSync(bytes, { level: 9 }).length };
}

test('the package has the compiled modules and their types, nothing else, and no dependency', async () => {
  const [{ files, size, unpackedSize }] = JSON.parse(await readFile('packed.json', 'utf8'));
  const paths = files.map(({ path }) => path);
  assert.deepEqual(paths.filter((path) => !/^dist\/([\w-]+\/)?[\w-]+(\.js|\.d\.ts)$/.test(path)).sort(), ['LICENSE', 'README.md', 'package.json']);
  assert.ok(paths.includes('dist/index.js') && paths.includes('dist/schema.d.ts'), JSON.stringify(paths));
  console.log(`packed: ${size} bytes, unpacked: ${unpackedSize} bytes`);
  const readme = await readFile('node_modules/ips-gateway-client/README.md', 'utf8');
  assert.deepEqual(readme.match(/\]\((?!https:|#).*?\)/g), null, 'relative links, which lead nowhere on npm');
  const manifest = JSON.parse(await readFile('node_modules/ips-gateway-client/package.json', 'utf8'));
  assert.equal((await promisify(execFile)(process.env.GATEWAY, ['--version'])).stdout, `ips-gateway ${manifest.version}\n`);
  assert.deepEqual([manifest.dependencies, manifest.peerDependencies, manifest.sideEffects], [undefined, undefined, false]);
});

/** Bytes with gzip; see the figures in docs/clients.md. */
const BUDGETS = [
  { names: 'createClient, getJob', limit: 2_048, without: /event-stream|EventSource|Last-Event-ID|Idempotency-Key|visibilitychange/ },
  { names: 'createClient, submitJob', limit: 2_560, without: /event-stream|EventSource|visibilitychange/ },
  { names: 'createClient, waitForJob', limit: 5_120, without: /EventSource|Idempotency-Key/ },
  { names: 'createClient, watchJobs', limit: 5_632, without: /EventSource|Idempotency-Key/ },
  { names: 'createClient, submitJob, getJob, listJobs, watchJobs, watchJob, waitForJob, ticketStream, stopJob', limit: 7_168, without: /^$/ },
];

for (const { names, limit, without } of BUDGETS) {
  test(`a bundle of ${names} has no more than ${limit} bytes and only what it uses`, async () => {
    const { text, size } = await bundle(names);
    console.log(`${names}: ${size} bytes`);
    assert.ok(size <= limit, `${size} bytes`);
    assert.doesNotMatch(text, without);
  });
}
