/**
 * A served map under load for minutes: ever new domains, all dialects, clients that behave badly,
 * and DNS, policy hosts and the database failing at random. Every question has its one answer in
 * its place and in time, no enforced domain is ever answered with less, and nothing grows.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config/types.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import { startWorld, type World } from '../../src/lab/world.ts';
import { askSocketmap } from '../../src/policy-server/socketmap-client.ts';
import type { Proof, ProofOptions } from '../proof.ts';
import { newSeed, randomFrom, type Random } from '../random.ts';
import { driftOf, leakOf, type Look } from './drift.ts';
import { createQuestioner, ENFORCED, enforcedDomain, type Questioner } from './questions.ts';
import { visit } from './soak-client.ts';
import { buildSoakWorld, weather } from './soak-weather.ts';
import { type SoakedService, startSoaked } from './soaked-service.ts';

const CLIENTS = 96;
const BUDGET_MS = 2_000;
/** A batch may hold answers that wait for one another's place, on a busy machine. */
const PATIENCE_MS = BUDGET_MS + 8_000;
const LOOK_EVERY_MS = 2_000;
/** What is under way when the load ends has ended after this. */
const REST_MS = BUDGET_MS + 1_500;
const FAULTS_SHOWN = 20;

/** One round is one question. */
export const soakProof: Proof = {
  name: 'soak',
  what: 'the map under load and faults: one answer to each question, none relaxed, memory flat',
  defaultRounds: Number.MAX_SAFE_INTEGER,
  run: soak,
};

interface Tally {
  rounds: number;
  lost: number;
  duplicated: number;
}

async function soak(options: ProofOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-soak-'));
  const database = join(folder, 'store.db');
  const world = await startWorld();
  buildSoakWorld(world);
  const service = await startSoaked(soakConfig(world, database));
  try {
    await learnPolicies(service);
    return await load({ world, service, database }, options);
  } finally {
    await service.end();
    await world.close();
    rmSync(folder, { recursive: true });
  }
}

/** Caches small enough to be full soon: what grows after that has no bound. */
function soakConfig(world: World, database: string): Config {
  const config = labConfig(world, {
    store: { url: `sqlite:${database}` },
    http: { listen: '127.0.0.1:0' },
    control: { socket: '' },
    mtaSts: { maxEntries: 5_000, firstContactMs: 1_000 },
    policyServer: { answerCacheEntries: 5_000 },
  });
  return {
    ...config,
    dns: { ...config.dns, timeoutMs: 400, attempts: 2, cacheEntries: 5_000 },
    policyFetch: { ...config.policyFetch, timeoutMs: 3_000 },
    socketmap: { ...config.socketmap, listen: ['127.0.0.1:0'], budgetMs: BUDGET_MS },
  };
}

/** Before anything goes wrong, every policy is known. */
async function learnPolicies({ port }: SoakedService): Promise<void> {
  for (let index = 0; index < ENFORCED; index += 1) {
    const key = enforcedDomain(index);
    for (let turn = 0; ; turn += 1) {
      const reply = await askSocketmap({
        address: { kind: 'tcp', host: '127.0.0.1', port },
        mapName: 'postfix',
        key,
        timeoutMs: PATIENCE_MS,
        clock: systemClock,
      });
      if (reply.ok && reply.value.startsWith('OK secure ')) break;
      if (turn > 20) throw new Error(`no policy for ${key}: ${JSON.stringify(reply)}`);
      await sleep(100);
    }
  }
}

interface Stage {
  readonly world: World;
  readonly service: SoakedService;
  readonly database: string;
}

async function load({ world, service, database }: Stage, options: ProofOptions): Promise<Tally> {
  const tally: Tally = { rounds: 0, lost: 0, duplicated: 0 };
  const seed = newSeed();
  const random = randomFrom(seed);
  const questioner = createQuestioner(random);
  const report = reporter(options, seed);
  const before = await service.measure();
  const looks: Look[] = [];
  const ending = new AbortController();
  const { signal } = ending;
  const started = performance.now();
  const end = started + options.minutes * 60_000;
  const goOn = (): boolean =>
    performance.now() < end && tally.rounds < options.rounds && service.running;
  const storm = weather({ world, database, random, signal });
  const watch = watchMemory(service, { questioner, looks, tally, signal });
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (goOn()) await visitOnce({ service, questioner, random, tally, report });
  });
  await Promise.all(clients);
  ending.abort();
  await Promise.all([storm, watch]);
  await sleep(REST_MS);
  const after = await service.measure();
  const faults = [...driftOf(looks), leakOf(before, after)].filter((fault) => fault !== undefined);
  for (const fault of faults) report(fault);
  tally.lost += faults.length;
  const seconds = (performance.now() - started) / 1_000;
  options.say(
    `${summary(tally, questioner, after)}, ${Math.round(tally.rounds / seconds)} a second`,
  );
  return tally;
}

/** The first faults in words, with what they can be had again by. */
function reporter(options: ProofOptions, seed: number): (fault: string) => void {
  let shown = 0;
  return (fault) => {
    shown += 1;
    if (shown <= FAULTS_SHOWN) options.say(`${fault} (seed ${seed})`);
  };
}

async function visitOnce(parts: {
  readonly service: SoakedService;
  readonly questioner: Questioner;
  readonly random: Random;
  readonly tally: Tally;
  readonly report: (fault: string) => void;
}): Promise<void> {
  const { service, questioner, random, tally, report } = parts;
  const { asked, unanswered, surplus, wrong } = await visit({
    port: service.port,
    random,
    next: () => questioner.next(),
    patienceMs: PATIENCE_MS,
  });
  tally.rounds += asked;
  tally.lost += unanswered + wrong.length;
  tally.duplicated += surplus;
  if (unanswered > 0) report(`${unanswered} of ${asked} questions without an answer`);
  for (const fault of wrong) report(fault);
}

async function watchMemory(
  service: SoakedService,
  parts: {
    readonly questioner: Questioner;
    readonly looks: Look[];
    readonly tally: Tally;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { questioner, looks, tally, signal } = parts;
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    const holding = await service.measure();
    looks.push({ ...holding, domains: questioner.newest });
    if (process.stderr.isTTY) process.stderr.write(`${summary(tally, questioner, holding)}\n`);
  }
}

function summary(
  { rounds, lost }: Tally,
  { newest }: Questioner,
  { heap, rss, files }: Pick<Look, 'heap' | 'rss' | 'files'>,
): string {
  const mib = (octets: number): string => `${Math.round(octets / 1024 / 1024)} MiB`;
  return `${rounds} questions, ${newest} domains, ${lost} lost; heap ${mib(heap)}, RSS ${mib(rss)}, ${files} files`;
}
