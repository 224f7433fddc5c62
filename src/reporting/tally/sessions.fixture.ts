/**
 * Sessions of the relay and the decisions behind them, in a few words.
 *
 * @module
 */
import type { DaneState } from '../../dane/types.ts';
import type { Failure, ResultType } from '../../failure.ts';
import type { StsStatus } from '../../mta-sts/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { evaluate } from '../../tls-policy/evaluate.ts';
import {
  daneState,
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  NOW,
  stsPolicy,
} from '../../tls-policy/evidence.fixture.ts';
import type { DecisionRecord, Evidence, PolicyKnobs, Verdict } from '../../tls-policy/types.ts';

/** The host of all sessions. */
export const HOST = 'mx1.example.test';

/** What is decided from. */
export interface World {
  readonly dane?: DaneState | DaneState['kind'];
  readonly sts?: StsStatus;
  readonly host?: string;
  readonly knobs?: Partial<PolicyKnobs>;
  readonly evidence?: Partial<Evidence>;
}

/** A decision about `example.test` with one host; without DANE and STS unless the world has them. */
export function decisionFor({
  dane = 'absent',
  sts,
  host = HOST,
  knobs,
  evidence,
}: World): DecisionRecord {
  const state = typeof dane === 'string' ? daneState(dane, host) : dane;
  const found = mxEvidence([hostEvidence(host, { state, tlsaAnswers: [] })], {
    sts: sts ?? noSts(),
    ...evidence,
  });
  const switches = { ...KNOBS, ...knobs };
  return { version: 1, evidence: found, knobs: switches, policy: evaluate(found, switches) };
}

/** An STS policy in force for the host, with a text of several lines and faults in it. */
export function policyOf(
  mode: 'enforce' | 'testing' | 'none',
  refreshFailure?: Failure,
): StsStatus {
  const status = stsPolicy(mode);
  if (status.kind !== 'policy') return status;
  const text = `version: STSv1\r\nmode: ${mode}\nmx: ${HOST}\nmx: *.pool.test \nmax_age: 604800\nodd: x\n`;
  const policy = { ...status.active.policy, text };
  const failure = refreshFailure === undefined ? {} : { refreshFailure };
  return { kind: 'policy', active: { ...status.active, policy, ...failure } };
}

/** The session that the decision's host had. */
export function eventFor(
  decision: DecisionRecord,
  more: Partial<AttemptEvent> & { readonly verdict?: Verdict } = {},
): AttemptEvent {
  const [host] = decision.policy.hosts;
  const { requirement, level, preference, port } = host!;
  return {
    host: host!.host,
    address: '192.0.2.1',
    port,
    preference,
    requirement,
    level,
    outcome: 'ready',
    banner: `${HOST} ESMTP ready when you are`,
    localAddress: '::ffff:192.0.2.9',
    startedAt: NOW,
    endedAt: NOW + 1_000,
    ...more,
  };
}

/** A session that shows all that anybody asks. */
export const GOOD: Verdict = { deliver: true, tls: 'authenticated', why: 'good' };

/** A session that shows too little. */
export function refusedFor(failure: Failure, tls: Verdict['tls'] = 'encrypted'): Verdict {
  return { deliver: false, tls, why: failure.detail, failure };
}

/** A failure with a result type. */
export function failureOf(
  code: Failure['code'],
  resultType: ResultType,
  reasonCode?: string,
): Failure {
  const reason = reasonCode === undefined ? {} : { reasonCode };
  return { code, detail: code, resultType, ...reason };
}
