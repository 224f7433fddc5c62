/**
 * Row `ingest`: mail files with reports, through our whole intake into an archive on disk, beside
 * parsedmarc, which parses the same files.
 *
 * @module
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../scripts/peers.ts';
import type { Measurement } from '../figure.ts';
import { startChild } from '../relay/children.ts';
import type { Ingested, IngestOrder } from './ingest-child.ts';
import { type KeyRecords, writeMails } from './mails.ts';
import { pythonPeer, startPython, type PythonScript } from './python-peers.ts';
import type { Plan } from './plan.ts';

const MIB = 1_048_576;
const PARSEDMARC = 'parsedmarc';
/** Times as many as parsedmarc. */
const GOAL = 10;

/** What one reader did. */
interface Read {
  readonly perSecond: number;
  readonly rss: number;
}

/** Takes in and parses in turns; the best round of each counts. */
export async function ingestFigures(
  plan: Plan,
  { folder, note }: { readonly folder: string; readonly note: (line: string) => void },
): Promise<readonly Measurement[]> {
  const mails = join(folder, 'mails');
  mkdirSync(mails);
  const keys = await writeMails(mails, plan.warmUp + plan.mails);
  const ours = async (check: IngestOrder['check']): Promise<Read> =>
    await takeIn({ folder: mails, database: join(folder, 'ingest.db'), check, keys, plan });
  const python = pythonPeer('python') ?? findProgram('python3');
  const peer = python === undefined ? undefined : startPython(python, 'read_mails.py');
  try {
    const checked: Read[] = [];
    const unchecked: Read[] = [];
    const theirs: (Read & { readonly name: string })[] = [];
    for (let round = 0; round < plan.rounds; round += 1) {
      unchecked.push(await ours('nothing'));
      if (peer !== undefined) theirs.push(await parse(peer, mails, plan));
      checked.push(await ours('signatures'));
    }
    note(`as smtp-sts report import takes them in: ${rates(unchecked)}`);
    note(`with signatures verified (--verify): ${rates(checked)}`);
    for (const name of new Set(theirs.map((one) => one.name))) {
      note(
        `${name}, nothing verified${name === PARSEDMARC ? ', nothing stored' : ''}: ${rates(theirs)}`,
      );
    }
    return figures({ checked: best(checked), unchecked: best(unchecked), theirs: best(theirs) });
  } finally {
    await peer?.stop();
    rmSync(mails, { recursive: true });
  }
}

async function takeIn({
  plan: { warmUp },
  ...order
}: Omit<IngestOrder, 'warmUp'> & {
  readonly keys: KeyRecords;
  readonly plan: Plan;
}): Promise<Read> {
  const { child } = await startChild<IngestOrder>('../reports/ingest-child.ts');
  try {
    const { reports, seconds, rss } = await child.ask<Ingested>({ ...order, warmUp });
    return { perSecond: reports / seconds, rss };
  } finally {
    await child.kill();
    for (const end of ['', '-wal', '-shm']) rmSync(`${order.database}${end}`, { force: true });
  }
}

async function parse(
  peer: PythonScript,
  folder: string,
  { warmUp }: Plan,
): Promise<Read & { readonly name: string }> {
  const { name, reports, seconds, rss } = await peer.ask<Ingested & { readonly name: string }>({
    folder,
    warmUp,
  });
  return { name, perSecond: reports / seconds, rss };
}

function best<T extends Read>(all: readonly T[]): T | undefined {
  return all.toSorted((a, b) => b.perSecond - a.perSecond)[0];
}

function rates(all: readonly Read[]): string {
  return all.map(({ perSecond }) => `${Math.round(perSecond)}/s`).join(', ');
}

function figures({
  checked,
  unchecked,
  theirs,
}: {
  readonly checked: Read | undefined;
  readonly unchecked: Read | undefined;
  readonly theirs: (Read & { readonly name: string }) | undefined;
}): readonly Measurement[] {
  const beside = (value: (read: Read) => number): Pick<Measurement, 'peer'> =>
    theirs === undefined ? {} : { peer: { name: theirs.name, value: value(theirs) } };
  const speed = ({ perSecond }: Read): number => perSecond;
  const goal =
    theirs?.name === PARSEDMARC ? { goal: { atLeast: GOAL * theirs.perSecond } } : undefined;
  return [
    {
      figure: 'mail files: understood, stored',
      unit: '/s',
      ours: unchecked!.perSecond,
      ...beside(speed),
      ...goal,
    },
    {
      figure: 'mail files: verified, understood, stored',
      unit: '/s',
      ours: checked!.perSecond,
      ...beside(speed),
    },
    {
      figure: 'memory while mail files are taken in',
      unit: 'MiB',
      ours: unchecked!.rss / MIB,
      ...beside(({ rss }) => rss / MIB),
    },
  ];
}
