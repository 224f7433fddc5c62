/**
 * Every benchmark.
 *
 * @module
 */
import { engineBench } from './decision/engine.ts';
import { evaluateBench } from './decision/evaluate.ts';
import { lookupBench } from './decision/lookups.ts';
import { parseBench } from './decision/parse.ts';
import { policiesBench } from './decision/policies.ts';
import { answersBench } from './policy-server/answers.ts';
import { relayBench } from './relay/relay.ts';
import { reportsBench } from './reports/reports.ts';
import type { Bench } from './figure.ts';

/** In the order in which they are shown and run. */
export const BENCHES: readonly Bench[] = [
  parseBench,
  evaluateBench,
  lookupBench,
  engineBench,
  policiesBench,
  answersBench,
  relayBench,
  reportsBench,
];
