/**
 * `npm run proof -- NAME [--part PART] [--rounds N] [--minutes N] [--json]`: ends with one line of JSON.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { PROOFS } from './proofs.ts';
import { runProof } from './proof.ts';

const DEFAULT_MINUTES = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    part: { type: 'string' },
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    json: { type: 'boolean' },
  },
});
process.exitCode = await main(positionals[0]);

async function main(name: string | undefined): Promise<number> {
  if (name === undefined) {
    for (const { name: each, what, parts } of PROOFS) {
      print(`${each.padEnd(12)} ${what}`);
      if (parts !== undefined) print(`${''.padEnd(12)} parts: ${parts.join(', ')}`);
    }
    return 0;
  }
  const proof = PROOFS.find((one) => one.name === name);
  const rounds = numberOf(values.rounds, proof?.defaultRounds ?? 1);
  const minutes = numberOf(values.minutes, proof?.defaultMinutes ?? DEFAULT_MINUTES);
  const { part } = values;
  const isKnown = part === undefined || proof?.parts?.includes(part) === true;
  if (proof === undefined || !isKnown || rounds === undefined || minutes === undefined) {
    const names = PROOFS.map((one) => one.name).join(' | ');
    process.stderr.write(
      `usage: npm run proof -- (${names}) [--part PART] [--rounds N] [--minutes N] [--json]\n`,
    );
    return 2;
  }
  const say = values.json === true ? (): void => undefined : print;
  const result = await runProof(proof, {
    rounds,
    minutes,
    say,
    ...(part === undefined ? {} : { part }),
  });
  print(JSON.stringify(result));
  return result.pass ? 0 : 1;
}

/** A number above zero; undefined if the text is none. */
function numberOf(text: string | undefined, preset: number): number | undefined {
  if (text === undefined) return preset;
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
