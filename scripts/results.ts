/**
 * The results of the tests as JSON lines, and reading them back.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the results of the test stages lie, one file a stage. */
export const RESULTS_DIR = '.test-results';

/** One test that ran. */
export interface TestResult {
  /** Relative to the project folder. */
  readonly file: string;
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skip' | 'todo';
}

/** The results file of a stage. */
export function resultsFile(root: string, stage: string): string {
  return join(root, RESULTS_DIR, `${stage}.jsonl`);
}

/** Reads the JSON lines of one results file. */
export function parseResults(text: string): TestResult[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestResult);
}

/**
 * Reads what the given stages left behind.
 *
 * @throws if a stage has not run yet
 */
export function readResults(root: string, stages: readonly string[]): TestResult[] {
  return stages.flatMap((stage) => parseResults(readFileSync(resultsFile(root, stage), 'utf8')));
}
