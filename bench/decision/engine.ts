/**
 * Whole decisions: cold ones with everything looked up and fetched, and warm ones.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log/log.ts';
import { createEngine } from '../../src/tls-policy/engine.ts';
import type { Engine } from '../../src/tls-policy/engine-types.ts';
import type { NextHop } from '../../src/tls-policy/next-hop.ts';
import type { Bench, Measurement } from '../figure.ts';
import { parallelRate, rateOf } from '../rate.ts';
import { labConfig } from './bench-config.ts';
import { type LabReady, domainName, startLabProcess } from './lab-process.ts';

const DOMAINS = 1000;
const QUICK_DOMAINS = 20;
/** Decisions under way at once: as many deliveries as a busy relay makes. */
const WIDTH = 64;
const COLD_GOAL = 500;
const WARM_GOAL = 300_000;
/** The first decisions compile code and open sockets. */
const WARM_UP = 250;

/** Cold and warm decisions against a lab in another process. */
export const engineBench: Bench = {
  name: 'decision/engine',
  what: 'whole decisions, cold over loopback and warm in process',
  run: async ({ quick }) => {
    const domains = quick ? QUICK_DOMAINS : DOMAINS;
    const warmUp = quick ? 0 : WARM_UP;
    const lab = await startLabProcess(domains + warmUp);
    const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-bench-'));
    const engine = openEngine(lab, folder);
    try {
      await coldRate(engine, { from: domains, count: warmUp });
      const cold = await coldRate(engine, { from: 0, count: domains });
      return [cold, warmRate(engine, domains, quick ? 20 : 1000)];
    } finally {
      await engine.close();
      await lab.close();
      rmSync(folder, { recursive: true });
    }
  },
};

function openEngine(lab: LabReady, folder: string): Engine {
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, lab.ca);
  const base = labConfig(lab);
  const config = { ...base, tls: { ...base.tls, caFile } };
  return createEngine({ config, clock: systemClock, log: silentLog });
}

async function coldRate(
  engine: Engine,
  domains: { readonly from: number; readonly count: number },
): Promise<Measurement> {
  const task = async (turn: number): Promise<void> => {
    const { policy } = await engine.decide(nextHop(domains.from + turn));
    if (policy.hosts[0]?.requirement.kind !== 'sts') {
      throw new Error(`no STS policy for ${domainName(domains.from + turn)}: ${policy.outcome}`);
    }
  };
  const ours =
    domains.count === 0 ? 0 : await parallelRate({ total: domains.count, width: WIDTH, task });
  return {
    figure: `cold decisions, ${domains.count} domains`,
    unit: '/s',
    ours,
    goal: { atLeast: COLD_GOAL },
  };
}

function nextHop(index: number): NextHop {
  return { kind: 'domain', domain: domainName(index), port: 25 };
}

function warmRate(engine: Engine, domains: number, ms: number): Measurement {
  const names = Array.from({ length: domains }, (_, index) => domainName(index));
  const task = (turn: number): number => {
    const policy = engine.warm(names[turn % domains] ?? '');
    if (policy === undefined) throw new Error('a decision is no longer at hand');
    return policy.hosts.length;
  };
  return {
    figure: 'warm decisions',
    unit: '/s',
    ours: rateOf(task, ms),
    goal: { atLeast: WARM_GOAL },
  };
}
