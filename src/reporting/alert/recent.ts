/**
 * Reads the daily sums of the last days, of all domains, for the alerts.
 *
 * @module
 */
import { sql } from 'kysely';
import type { Store } from '../../store/types.ts';
import type { ReportedType } from '../summary/meanings.ts';
import type { UtcDay } from '../types.ts';

/** Which reports raise alerts. */
export type Trust = 'verified' | 'all';

/** Sessions of a domain and a sender on a day. */
export interface SenderDay {
  readonly domain: string;
  readonly day: UtcDay;
  readonly sender: string;
  readonly successes: number;
  readonly failures: number;
}

/** Failed sessions of a kind. */
export interface FailureDay {
  readonly domain: string;
  readonly day: UtcDay;
  readonly sender: string;
  readonly type: ReportedType;
  readonly rawType: string;
  readonly mx: string;
  readonly reason: string;
  readonly sessions: number;
}

/** A policy that a sender says it was held to. */
export interface PolicySeen {
  readonly domain: string;
  readonly type: string;
  readonly strings: readonly string[];
  readonly sender: string;
  readonly lastDay: UtcDay;
}

/** Every domain with sums, found by one look into the index for each. */
const DOMAINS = sql`
  domains(domain) as (
    select min(domain) from report_daily
    union all
    select (select min(domain) from report_daily where domain > domains.domain)
    from domains where domains.domain is not null
  )`;

/** Days on which senders have reported, and what; only those with a report that counts here. */
export async function recentSenders(
  store: Store,
  since: UtcDay,
  trust: Trust,
): Promise<readonly SenderDay[]> {
  const of = (column: string) => sql.ref(trust === 'all' ? column : `verified_${column}`);
  // Years of rows lie between those asked for: domain by domain and sender by sender they are jumped over.
  const { rows } = await sql<SenderDay>`
    with recursive ${DOMAINS},
    pairs(domain, sender) as (
      select domain, (select min(sender) from report_daily_sender s where s.domain = domains.domain)
      from domains where domain is not null
      union all
      select domain, (
        select min(sender) from report_daily_sender s
        where s.domain = pairs.domain and s.sender > pairs.sender
      )
      from pairs where sender is not null
    )
    select s.domain, s.day, s.sender, s.${of('successes')} as successes, s.${of('failures')} as failures
    from pairs join report_daily_sender s on s.domain = pairs.domain and s.sender = pairs.sender
    where s.day >= ${since} and s.${of('reports')} > 0`.execute(store.db);
  return rows;
}

/** Failures of the last days. */
export async function recentFailures(
  store: Store,
  since: UtcDay,
  trust: Trust,
): Promise<readonly FailureDay[]> {
  const sessions = sql.ref(trust === 'all' ? 'sessions' : 'verified_sessions');
  const { rows } = await sql<FailureDay>`
    with recursive ${DOMAINS}
    select f.domain, f.day, f.sender, f.result_type as type, f.raw_type as "rawType", f.mx, f.reason,
      f.${sessions} as sessions
    from domains join report_daily_failure f on f.domain = domains.domain
    where f.day >= ${since} and f.${sessions} > 0`.execute(store.db);
  return rows;
}

/** Policies that were named in the last days. */
export async function recentPolicies(
  store: Store,
  since: UtcDay,
  trust: Trust,
): Promise<readonly PolicySeen[]> {
  const { rows } = await sql<Omit<PolicySeen, 'strings'> & { readonly strings: string }>`
    with recursive ${DOMAINS}
    select p.domain, p.type, p.strings, r.sender, max(p.day) as "lastDay"
    from domains
    join received_policy p on p.domain = domains.domain and p.day >= ${since}
    join received_report r on r.id = p.report_id
    where p.ours = 1 and r.state = 'counted' and p.type in ('sts', 'tlsa')
      ${trust === 'all' ? sql`` : sql`and r.verified = 1`}
    group by p.domain, p.type, p.strings, r.sender`.execute(store.db);
  return rows.map((row) => ({ ...row, strings: JSON.parse(row.strings) as readonly string[] }));
}
