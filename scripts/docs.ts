/**
 * `npm run docs`: runs the tests and writes the made pages of `docs/`.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateDocs } from './generated-docs.ts';
import { readResults } from './results.ts';
import { TEST_STAGES, runTests } from './test-stages.ts';

const root = join(import.meta.dirname, '..');

for (const stage of TEST_STAGES) {
  const result = await runTests(root, stage, 'collect');
  const tail = result.output.split('\n').slice(-12).join('\n');
  if (!result.ok) process.stdout.write(`${stage} tests: ${result.ended}\n${tail}\n`);
}
const { pages, faults } = await generateDocs(readResults(root, TEST_STAGES));
for (const { path, text } of pages) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  process.stdout.write(`${path}\n`);
}
for (const fault of faults) process.stdout.write(`note: ${fault}\n`);
