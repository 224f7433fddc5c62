/**
 * A reporter for node:test that writes one JSON line for each test: what `docs/conformance.md`
 * is made from.
 *
 * @module
 */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import type { TestResult } from './results.ts';

/** The reporter (`--test-reporter`): paths are written relative to the working directory. */
export default async function* resultReporter(
  source: AsyncIterable<TestEvent>,
): AsyncGenerator<string, void> {
  for await (const event of source) {
    const result = resultOf(event, process.cwd());
    if (result !== undefined) yield `${JSON.stringify(result)}\n`;
  }
}

/** What an event says about a test; undefined for suites, files and all other events. */
export function resultOf(event: TestEvent, root: string): TestResult | undefined {
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined;
  const { name, file, details, skip, todo } = event.data;
  if (file === undefined || details.type === 'suite') return undefined;
  return { file: relative(root, file), name, result: verdict(event.type, skip, todo) };
}

function verdict(
  type: 'test:pass' | 'test:fail',
  skip: string | boolean | undefined,
  todo: string | boolean | undefined,
): TestResult['result'] {
  if (skip !== undefined && skip !== false) return 'skip';
  if (todo !== undefined && todo !== false) return 'todo';
  return type === 'test:pass' ? 'pass' : 'fail';
}
