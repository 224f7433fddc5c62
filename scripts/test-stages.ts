/**
 * The two stages that run tests, and how node is called for them.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RESULTS_DIR, resultsFile } from './results.ts';
import { type CommandResult, runCommand } from './run-command.ts';

/** A stage that runs tests. */
export type TestStage = 'unit' | 'integration';

/** In the order in which they run. */
export const TEST_STAGES: readonly TestStage[] = ['unit', 'integration'];

/** Unit tests share one process; integration tests own ports and daemons and get one each. */
const ARGUMENTS: Readonly<Record<TestStage, readonly string[]>> = {
  unit: [
    '--test-isolation=none',
    'src/**/*.test.ts',
    'scripts/**/*.test.ts',
    'conformance/**/*.test.ts',
    'bench/**/*.test.ts',
    'proof/**/*.test.ts',
  ],
  // What a test of a real server left open fails no test, so it must not keep the whole run waiting.
  integration: ['--test-concurrency=2', '--test-force-exit', 'test/**/*.test.ts'],
};

/** One test may take this long, milliseconds; a socket that is never closed must not hang the run. */
const TEST_LIMIT_MS = 120_000;
/** And a whole stage this long: what a test left open keeps the process alive after the last one. */
const STAGE_LIMIT_MS = 800_000;

/** What is given to node: one reporter for people, one for `docs/conformance.md`. */
export function testArguments(root: string, stage: TestStage): readonly string[] {
  return [
    '--test',
    `--test-timeout=${TEST_LIMIT_MS}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'scripts', 'result-reporter.ts')}`,
    `--test-reporter-destination=${resultsFile(root, stage)}`,
    ...ARGUMENTS[stage],
  ];
}

/** Runs a stage. */
export async function runTests(
  root: string,
  stage: TestStage,
  output: 'show' | 'collect' = 'show',
): Promise<CommandResult> {
  mkdirSync(join(root, RESULTS_DIR), { recursive: true });
  const args = testArguments(root, stage);
  return await runCommand({
    program: process.execPath,
    args,
    cwd: root,
    output,
    limitMs: STAGE_LIMIT_MS,
  });
}
