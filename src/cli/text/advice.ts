/**
 * What a person can do about what was found: one line for each cause, most urgent first.
 *
 * @module
 */
import type { Explanation } from '../../check/explain.ts';
import { type ErrorCode, ERRORS } from '../../errors.ts';
import type { Failure } from '../../failure.ts';

/** Causes that are no faults: nothing to advise. */
const NO_FAULT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['STS_RECORD_NONE']);

/** The advice, each line once. */
export function adviceFor({ status, record, probes }: Explanation): readonly string[] {
  const failures = [
    record.policy.failure,
    ...record.policy.hosts.map((host) =>
      host.requirement.kind === 'refused' ? host.requirement.failure : undefined,
    ),
    record.evidence.sts?.kind === 'policy' ? record.evidence.sts.active.refreshFailure : undefined,
    record.evidence.sts?.kind === 'none' ? record.evidence.sts.failure : undefined,
    ...(probes ?? []).flatMap((probe) =>
      probe.connections.flatMap(({ event }) => [event.failure, event.verdict?.wouldFail]),
    ),
  ];
  const advice = new Set(failures.flatMap(adviceLine));
  if (status === 'unprotected' && advice.size === 0) advice.add(PUBLISH);
  return [...advice].map((line) => `  - ${line}`);
}

const PUBLISH =
  'The domain protects its mail by publishing an MTA-STS policy in mode enforce, or TLSA records in signed zones.';

function adviceLine(failure: Failure | undefined): readonly string[] {
  if (failure === undefined || NO_FAULT.has(failure.code)) return [];
  return [`${ERRORS[failure.code].action} (${failure.code})`];
}
