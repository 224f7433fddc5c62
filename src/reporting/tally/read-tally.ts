/**
 * Reading the counts of a day, for the reports that are made of them.
 *
 * @module
 */
import { type RawBuilder, sql } from 'kysely';
import { persistently } from '../../store/group-commit.ts';
import type { Store } from '../../store/types.ts';
import { POLICY_TYPES, type FailureDetail, type PolicyResult } from '../../tlsrpt/report.ts';
import type { ReportSubject, SubjectTally, UtcDay } from '../types.ts';

/** The days of which something was counted, oldest first. */
export async function tallyDays(store: Store): Promise<readonly UtcDay[]> {
  const rows = await store.db
    .selectFrom('tally_count')
    .select('day')
    .distinct()
    .orderBy('day')
    .execute();
  return rows.map(({ day }) => day);
}

/**
 * Whom reports about the day may be for, whether or not they want one: each recipient domain, and
 * each TLSA base domain, whose owner is told about all sessions with that host (RFC 8460 §1.1).
 * In the order of their names.
 */
export async function tallySubjects(store: Store, day: UtcDay): Promise<readonly ReportSubject[]> {
  const recipients = await store.db
    .selectFrom('tally_count')
    .select('recipient_domain as domain')
    .distinct()
    .where('day', '=', day)
    .orderBy('domain')
    .execute();
  const hosts = await store.db
    .selectFrom('tally_count')
    .select('tlsa_base_domain as domain')
    .distinct()
    .where('day', '=', day)
    // In these words, so that the index is of use, which has no other rows.
    .where(sql<boolean>`tlsa_base_domain <> ''`)
    .orderBy('domain')
    .execute();
  return [
    ...recipients.map(({ domain }) => ({ day, scope: 'recipient', domain }) as const),
    ...hosts.map(({ domain }) => ({ day, scope: 'mx-host', domain }) as const),
  ];
}

/**
 * What was counted for the subject; without policies where nothing was. Policies in the order of
 * type, domain and text, details by falling count and then by their text: the same counts always
 * give the same report.
 */
export async function readTally(store: Store, subject: ReportSubject): Promise<SubjectTally> {
  // Details first: what comes in between is in the totals alone, never the other way round.
  const details = await readDetails(store, subject);
  const counts = await readCounts(store, subject);
  const byPolicy = Map.groupBy(details, ({ policy }) => policy);
  const policies = counts
    .toSorted(byText)
    .map((row) => policyResult(row, byPolicy.get(row.digest) ?? []));
  return { ...subject, policies };
}

/**
 * Sessions of the day by domain, as recipient domain and as MX host together: as many as a report
 * for the domain can have, or more where the domain is both.
 */
export async function tallyTotals(
  { db }: Store,
  day: UtcDay,
): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>();
  for (const scope of ['recipient_domain', 'tlsa_base_domain'] as const) {
    const rows = await db
      .selectFrom('tally_count')
      .select([
        `${scope} as domain`,
        sql<number>`cast(sum(successes + failures) as bigint)`.as('sessions'),
      ])
      .where('day', '=', day)
      .$if(scope === 'tlsa_base_domain', (query) =>
        query.where(sql<boolean>`tlsa_base_domain <> ''`),
      )
      .groupBy(scope)
      .execute();
    for (const { domain, sessions } of rows) {
      totals.set(domain, (totals.get(domain) ?? 0) + sessions);
    }
  }
  return totals;
}

/**
 * Forgets all days before that one (RFC 8460 §5.5: late reports are of no use).
 *
 * @returns counts that were forgotten
 */
export async function dropTally(store: Store, beforeDay: UtcDay): Promise<number> {
  return await persistently(
    async () =>
      await store.db.transaction().execute(async (transaction) => {
        const counts = await transaction
          .deleteFrom('tally_count')
          .where('day', '<', beforeDay)
          .executeTakeFirst();
        await transaction.deleteFrom('tally_failure').where('day', '<', beforeDay).execute();
        // Whoever counts in a later day has written that day here, before its counts.
        for (const table of ['tally_policy', 'tally_detail', 'tally_writer'] as const) {
          await transaction.deleteFrom(table).where('last_day', '<', beforeDay).execute();
        }
        return Number(counts.numDeletedRows);
      }),
  );
}

interface CountedPolicy {
  readonly digest: string;
  readonly type: (typeof POLICY_TYPES)[number];
  readonly domain: string;
  readonly strings: string;
  readonly mx_hosts: string;
  readonly successes: number;
  readonly failures: number;
}

interface CountedDetail {
  readonly policy: string;
  readonly detail: string;
  readonly sessions: number;
}

/** PostgreSQL's sum of whole numbers is a text otherwise. */
function sumOf(column: 'successes' | 'failures' | 'sessions') {
  return sql<number>`cast(sum(${sql.ref(column)}) as bigint)`;
}

/** The rows of `tally_count`, called `count`, that are about the subject. */
function countedFor({ day, scope, domain }: ReportSubject): RawBuilder<boolean> {
  switch (scope) {
    case 'recipient':
      return sql<boolean>`count.day = ${day} and count.recipient_domain = ${domain}`;
    case 'mx-host':
      // The index holds no rows without a base domain, and wants to hear so.
      return sql<boolean>`count.day = ${day} and count.tlsa_base_domain = ${domain}
        and count.tlsa_base_domain <> ''`;
    default:
      return scope satisfies never;
  }
}

async function readCounts(
  { db }: Store,
  subject: ReportSubject,
): Promise<readonly CountedPolicy[]> {
  return await db
    .selectFrom('tally_count as count')
    .innerJoin('tally_policy as policy', 'policy.digest', 'count.policy')
    .where(countedFor(subject))
    .select([
      'policy.digest',
      'policy.type',
      'policy.domain',
      'policy.strings',
      'policy.mx_hosts',
      sumOf('successes').as('successes'),
      sumOf('failures').as('failures'),
    ])
    .groupBy(['policy.digest', 'policy.type', 'policy.domain', 'policy.strings', 'policy.mx_hosts'])
    .execute();
}

async function readDetails(
  { db }: Store,
  subject: ReportSubject,
): Promise<readonly CountedDetail[]> {
  return await db
    .selectFrom('tally_count as count')
    .innerJoin('tally_failure as failure', (join) =>
      join
        .onRef('failure.day', '=', 'count.day')
        .onRef('failure.recipient_domain', '=', 'count.recipient_domain')
        .onRef('failure.policy', '=', 'count.policy'),
    )
    .innerJoin('tally_detail as kind', 'kind.digest', 'failure.detail')
    .where(countedFor(subject))
    .select(['failure.policy', 'kind.detail', sumOf('sessions').as('sessions')])
    .groupBy(['failure.policy', 'kind.detail'])
    .execute();
}

function byText(a: CountedPolicy, b: CountedPolicy): number {
  const types = POLICY_TYPES.indexOf(a.type) - POLICY_TYPES.indexOf(b.type);
  if (types !== 0) return types;
  return (
    compare(a.domain, b.domain) || compare(a.strings, b.strings) || compare(a.mx_hosts, b.mx_hosts)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function policyResult(row: CountedPolicy, details: readonly CountedDetail[]): PolicyResult {
  return {
    policy: {
      type: row.type,
      domain: row.domain,
      strings: JSON.parse(row.strings) as readonly string[],
      mxHosts: JSON.parse(row.mx_hosts) as readonly string[],
    },
    successes: row.successes,
    failures: row.failures,
    details: details
      .toSorted((a, b) => b.sessions - a.sessions || compare(a.detail, b.detail))
      .map(({ detail, sessions }) => ({
        ...(JSON.parse(detail) as Omit<FailureDetail, 'count'>),
        count: sessions,
      })),
  };
}
