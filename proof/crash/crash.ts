/**
 * `kill -9` at random moments: every policy that was acknowledged is there afterwards, whole,
 * once, and in force without any network. The same for mail: see `crash-relay.ts`.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StsPolicies } from '../../src/mta-sts/types.ts';
import { openStore } from '../../src/store/open-store.ts';
import { startPostgres } from '../../test/peers/postgres.ts';
import type { Store } from '../../src/store/types.ts';
import type { Proof, ProofOptions } from '../proof.ts';
import { newSeed, randomFrom } from '../random.ts';
import type { Acknowledged } from './crash-child.ts';
import { policiesOver, policyOf } from './crash-policies.ts';
import { type CrashedRelay, crashRelay, type CrashRow, crashTable } from './crash-relay.ts';

/** The longest time that a process lives after its first acknowledgement, milliseconds. */
const LONGEST_LIFE_MS = 300;
/** Versions of one round never reach those of the next. */
const VERSIONS_A_ROUND = 1_000_000;

/** The relays that are killed. */
const RELAYS: readonly (Pick<CrashedRelay, 'nodes'> & {
  readonly name: string;
  readonly engine: 'sqlite' | 'postgres';
})[] = [
  { name: 'relay-sqlite', engine: 'sqlite', nodes: 1 },
  { name: 'relay-postgres', engine: 'postgres', nodes: 1 },
  { name: 'relay-two-nodes', engine: 'postgres', nodes: 2 },
];

/** One round is one killed process; each part has so many. */
export const crashProof: Proof = {
  name: 'crash',
  what: 'kill -9 while policies and mail are stored: everything acknowledged is still there',
  defaultRounds: 200,
  defaultMinutes: 60,
  parts: ['policies', ...RELAYS.map(({ name }) => name)],
  run: crash,
};

interface Tally {
  readonly rounds: number;
  readonly lost: number;
  readonly duplicated: number;
}

async function crash(options: ProofOptions): Promise<Tally> {
  const { part } = options;
  const total = { rounds: 0, lost: 0, duplicated: 0 };
  const add = ({ rounds, lost, duplicated }: Tally): void => {
    total.rounds += rounds;
    total.lost += lost;
    total.duplicated += duplicated;
  };
  if (part === undefined || part === 'policies') add(await crashPolicies(options));
  const rows: CrashRow[] = [];
  for (const { name, engine, nodes } of RELAYS) {
    if (part !== undefined && part !== name) continue;
    const row = await onDatabase(
      engine,
      async (storeUrl) => await crashRelay({ name, nodes, storeUrl }, options),
    );
    rows.push(row);
    for (const fault of [...row.lost, ...row.unexplained]) options.say(`${name}: ${fault}`);
    add({ rounds: row.rounds, lost: row.lost.length, duplicated: row.unexplained.length });
  }
  if (rows.length > 0) for (const line of crashTable(rows)) options.say(line);
  return total;
}

async function onDatabase<Result>(
  engine: 'sqlite' | 'postgres',
  use: (storeUrl: CrashedRelay['storeUrl']) => Promise<Result>,
): Promise<Result> {
  if (engine === 'sqlite') return await use((folder) => `sqlite:${join(folder, 'queue.db')}`);
  const postgres = await startPostgres();
  try {
    return await use(() => postgres.url);
  } finally {
    await postgres.stop();
  }
}

async function crashPolicies(options: ProofOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-crash-'));
  try {
    return await crashIn(join(folder, 'store.db'), options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function crashIn(path: string, options: ProofOptions): Promise<Tally> {
  const end = performance.now() + options.minutes * 60_000;
  const seed = newSeed();
  const random = randomFrom(seed);
  const newest = new Map<string, number>();
  let [rounds, lost, duplicated] = [0, 0, 0];
  for (; rounds < options.rounds && performance.now() < end; rounds += 1) {
    const firstVersion = (rounds + 1) * VERSIONS_A_ROUND;
    const acknowledged = await killOne({ path, firstVersion, lifeMs: random(LONGEST_LIFE_MS) });
    for (const { domain, version } of acknowledged) newest.set(domain, version);
    const found = await inspect(path, newest);
    for (const fault of found.faults) options.say(`round ${rounds + 1}: ${fault}`);
    lost += found.lost;
    duplicated += found.duplicated;
    options.say(`round ${rounds + 1}: ${acknowledged.length} acknowledged, ${found.lost} lost`);
  }
  return { rounds, lost, duplicated };
}

/** Runs a process that stores policies and kills it. Returns what it acknowledged. */
async function killOne(options: {
  readonly path: string;
  readonly firstVersion: number;
  readonly lifeMs: number;
}): Promise<readonly Acknowledged[]> {
  const { path, firstVersion, lifeMs } = options;
  const child = fork(join(import.meta.dirname, 'crash-child.ts'), [path, String(firstVersion)]);
  const acknowledged: Acknowledged[] = [];
  child.on('message', (message) => acknowledged.push(message as Acknowledged));
  const closed = once(child, 'close');
  await Promise.race([once(child, 'message'), closed]);
  await sleep(lifeMs);
  kill(child);
  await closed;
  return acknowledged;
}

function kill(child: ChildProcess): void {
  if (child.exitCode !== null) throw new Error('the process ended before it was killed');
  child.kill('SIGKILL');
}

/** What was found wrong. */
export interface Found {
  readonly lost: number;
  readonly duplicated: number;
  readonly faults: readonly string[];
}

/** Opens the file as a restarted program would, with the network down. */
export async function inspect(path: string, newest: ReadonlyMap<string, number>): Promise<Found> {
  const store = await openStore(`sqlite:${path}`);
  const policies = policiesOver(store, () => 'down');
  try {
    const faults: string[] = [];
    for (const [domain, version] of newest) {
      const fault = await faultOf(policies, domain, version);
      if (fault !== undefined) faults.push(`${domain}: ${fault}`);
    }
    return { lost: faults.length, duplicated: await surplusRows(store), faults };
  } finally {
    await policies.close();
    await store.close();
  }
}

/** The version that is there may be newer than the acknowledged one: it was in flight. */
async function faultOf(
  policies: StsPolicies,
  domain: string,
  acknowledged: number,
): Promise<string | undefined> {
  const status = await policies.lookup(domain);
  if (status.kind === 'none') return `version ${acknowledged} is gone (${status.failure.detail})`;
  const { id, policy } = status.active;
  if (Number(id) < acknowledged) return `version ${acknowledged} is back to ${id}`;
  const whole = policy.text === policyOf(domain, Number(id)).text;
  return whole ? undefined : `version ${id} has the text of another`;
}

async function surplusRows(store: Store): Promise<number> {
  const rows = await store.db.selectFrom('sts_policy').select('policy_domain').execute();
  return rows.length - new Set(rows.map((row) => row.policy_domain)).size;
}
