/**
 * What is measured, and what is said of it.
 *
 * @module
 */
import type { BenchOptions, Goal, Measurement } from '../figure.ts';
import {
  type ArenaOrder,
  type Filled,
  type Loaded,
  NOTHING,
  type Opened,
  type Shape,
} from './arena.ts';
import type { FullQueue } from './full-queue.ts';
import { OURS } from './ours.ts';
import { POSTFIX } from './postfix.ts';

/** Asks the arena. */
export type Ask = <Answer>(order: ArenaOrder) => Promise<Answer>;

/** What to measure, how long. */
export interface Plan {
  readonly rows: readonly string[];
  readonly shapes: readonly Shape[];
  readonly rounds: number;
  readonly ms: number;
  readonly domains: number;
  /** Messages in the queues whose memory is compared. */
  readonly queued: number;
  /** Rising lengths of our queue. */
  readonly levels: readonly number[];
  /** How long servers with full queues are watched. */
  readonly watchMs: number;
}

/** What rows are made with. */
export interface Court {
  readonly ask: Ask;
  readonly opened: Opened;
  readonly note: (line: string) => void;
}

const ROWS = ['accept', 'deliver', 'queue', 'million'];
const KIB = 1_024;
const MIB = KIB * KIB;
const SHAPES: readonly Shape[] = [2, 50].flatMap((kib) =>
  [1, 16].map((sessions) => ({ sessions, octets: kib * KIB })),
);
const DEFAULT_SECONDS = 5;

/** @throws on a row that does not exist */
export function planOf({ quick, seconds = DEFAULT_SECONDS, rows = ROWS }: BenchOptions): Plan {
  const unknown = rows.find((row) => !ROWS.includes(row));
  if (unknown !== undefined) throw new Error(`no row is called ${unknown}: ${ROWS.join(', ')}`);
  if (!(seconds > 0)) throw new Error('--seconds must be a number above 0');
  return quick
    ? {
        rows,
        shapes: SHAPES.filter(({ octets }) => octets === 2 * KIB),
        rounds: 1,
        ms: 200,
        domains: 3,
        queued: 300,
        levels: [300, 600],
        watchMs: 500,
      }
    : {
        rows,
        shapes: SHAPES,
        rounds: 3,
        ms: seconds * 1_000,
        domains: 10,
        queued: 100_000,
        levels: [1_000, 100_000, 1_000_000],
        watchMs: 15_000,
      };
}

/** By the name of the server. */
type Results = Readonly<Record<string, Loaded>>;

/** Accepting alone, then accepting and delivering. */
export async function shapeFigures(plan: Plan, court: Court): Promise<readonly Measurement[]> {
  const figures: Measurement[] = [];
  for (const way of ['keep', 'deliver'] as const) {
    if (!plan.rows.includes(way === 'keep' ? 'accept' : 'deliver')) continue;
    for (const shape of plan.shapes) {
      const results = await inTurns(plan, court, { way, shape });
      figures.push(...(way === 'keep' ? accepted(results, shape) : delivered(results, shape)));
    }
  }
  return figures;
}

/** Every server as often, there and back; the first turn of each only warms it up. */
async function inTurns(
  { rounds, ms }: Plan,
  { ask, opened, note }: Court,
  { way, shape }: { readonly way: 'keep' | 'deliver'; readonly shape: Shape },
): Promise<Results> {
  const all = new Map<string, Loaded[]>();
  const servers = opened.contestants;
  const turn = async (contestant: string, ms: number): Promise<Loaded> =>
    await ask<Loaded>({ kind: 'load', contestant, way, ms, ...shape });
  for (const name of servers) await turn(name, ms / 2);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? servers : servers.toReversed()) {
      const loaded = await turn(name, ms);
      all.set(name, [...(all.get(name) ?? []), loaded]);
      note(`${textOf(shape)}, ${name}: ${JSON.stringify(briefly(loaded))}`);
    }
  }
  const speed = way === 'keep' ? 'acceptedPerSecond' : 'deliveredPerSecond';
  return Object.fromEntries([...all].map(([name, list]) => [name, best(list, speed)]));
}

/** The round that what else the machine does disturbed least. */
function best(list: readonly Loaded[], speed: 'acceptedPerSecond' | 'deliveredPerSecond'): Loaded {
  return list.reduce((a, b) => (b[speed] > a[speed] ? b : a));
}

function briefly({ cost, sink, ...loaded }: Loaded): object {
  const numbers = Object.entries(loaded).map(([key, value]) => [key, Number(value.toPrecision(3))]);
  return {
    ...Object.fromEntries(numbers),
    processes: cost.processes,
    rssMiB: Math.round(cost.rss / MIB),
    pssMiB: Math.round(cost.pss / MIB),
    ...(sink === undefined ? {} : { sessions: sink.sessions, resumed: sink.resumed }),
  };
}

function textOf({ sessions, octets }: Shape): string {
  return `${sessions} session${sessions === 1 ? '' : 's'}, ${octets / KIB} KB`;
}

function accepted(results: Results, shape: Shape): readonly Measurement[] {
  const text = textOf(shape);
  const peer = results[POSTFIX]?.acceptedPerSecond;
  const times = shape.sessions === 1 ? 1.5 : 3;
  return [
    {
      ...beside(results, 'accepted', text, ({ acceptedPerSecond }) => acceptedPerSecond),
      unit: '/s',
      ...goalOf(peer, (value) => ({ atLeast: times * value })),
    },
    {
      figure: `accepted, of an empty sink: ${text}`,
      unit: 'of it',
      ours: results[OURS]!.acceptedPerSecond / results[NOTHING]!.acceptedPerSecond,
    },
    ...costs(results, { doing: 'accepted', text }),
  ];
}

function delivered(results: Results, shape: Shape): readonly Measurement[] {
  const text = textOf(shape);
  const peer = results[POSTFIX]?.deliveredPerSecond;
  return [
    {
      ...beside(results, 'delivered', text, ({ deliveredPerSecond }) => deliveredPerSecond),
      unit: '/s',
      ...goalOf(peer, (value) => ({ atLeast: 2 * value })),
    },
    ...costs(results, { doing: 'delivered', text }),
    {
      ...beside(results, 'memory under load', text, (loaded) => memoryOf(loaded) / MIB),
      unit: 'MiB',
    },
  ];
}

function costs(
  results: Results,
  { doing, text }: { readonly doing: 'accepted' | 'delivered'; readonly text: string },
): readonly Measurement[] {
  const accept = doing === 'accepted' ? 'to accept' : 'to accept while delivering';
  return [
    { ...beside(results, `p50 ${accept}`, text, ({ p50 }) => p50), unit: 'ms' },
    { ...beside(results, `p99 ${accept}`, text, ({ p99 }) => p99), unit: 'ms' },
    { ...beside(results, `CPU of a message ${doing}`, text, ({ cpuMs }) => cpuMs), unit: 'ms' },
  ];
}

function beside(
  results: Results,
  what: string,
  text: string,
  value: (loaded: Loaded) => number,
): Pick<Measurement, 'figure' | 'ours' | 'peer'> {
  const postfix = results[POSTFIX];
  return {
    figure: `${what}: ${text}`,
    ours: value(results[OURS]!),
    ...(postfix === undefined ? {} : { peer: { name: POSTFIX, value: value(postfix) } }),
  };
}

function goalOf(
  peer: number | undefined,
  goal: (peer: number) => Goal,
): { readonly goal: Goal } | undefined {
  return peer === undefined ? undefined : { goal: goal(peer) };
}

/** Of one process all that is resident; of many, what they share is counted once. */
function memoryOf({ cost }: Pick<Loaded, 'cost'>): number {
  return cost.processes === 1 ? cost.rss : cost.pss;
}

/** Memory with many messages queued, and how a very long queue starts. */
export async function fullQueueFigures(plan: Plan, court: Court): Promise<readonly Measurement[]> {
  return [
    ...(plan.rows.includes('queue') ? await memoryFigures(plan, court) : []),
    ...(plan.rows.includes('million') ? await longQueueFigures(plan, court) : []),
  ];
}

const OCTETS = 2 * KIB;
const MEMORY_GOAL = 2;

async function memoryFigures(
  { queued, watchMs }: Plan,
  { ask, opened, note }: Court,
): Promise<readonly Measurement[]> {
  const ours = await ask<FullQueue>({
    kind: 'full-queue',
    levels: [queued],
    octets: OCTETS,
    watchMs,
  });
  note(`${queued} queued, ${OURS}: ${JSON.stringify(ours)}`);
  const postfix = opened.contestants.includes(POSTFIX)
    ? await ask<Filled>({ kind: 'fill-postfix', messages: queued, watchMs })
    : undefined;
  note(`${queued} queued, ${POSTFIX}: ${JSON.stringify(postfix)}`);
  const peer = postfix && memoryOf(postfix) / MIB;
  return [
    {
      figure: `memory with ${queued.toLocaleString('en')} queued`,
      unit: 'MiB',
      ours: memoryOf(ours) / MIB,
      ...(peer === undefined ? {} : { peer: { name: POSTFIX, value: peer } }),
      ...goalOf(peer, (value) => ({ atMost: MEMORY_GOAL * value })),
    },
  ];
}

/** A long queue starts within so many seconds. */
const START_GOAL = 10;
/** Taking jobs out of the longest queue costs at most so many times what it costs in the shortest. */
const FLAT_GOAL = 2;

async function longQueueFigures(
  { levels, watchMs }: Plan,
  { ask, note }: Court,
): Promise<readonly Measurement[]> {
  const ours = await ask<FullQueue>({ kind: 'full-queue', levels, octets: OCTETS, watchMs });
  note(`${levels.at(-1)} queued, ${OURS}: ${JSON.stringify(ours)}`);
  const most = (levels.at(-1) ?? 0).toLocaleString('en');
  const times = ours.taken.map(({ p50 }) => p50);
  const [shortest = 0, longest = 0] = [times[0], times.at(-1)];
  return [
    {
      figure: `first delivery after a start with ${most} queued`,
      unit: 's',
      ours: ours.firstDeliveryMs / 1_000,
      goal: { atMost: START_GOAL },
    },
    {
      figure: `delivered beside a dead host with ${most} queued`,
      unit: '/s',
      ours: (ours.delivered / (ours.allDeliveredMs - ours.listeningMs)) * 1_000,
    },
    ...levels.map((level, index) => ({
      figure: `200 due jobs taken of ${level.toLocaleString('en')}`,
      unit: 'ms',
      ours: times[index] ?? 0,
    })),
    {
      figure: 'taking jobs: longest queue beside the shortest',
      unit: 'times',
      ours: longest / shortest,
      goal: { atMost: FLAT_GOAL },
    },
    {
      figure: `memory with ${most} queued`,
      unit: 'MiB',
      ours: memoryOf(ours) / MIB,
    },
  ];
}
