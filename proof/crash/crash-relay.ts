/**
 * `kill -9` of the whole service under a load of mail: whatever was answered `250` arrives whole, or
 * its author is told; twice comes only what was in flight at a kill.
 *
 * @module
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Balance, Ledger } from '../relay/ledger.ts';
import { DESTINATIONS, type Ground, heldBy, leftovers, openGround } from '../relay/ground.ts';
import { randomLetter } from '../relay/letters.ts';
import { type Load, startLoad, until } from '../relay/load.ts';
import { type RelayNode, startRelayNode } from '../relay/node.ts';
import type { ProofOptions } from '../proof.ts';
import { newSeed, type Random, randomFrom } from '../random.ts';

/** What is killed. */
export interface CrashedRelay {
  /** A row of the table. */
  readonly name: string;
  readonly storeUrl: (folder: string) => string;
  /** Nodes that share the database; one of them is killed in each round. */
  readonly nodes: number;
}

/** A row of the table. */
export interface CrashRow extends Balance {
  readonly name: string;
  readonly rounds: number;
}

/** When it is killed. */
type Moment = 'start-up' | 'load' | 'housekeeping';

const MOMENTS: readonly Moment[] = ['start-up', 'load', 'load', 'load', 'housekeeping'];
const SESSIONS = 6;
const PAUSE_MS = 60;
const LONGEST_LIFE_MS = 2_000;
/** A node is up after about this time; a kill within it meets every step of its start. */
const START_UP_MS = 1_200;
const FIVE_MINUTES_MS = 300_000;
/** Letters that do not move for so long will not move any more. */
const PATIENCE_MS = 120_000;

/** Plays the rounds; the balance is drawn once everything has come to rest. */
export async function crashRelay(relay: CrashedRelay, options: ProofOptions): Promise<CrashRow> {
  const ground = await openGround();
  let outcome: 'keep-folder' | undefined = 'keep-folder';
  try {
    for (const [domain, manner] of Object.entries(DESTINATIONS))
      await ground.domain(domain, manner);
    const row = await play(relay, ground, options);
    if (row.lost.length === 0 && row.unexplained.length === 0) outcome = undefined;
    else options.say(`${relay.name}: the logs are in ${ground.folder}`);
    return row;
  } finally {
    await ground.close(outcome);
  }
}

async function play(relay: CrashedRelay, ground: Ground, options: ProofOptions): Promise<CrashRow> {
  const { ledger, folder } = ground;
  const end = performance.now() + options.minutes * 60_000;
  const seed = newSeed();
  const random = randomFrom(seed);
  const storeUrl = relay.storeUrl(folder);
  const config = ground.config(storeUrl);
  const nodes = new Map<number, RelayNode>();
  const ports = new Map<number, number>();
  // Those that follow go on where a clock was put forward to: none goes back.
  let aheadMs = 0;
  const start = (index: number): RelayNode => {
    const logFile = join(folder, `node-${index}.log`);
    const node = startRelayNode({ config, logFile, aheadMs });
    nodes.set(index, node);
    node.ready.then(
      (port) => ports.set(index, port),
      () => undefined,
    );
    return node;
  };
  /** The others stand still meanwhile: what the dead one had in hand is not taken over unseen. */
  const killOne = async (index: number): Promise<void> => {
    const node = nodes.get(index);
    if (node === undefined) return;
    const others = [...nodes.values()].filter((each) => each !== node && each.running);
    await Promise.all(others.map(async (other) => await other.ready.catch(() => undefined)));
    for (const other of others) other.freeze('freeze');
    try {
      ports.delete(index);
      const at = performance.now();
      await node.kill();
      ledger.disturb({ at, held: await heldBy(storeUrl, node.pid) });
    } finally {
      for (const other of others) other.freeze('thaw');
    }
  };
  let letters = 0;
  const destinations = Object.keys(DESTINATIONS);
  const load = startLoad({
    ledger,
    random,
    sessions: SESSIONS,
    pauseMs: PAUSE_MS,
    ports: () => [...ports.values()],
    letter: () => randomLetter((letters += 1), destinations, random),
  });
  const faults: string[] = [];
  let rounds = 0;
  try {
    for (let index = 1; index < relay.nodes; index += 1) await start(index).ready;
    for (let victim = 0; rounds < options.rounds && performance.now() < end; rounds += 1) {
      const moment = momentFor(relay, random);
      const node = start(victim);
      await live(node, { moment, random, ledger });
      if (!node.running) faults.push(`round ${rounds + 1}, ${moment}: the service ended by itself`);
      await killOne(victim);
      if (moment === 'housekeeping') aheadMs += FIVE_MINUTES_MS;
      // The next victim, where there are several, has lived through this one's death.
      if (relay.nodes > 1) {
        start(victim);
        victim = random(relay.nodes);
        await killOne(victim);
      }
      ground.world.dns.forget();
      if ((rounds + 1) % 10 === 0) {
        options.say(`${relay.name}: ${rounds + 1} rounds, ${letters} letters (seed ${seed})`);
      }
    }
    await load.stop();
    for (const [index, node] of nodes) if (!node.running) start(index);
    faults.push(...(await drain({ relay, ground, nodes, storeUrl, load, options })));
  } finally {
    await load.stop();
    await Promise.all([...nodes.values()].map(async (node) => await node.kill()));
  }
  const balance = ledger.balance();
  return { ...balance, name: relay.name, rounds, lost: [...faults, ...balance.lost] };
}

/** Nodes that share a database have clocks that agree: none is put forward. */
function momentFor({ nodes }: CrashedRelay, random: Random): Moment {
  const moment = MOMENTS[random(MOMENTS.length)]!;
  return nodes > 1 && moment === 'housekeeping' ? 'load' : moment;
}

/** Lets a node live until its moment has come. */
async function live(
  node: RelayNode,
  life: { readonly moment: Moment; readonly random: Random; readonly ledger: Ledger },
): Promise<void> {
  const { moment, random, ledger } = life;
  const ready = node.ready.catch(() => undefined);
  switch (moment) {
    case 'start-up':
      await Promise.race([sleep(random(START_UP_MS)), ready]);
      return;
    case 'load':
      await ready;
      await sleep(random(LONGEST_LIFE_MS));
      return;
    case 'housekeeping':
      await ready;
      await sleep(random(LONGEST_LIFE_MS / 2));
      // What goes on at a moment in which minutes pass may run out of time.
      ledger.disturb({ at: performance.now(), settlingMs: 0 });
      await node.skip(FIVE_MINUTES_MS).catch(() => undefined);
      await sleep(random(30));
      return;
    default:
      moment satisfies never;
  }
}

/** Everything comes to rest, and nothing remains. */
async function drain(parts: {
  readonly relay: CrashedRelay;
  readonly ground: Ground;
  readonly nodes: ReadonlyMap<number, RelayNode>;
  readonly storeUrl: string;
  readonly load: Load;
  readonly options: ProofOptions;
}): Promise<readonly string[]> {
  const { relay, ground, nodes, storeUrl, load, options } = parts;
  const { ledger } = ground;
  const all = [...nodes.values()];
  await Promise.all(all.map(async (node) => await node.ready));
  for (const refusal of load.refusals) options.say(`${relay.name}: a client was told: ${refusal}`);
  let missing = ledger.missing();
  let movedAt = performance.now();
  while (missing > 0 && performance.now() - movedAt < PATIENCE_MS) {
    await sleep(100);
    const now = ledger.missing();
    if (now < missing) movedAt = performance.now();
    missing = now;
  }
  // Letters in doubt, and notifications.
  await until(async () => (await leftovers(storeUrl))['queue_message'] === 0, PATIENCE_MS / 2);
  await Promise.all(all.map(async (node) => await node.stop()));
  const rest = Object.entries(await leftovers(storeUrl)).filter(([, rows]) => rows > 0);
  return rest.map(([table, rows]) => `${rows} rows are left in ${table}`);
}

/** The table, one line each. */
export function crashTable(rows: readonly CrashRow[]): readonly string[] {
  const head = [
    'relay',
    'rounds',
    'offered',
    'accepted',
    'in doubt',
    'delivered',
    'bounced',
    'lost',
    'duplicates',
    'longest before the kill, ms',
    'in flight at kills',
    'unexplained',
  ];
  const lines = rows.map((row) => [
    row.name,
    row.rounds,
    row.offered,
    row.accepted,
    row.inDoubt,
    row.delivered,
    row.bounced,
    row.lost.length,
    row.duplicates,
    Math.round(row.longestGapMs),
    row.inFlight,
    row.unexplained.length,
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
}
