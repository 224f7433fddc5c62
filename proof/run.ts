/**
 * `npm run proof -- NAME [--rounds N] [--minutes N] [--json]`: ends with one line of JSON.
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
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    json: { type: 'boolean' },
  },
});
process.exitCode = await main(positionals[0]);

async function main(name: string | undefined): Promise<number> {
  if (name === undefined) {
    for (const proof of PROOFS) print(`${proof.name.padEnd(10)} ${proof.what}`);
    return 0;
  }
  const proof = PROOFS.find((one) => one.name === name);
  const rounds = numberOf(values.rounds, proof?.defaultRounds ?? 1);
  const minutes = numberOf(values.minutes, DEFAULT_MINUTES);
  if (proof === undefined || rounds === undefined || minutes === undefined) {
    const names = PROOFS.map((one) => one.name).join(' | ');
    process.stderr.write(
      `usage: npm run proof -- (${names}) [--rounds N] [--minutes N] [--json]\n`,
    );
    return 2;
  }
  const say = values.json === true ? (): void => undefined : print;
  const result = await runProof(proof, { rounds, minutes, say });
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
