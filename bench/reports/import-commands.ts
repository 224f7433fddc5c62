/**
 * Row `import`: a folder of mail files taken in by the whole command, from its start to its end, beside
 * the command of parsedmarc, which writes what it read to files. Ours keeps it in SQLite.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
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

/** Runs the commands in turns; the best round of each counts. */
export async function importFigures(
  plan: Plan,
  { folder, note }: Ground,
): Promise<readonly Measurement[]> {
  const mails = join(folder, 'mails');
  mkdirSync(mails);
  await writeMails(mails, plan.imported);
  const parsedmarc = pythonPeer('parsedmarc');
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    for (let round = 0; round < plan.rounds; round += 1) {
      ours.push(await ourImport(mails, folder));
      if (parsedmarc !== undefined) theirs.push(await theirImport(parsedmarc, mails, folder));
    }
  } finally {
    rmSync(mails, { recursive: true });
  }
  const rates = (seconds: readonly number[]): string =>
    seconds.map((each) => `${Math.round(plan.imported / each)}/s`).join(', ');
  note(`smtp-sts report import of ${plan.imported} mails: ${rates(ours)}`);
  if (theirs.length > 0) note(`parsedmarc of the same, to JSON and CSV: ${rates(theirs)}`);
  const best = (seconds: readonly number[]): number => plan.imported / Math.min(...seconds);
  const peer = theirs.length === 0 ? undefined : { name: 'parsedmarc', value: best(theirs) };
  return [
    {
      figure: 'mail files: the whole command, from start to end',
      unit: '/s',
      ours: best(ours),
      ...(peer === undefined ? {} : { peer, goal: { atLeast: GOAL * peer.value } }),
    },
  ];
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
