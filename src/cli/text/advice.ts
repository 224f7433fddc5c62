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

/** A failure and whom it is about; '' for the domain itself. */
type Cause = readonly [about: string, failure: Failure | undefined];

/** The advice, each line once. */
export function adviceFor({ status, record, probes }: Explanation): readonly string[] {
  const { policy, evidence } = record;
  const causes: readonly Cause[] = [
    ['', policy.failure],
    ...policy.hosts.map(({ host, requirement }): Cause => {
      return [host, requirement.kind === 'refused' ? requirement.failure : undefined];
    }),
    ['', evidence.sts?.kind === 'policy' ? evidence.sts.active.refreshFailure : undefined],
    ['', evidence.sts?.kind === 'none' ? evidence.sts.failure : undefined],
    ...(probes ?? []).flatMap(({ hostPolicy, connections }) =>
      connections.flatMap(({ event }): readonly Cause[] => [
        [hostPolicy.host, event.failure],
        [hostPolicy.host, event.verdict?.wouldFail],
        [hostPolicy.host, event.verdict?.alsoWouldFail],
      ]),
    ),
  ];
  const advice = new Set(causes.flatMap(adviceLine));
  if (status === 'unprotected' && advice.size === 0) advice.add(PUBLISH);
  return [...advice].map((line) => `  - ${line}`);
}

const PUBLISH =
  'The domain protects its mail by publishing an MTA-STS policy in mode enforce, or TLSA records in signed zones.';

function adviceLine([about, failure]: Cause): readonly string[] {
  if (failure === undefined || NO_FAULT.has(failure.code)) return [];
  const subject = about === '' ? '' : `${about}: `;
  return [`${subject}${ERRORS[failure.code].action} (${failure.code})`];
}
