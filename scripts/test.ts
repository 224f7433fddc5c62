/**
 * `npm test`: everything that must hold before a change is good. `--only STAGE` runs one stage.
 *
 * @module
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { STAGES, type Stage } from './stages.ts';

interface StageOutcome {
  readonly stage: Stage;
  readonly seconds: number;
  readonly fault: string | undefined;
}

const root = join(import.meta.dirname, '..');
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string', multiple: true } },
  });
  const only = values.only;
  const chosen = STAGES.filter((stage) => only === undefined || only.includes(stage.name));
  if (only !== undefined && chosen.length !== new Set(only).size) {
    say(`stages: ${STAGES.map((stage) => stage.name).join(' ')}`);
    return 2;
  }
  const outcomes: StageOutcome[] = [];
  for (const stage of chosen) outcomes.push(await runStage(stage));
  for (const outcome of outcomes) say(summaryLine(outcome));
  return outcomes.every((outcome) => outcome.fault === undefined) ? 0 : 1;
}

async function runStage(stage: Stage): Promise<StageOutcome> {
  say(`\n== ${stage.name}: ${stage.what}`);
  const start = performance.now();
  const fault = await stage.run(root).catch((error: unknown) => String(error));
  const outcome = { stage, seconds: (performance.now() - start) / 1000, fault };
  return outcome;
}

function summaryLine({ stage, seconds, fault }: StageOutcome): string {
  const time = `${seconds.toFixed(1).padStart(6)} s`;
  const line = `${fault === undefined ? 'ok  ' : 'FAIL'} ${stage.name.padEnd(12)} ${time}`;
  return fault === undefined ? line : `${line}\n  ${fault}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
