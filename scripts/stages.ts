/**
 * What `npm test` does, stage by stage.
 *
 * @module
 */
import { join } from 'node:path';
import { generateDocs, stalePages } from './generated-docs.ts';
import { checkPackage } from './package-check.ts';
import { ensurePeers } from './peers.ts';
import { readResults } from './results.ts';
import { runCommand } from './run-command.ts';
import { TEST_STAGES, runTests } from './test-stages.ts';

/** One stage of the test run. */
export interface Stage {
  readonly name: string;
  /** What it does, a few words. */
  readonly what: string;
  /** The text says what is wrong; undefined: nothing. */
  readonly run: (root: string) => Promise<string | undefined>;
}

/** Every stage in the order in which they run. */
export const STAGES: readonly Stage[] = [
  { name: 'peers', what: 'the Debian programs that tests run', run: ensurePeers },
  { name: 'format', what: 'prettier', run: tool('prettier', '--check', '.') },
  { name: 'lint', what: 'oxlint', run: tool('oxlint', '--type-aware', '--deny-warnings') },
  { name: 'types', what: 'tsc', run: npmScript('types') },
  { name: 'unit', what: 'unit tests', run: tests('unit') },
  { name: 'integration', what: 'tests against real peers', run: tests('integration') },
  { name: 'conformance', what: 'requirements and made pages', run: checkDocs },
  { name: 'package', what: 'build, pack, import', run: buildAndCheck },
];

type Run = Stage['run'];

function tool(program: string, ...args: readonly string[]): Run {
  return async (root) => {
    const path = join(root, 'node_modules', '.bin', program);
    const result = await runCommand({ program: path, args, cwd: root });
    return result.ok ? undefined : `${program}: ${result.ended}`;
  };
}

function npmScript(name: string): Run {
  return async (root) => {
    const result = await runCommand({ program: 'npm', args: ['run', '-s', name], cwd: root });
    return result.ok ? undefined : `npm run ${name}: ${result.ended}`;
  };
}

function tests(stage: (typeof TEST_STAGES)[number]): Run {
  return async (root) => {
    const result = await runTests(root, stage);
    return result.ok ? undefined : `${stage} tests: ${result.ended}`;
  };
}

async function checkDocs(root: string): Promise<string | undefined> {
  const { pages, faults } = await generateDocs(readResults(root, TEST_STAGES));
  const stale = stalePages(root, pages).map((path) => `${path} is stale: run \`npm run docs\``);
  const wrong = [...faults, ...stale];
  return wrong.length === 0 ? undefined : wrong.join('\n  ');
}

async function buildAndCheck(root: string): Promise<string | undefined> {
  const built = await npmScript('build')(root);
  return built ?? (await checkPackage(root));
}
