/**
 * Row `import`: a folder of mail files taken in by the whole command, from its start to its end, beside
 * the command of parsedmarc, which writes what it read to files. Ours keeps it in SQLite.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from '../figure.ts';
import { writeMails } from './mails.ts';
import type { Plan } from './plan.ts';
import { pythonPeer } from './python-peers.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'cli', 'bin.ts');
/** Times as many as parsedmarc. */
const GOAL = 10;

interface Ground {
  readonly folder: string;
  readonly note: (line: string) => void;
}

/**
 * Runs the commands in turns; the best round of each counts. Theirs is as quick with few mails as
 * with many, ours is not: its start and its first thousands take longer.
 */
export async function importFigures(
  { imported, rounds }: Plan,
  { folder, note }: Ground,
): Promise<readonly Measurement[]> {
  const [few, many] = [join(folder, 'few'), join(folder, 'many')];
  for (const mails of [few, many]) mkdirSync(mails);
  await writeMails(many, imported.many);
  const names = readdirSync(many).toSorted().slice(0, imported.few);
  for (const name of names) linkSync(join(many, name), join(few, name));
  const parsedmarc = pythonPeer('parsedmarc');
  const ours = { few: [] as number[], many: [] as number[] };
  const theirs: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      ours.few.push(imported.few / (await ourImport(few, folder)));
      if (parsedmarc !== undefined) {
        theirs.push(imported.few / (await theirImport(parsedmarc, few, folder)));
      }
      ours.many.push(imported.many / (await ourImport(many, folder)));
    }
  } finally {
    for (const mails of [few, many]) rmSync(mails, { recursive: true });
  }
  const list = (rates: readonly number[]): string =>
    rates.map((rate) => `${Math.round(rate)}/s`).join(', ');
  note(`smtp-sts report import of ${imported.few} mails: ${list(ours.few)}`);
  note(`smtp-sts report import of ${imported.many} mails: ${list(ours.many)}`);
  if (theirs.length > 0) note(`parsedmarc of ${imported.few}, to JSON and CSV: ${list(theirs)}`);
  const peer = theirs.length === 0 ? {} : { peer: { name: 'parsedmarc', value: best(theirs) } };
  const goal = theirs.length === 0 ? {} : { goal: { atLeast: GOAL * best(theirs) } };
  const figure = (count: number, rates: readonly number[]): Measurement => ({
    figure: `mail files: the whole command, ${count} of them`,
    unit: '/s',
    ours: best(rates),
    ...peer,
  });
  return [figure(imported.few, ours.few), { ...figure(imported.many, ours.many), ...goal }];
}

function best(rates: readonly number[]): number {
  return Math.max(...rates);
}

async function ourImport(mails: string, folder: string): Promise<number> {
  const file = join(folder, 'import.db');
  try {
    return await timed(process.execPath, [
      PROGRAM,
      'report',
      'import',
      mails,
      '--store',
      `sqlite:${file}`,
    ]);
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
  }
}

async function theirImport(program: string, mails: string, folder: string): Promise<number> {
  const output = join(folder, 'output');
  mkdirSync(output);
  try {
    return await timed(program, ['--offline', '-o', output, join(mails, '*.eml')]);
  } finally {
    rmSync(output, { recursive: true });
  }
}

/** Seconds. What the program says is shown only where it fails. */
async function timed(program: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (octets: Buffer) => (said += octets.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return (performance.now() - start) / 1_000;
}
