/**
 * Answers of the policy server beside those of others, measured in the same minutes.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../scripts/peers.ts';
import type { Bench, Measurement } from '../figure.ts';
import type { ContestResult, Row } from './contest.ts';
import { hasPythonPeer } from './contestants.ts';

const OURS = 'smtp-sts';
const EMPTY = 'empty Node responder';
const PEER = 'postfix-mta-sts-resolver';
/** Of an empty responder, where each answer costs a packet. */
const OF_EMPTY_GOAL = 0.9;
/** Rates are at least the peer's; twice where many are asked at once, and where all is looked up. */
const [SHALLOW_GOAL, DEEP_GOAL, COLD_GOAL] = [1, 2, 2];
const MIB = 1_048_576;
/** Loopback alone, the named file as the system's resolver, then what follows. */
const ENCLOSE = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"';

/** Cached and cold answers over TCP, with the peers that are installed. */
export const answersBench: Bench = {
  name: 'policy-server/answers',
  what: 'answers to MTAs over TCP, cached and cold, beside other servers',
  run: async ({ quick }) => {
    const result = await contest(quick);
    return [...result.rows.flatMap(rowFigures), ...coldFigures(result), memoryFigure(result)];
  },
};

/**
 * Debian's resolver knows only port 53 of the system's resolver and port 443: where it is installed
 * and we may, the contest has a network of its own, and a file of its own over /etc/resolv.conf.
 */
async function contest(quick: boolean): Promise<ContestResult> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-bench-'));
  const resolvConf = join(folder, 'resolv.conf');
  writeFileSync(resolvConf, 'nameserver 127.0.0.1\n');
  const mode = quick ? 'quick' : 'full';
  const script = join(import.meta.dirname, 'contest.ts');
  const enclosed = hasPythonPeer() && process.getuid?.() === 0 && findProgram('ip') !== undefined;
  const inside = [process.execPath, script, mode];
  const [program = '', ...args] = enclosed
    ? ['unshare', '-n', '-m', '--propagation', 'private', 'sh', '-c', ENCLOSE, 'sh', resolvConf]
        .concat(inside)
        .concat('peers')
    : inside;
  try {
    return JSON.parse(await outputOf(program, args)) as ContestResult;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (octets: Buffer) => (text += octets.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the contest ended with ${code}`);
  return text;
}

function rowFigures({ connections, depth, numbers }: Row): readonly Measurement[] {
  const shape = `${connections} connection${connections === 1 ? '' : 's'}, ${depth} deep`;
  const ours = numbers[OURS]!;
  const empty = numbers[EMPTY]!;
  const peer = numbers[PEER];
  const least = depth === 1 ? SHALLOW_GOAL : DEEP_GOAL;
  const latency = (percent: 'p50' | 'p99'): Measurement => ({
    figure: `${percent}: ${shape}`,
    unit: 'ms',
    ours: ours[percent],
    ...(peer === undefined ? {} : { peer: { name: PEER, value: peer[percent] } }),
    ...(peer === undefined || percent === 'p50' ? {} : { goal: { atMost: peer.p99 } }),
  });
  return [
    {
      figure: `cached: ${shape}`,
      unit: '/s',
      ours: ours.perSecond,
      ...(peer === undefined
        ? {}
        : {
            peer: { name: PEER, value: peer.perSecond },
            goal: { atLeast: least * peer.perSecond },
          }),
    },
    {
      figure: `of an empty responder: ${shape}`,
      unit: 'of it',
      ours: ours.perSecond / empty.perSecond,
      ...(depth === 1 ? { goal: { atLeast: OF_EMPTY_GOAL } } : {}),
    },
    latency('p50'),
    latency('p99'),
  ];
}

function coldFigures({ coldPerSecond }: ContestResult): readonly Measurement[] {
  const peer = coldPerSecond[PEER];
  return [
    {
      figure: 'cold: every domain looked up and fetched',
      unit: '/s',
      ours: coldPerSecond[OURS] ?? 0,
      ...(peer === undefined
        ? {}
        : { peer: { name: PEER, value: peer }, goal: { atLeast: COLD_GOAL * peer } }),
    },
  ];
}

function memoryFigure({ rssBytes }: ContestResult): Measurement {
  const peer = rssBytes[PEER];
  return {
    figure: 'memory afterwards',
    unit: 'MiB',
    ours: (rssBytes[OURS] ?? 0) / MIB,
    ...(peer === undefined ? {} : { peer: { name: PEER, value: peer / MIB } }),
  };
}
