/**
 * What was decided and seen in an attempt, made ready for the tables. A decision that keeps a
 * thousand messages waiting is written as JSON once and stored once.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { jsonLine } from '../../json.ts';
import { decisionToJson } from '../../tls-policy/decision-record.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { StoredAttempt } from './settle.ts';
import type { AttemptEvidence } from './types.ts';

/** How long a decision counts as stored without being written again; unused ones go after an hour. */
const STORED_FOR_MS = 10 * 60_000;
/** Digests remembered. */
const MOST_DIGESTS = 10_000;

/** Makes evidence ready, and remembers which decisions are stored. */
export interface EvidenceWriter {
  prepare(evidence: AttemptEvidence): StoredAttempt;
  /** The attempt is on disk, and its decision with it. */
  stored(attempt: StoredAttempt): void;
}

/** An {@link EvidenceWriter} that has seen nothing. */
export function createEvidenceWriter(clock: Clock): EvidenceWriter {
  const digests = new WeakMap<DecisionRecord, string>();
  const storedAt = new Map<string, number>();

  const isStored = (digest: string): boolean => {
    const age = clock.now() - (storedAt.get(digest) ?? Number.NaN);
    return age >= 0 && age < STORED_FOR_MS;
  };
  const decisionOf = (
    record: DecisionRecord | undefined,
  ): Pick<StoredAttempt, 'digest' | 'decision'> => {
    if (record === undefined) return { digest: null };
    const known = digests.get(record);
    if (known !== undefined && isStored(known)) return { digest: known };
    const decision = decisionToJson(record);
    const digest = known ?? createHash('sha256').update(decision).digest('hex');
    digests.set(record, digest);
    return isStored(digest) ? { digest } : { digest, decision };
  };

  return {
    prepare: ({ startedAt, endedAt, decision, events }) => ({
      startedAt,
      endedAt,
      events: jsonLine(events),
      ...decisionOf(decision),
    }),
    stored({ digest, decision }) {
      if (digest === null || decision === undefined) return;
      if (storedAt.size >= MOST_DIGESTS) storedAt.clear();
      storedAt.set(digest, clock.now());
    },
  };
}
