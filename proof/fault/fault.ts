/**
 * DNS, HTTPS, the database and the clock fail at random, at once and one after the other. After
 * each round, for each domain: no valid policy was lost, replaced or extended without a fetch, and no
 * host that has to show something may be reached without it.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config/types.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import { startWorld, type World } from '../../src/lab/world.ts';
import { silentLog } from '../../src/log/log.ts';
import type { StsStatus } from '../../src/mta-sts/types.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createEngine } from '../../src/tls-policy/engine.ts';
import type { Engine } from '../../src/tls-policy/engine-types.ts';
import { parseNextHop } from '../../src/tls-policy/next-hop.ts';
import type { Proof, ProofOptions } from '../proof.ts';
import { newSeed, randomFrom, type Random } from '../random.ts';
import { type CuttableStore, cuttableStore, type StoreCut } from './cuttable-store.ts';
import {
  cutNetwork,
  type FaultDomain,
  faultDomains,
  hasPolicy,
  publish,
  requestsFor,
} from './fault-domains.ts';
import { createJumpingClock, type JumpingClock } from './jumping-clock.ts';
import { activeOf, faultOf, relaxationOf } from './judge-round.ts';

const DOMAINS = 16;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Milliseconds of the machine for what a minute of the engine's clock sets going. */
const SETTLE_MS = 25;
/** The engine is closed and started anew in one round of so many. */
const RESTART_EVERY = 10;

/** One round is one set of cuts. */
export const faultProof: Proof = {
  name: 'fault',
  what: 'DNS, HTTPS, database and clock fail at random: no policy lost, extended or relaxed',
  defaultRounds: 300,
  run: fault,
};

interface Tally {
  readonly rounds: number;
  readonly lost: number;
  readonly duplicated: number;
}

async function fault(options: ProofOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-fault-'));
  const world = await startWorld();
  const clock = createJumpingClock();
  const seed = newSeed();
  try {
    const domains = await faultDomains(world, DOMAINS);
    const stage = await openStage({ world, clock, domains, path: join(folder, 'store.db') });
    try {
      return await rounds(stage, randomFrom(seed), {
        ...options,
        say: (line) => options.say(`${line} (seed ${seed})`),
      });
    } finally {
      await stage.close();
    }
  } finally {
    clock.stop();
    await world.close();
    rmSync(folder, { recursive: true });
  }
}

/** What the rounds play on. */
interface Stage {
  readonly world: World;
  readonly clock: JumpingClock;
  readonly domains: readonly FaultDomain[];
  readonly config: Config;
  readonly database: CuttableStore;
  engine: Engine;
  restart(): Promise<void>;
  close(): Promise<void>;
}

async function openStage(parts: {
  readonly world: World;
  readonly clock: JumpingClock;
  readonly domains: readonly FaultDomain[];
  readonly path: string;
}): Promise<Stage> {
  const { world, clock, domains, path } = parts;
  const config = labConfig(world, {});
  const quick: Config = {
    ...config,
    dns: { ...config.dns, timeoutMs: 100, attempts: 1 },
    policyFetch: { ...config.policyFetch, timeoutMs: 300 },
    mtaSts: { ...config.mtaSts, firstContactMs: 500 },
  };
  const database = cuttableStore(await openStore(`sqlite:${path}`, { clock }));
  const { store } = database;
  const start = (): Engine => {
    const engine = createEngine({ config: quick, clock, log: silentLog, store });
    engine.policies.start();
    return engine;
  };
  const stage: Stage = {
    world,
    clock,
    domains,
    config: quick,
    database,
    engine: start(),
    async restart() {
      await stage.engine.close();
      stage.engine = start();
      await until(() => stage.engine.policies.stats().loaded);
    },
    async close() {
      database.cut('none');
      await stage.engine.close();
      await store.close();
    },
  };
  return stage;
}

async function rounds(stage: Stage, random: Random, options: ProofOptions): Promise<Tally> {
  const end = performance.now() + options.minutes * MINUTE_MS;
  let [round, lost] = [0, 0];
  for (const domain of stage.domains.filter(hasPolicy)) publish(domain, random);
  for (; round < options.rounds && performance.now() < end; round += 1) {
    const restart = round % RESTART_EVERY === RESTART_EVERY - 1;
    const { done, faults } = await play(stage, random, restart);
    for (const found of faults) options.say(`round ${round + 1}: ${found}`);
    options.say(`round ${round + 1}: ${done}: ${faults.length} wrong`);
    lost += faults.length;
  }
  return { rounds: round, lost, duplicated: 0 };
}

/** One round: cuts, a jump, time, questions, and a look at what is left. */
async function play(
  stage: Stage,
  random: Random,
  restart: boolean,
): Promise<{ readonly done: string; readonly faults: readonly string[] }> {
  const { world, clock, domains, database } = stage;
  const before = new Map(domains.map(({ name }) => [name, stage.engine.policies.peek(name)]));
  for (const domain of domains) {
    domain.seen = requestsFor(world, domain);
    if (hasPolicy(domain) && random(4) === 0) publish(domain, random);
    cutNetwork(world, domain, random);
  }
  const storeCut = (['none', 'none', 'down', 'frozen'] as const)[random(4)]!;
  const jumpMs = jumpOf(random);
  let earliest = Math.min(clock.now(), clock.now() + jumpMs);
  database.cut(restart ? 'none' : storeCut);
  clock.jump(jumpMs);
  if (restart) await stage.restart();
  const faults = await ask(stage, random);
  await passTime(stage, random, storeCut === 'none' ? 'half-days' : 'minutes');
  faults.push(...(await ask(stage, random)));
  earliest = Math.min(earliest, clock.now());
  await settle(stage);
  faults.push(...look(stage, before, earliest));
  database.cut('none');
  // What waited is written, what was missed is read.
  clock.pass(MINUTE_MS);
  await sleep(2 * SETTLE_MS);
  await settle(stage);
  faults.push(...look(stage, before, earliest));
  const what = restart ? 'restart' : `store ${storeCut satisfies StoreCut}`;
  return { done: `${what}, clock ${(jumpMs / HOUR_MS).toFixed(1)} h`, faults };
}

/** Mostly none; minutes to days, forward or back. */
function jumpOf(random: Random): number {
  if (random(3) > 0) return 0;
  const size = [MINUTE_MS, HOUR_MS, DAY_MS][random(3)]! * (1 + random(4));
  return random(2) === 0 ? size : -size;
}

/**
 * Minutes pass in which the background work runs, and now and then half a day at once; not while the
 * database is away, for what it says of fetches dated by a clock that went back meanwhile is a guess.
 */
async function passTime(
  { clock }: Stage,
  random: Random,
  halfDays: 'half-days' | 'minutes',
): Promise<void> {
  if (random(3) === 0 && halfDays === 'half-days') clock.pass(random(12) * HOUR_MS);
  for (let minute = 0; minute < 4; minute += 1) {
    await sleep(SETTLE_MS);
    clock.pass(MINUTE_MS);
  }
}

/** Asks about every domain in the ways there are; what was relaxed. */
async function ask(stage: Stage, random: Random): Promise<string[]> {
  const found = await Promise.all(
    stage.domains.map(async (domain) => await askOne(stage, domain, random(4))),
  );
  return found.filter((fault) => fault !== undefined);
}

async function askOne(
  { engine, world }: Stage,
  domain: FaultDomain,
  how: number,
): Promise<string | undefined> {
  const { name } = domain;
  const before = engine.policies.peek(name);
  if (how === 1) await engine.policies.refresh(name);
  if (how === 2) await engine.policies.recheck(name);
  const nextHop = parseNextHop(name, world.smtpPort);
  if (!nextHop.ok) throw new Error(nextHop.failure.detail);
  const record = await engine.decide(nextHop.value, how === 3 ? { fresh: true } : {});
  const after = engine.policies.peek(name);
  const bound = domain.dane || (isEnforced(before) && isEnforced(after));
  const relaxed = bound ? relaxationOf(record) : undefined;
  return relaxed === undefined ? undefined : `${name}: ${relaxed}`;
}

function isEnforced(status: StsStatus | undefined): boolean {
  return activeOf(status)?.policy.mode === 'enforce';
}

/** Fetches under way end: what they bring belongs to this round. */
async function settle({ engine }: Stage): Promise<void> {
  await until(() => engine.policies.stats().fetchesUnderWay === 0);
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn += 1) await sleep(10);
  if (!holds()) throw new Error('the engine does not come to rest');
}

/** Judges every domain. */
function look(
  { engine, world, clock, domains }: Stage,
  before: ReadonlyMap<string, StsStatus | undefined>,
  earliest: number,
): readonly string[] {
  const faults: string[] = [];
  for (const domain of domains) {
    const asked = requestsFor(world, domain) > domain.seen;
    const given = asked && domain.fault === 'none' ? domain.text : undefined;
    const after = engine.policies.peek(domain.name);
    const found = faultOf({
      before: before.get(domain.name),
      fetched: domain.fetched,
      after,
      now: clock.now(),
      earliest,
      given,
    });
    if (given !== undefined && activeOf(after) !== undefined) domain.fetched = after;
    if (found !== undefined) faults.push(`${domain.name}: ${found}`);
  }
  return faults;
}
