/**
 * Fills the tables of an archive with very many reports, in SQL, as the intake would leave them.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../src/store/open-store.ts';
import type { Archived } from './plan.ts';

const DAY_MS = 86_400_000;
/** One report of so many tells of failures. */
const FAILING = 50;

/** Makes the database and fills it; the last day is `lastDay`. @returns stored reports */
export async function seedArchive(
  path: string,
  { domains, days, senders, lastDay }: Archived & { readonly lastDay: number },
): Promise<number> {
  await (await openStore(`sqlite:${path}`)).close();
  const database = new DatabaseSync(path);
  try {
    database.exec('pragma synchronous = off');
    database.exec('begin');
    database.exec(
      numbers({ domains, days, senders, firstDay: lastDay - days + 1 }) + seedStatements(),
    );
    database.exec('commit');
    database.exec('drop table temp.seed');
    const row = database.prepare('select count(*) as stored from received_report').get();
    return Number(row?.['stored']);
  } finally {
    database.close();
  }
}

/** One row for each report. */
function numbers({
  domains,
  days,
  senders,
  firstDay,
}: Archived & { readonly firstDay: number }): string {
  return `
    create temp table seed as
    with recursive
      d(d) as (select 0 union all select d + 1 from d where d + 1 < ${days}),
      o(o) as (select 0 union all select o + 1 from o where o + 1 < ${domains}),
      s(s) as (select 0 union all select s + 1 from s where s + 1 < ${senders}),
      report as (select ${firstDay} + d as day, o, s, (d * ${domains} + o) * ${senders} + s as n
        from d cross join o cross join s)
    select printf('%012d', n) as id, day, n,
      printf('shop%04d.test', o) as domain,
      printf('sender%03d.test', s) as sender,
      cast(strftime('%Y%m', day * 86400, 'unixepoch') as integer) as month,
      10 + n % 990 as successes,
      case when n % ${FAILING} = 0 then 1 + n % 7 else 0 end as failures
    from report order by n;`;
}

function seedStatements(): string {
  return `
    insert into received_report (id, sender, identity, digest, report_id, organization, contact,
      starts_at, ends_at, day, received_at, way, auth_kind, auth_domain, auth_selector, auth_notes,
      verified, deviations, hints, state, other_id, domains, successes, failures, size, has_details)
    select id, sender, 'identity-of-a-report-' || id, 'digest-of-a-report-' || id,
      day || '_' || domain || '_1@' || sender, sender, 'tls-reports@' || sender,
      day * ${DAY_MS}, (day + 1) * ${DAY_MS}, day, (day + 1) * ${DAY_MS} + 21600000 + n % 3600000,
      'smtp', 'verified', sender, 'tlsrpt', '[]', 1, '[]', '{}', 'counted', null,
      ' ' || domain || ' ', successes, failures, 300, 1
    from seed order by n;
    insert into received_raw (report_id, data) select id, randomblob(300) from seed order by n;
    insert into received_policy (report_id, number, type, raw_type, domain, domain_from, ours, day,
      successes, failures, strings, mx_hosts, details)
    select id, 0, 'sts', 'sts', domain, 'report', 1, day, successes, failures,
      '["version: STSv1","mode: enforce","mx: mx1.' || domain || '","max_age: 604800"]',
      '["mx1.' || domain || '"]', '[]'
    from seed order by n;
    insert into report_daily (domain, month, day, reports, successes, failures)
    select domain, month, day, count(*), sum(successes), sum(failures)
    from seed group by domain, month, day;
    insert into report_daily_sender (domain, day, sender, reports, verified_reports, successes,
      failures, verified_successes, verified_failures, tlsa_successes, tlsa_failures,
      sts_successes, sts_failures, none_successes, none_failures, other_successes, other_failures)
    select domain, day, sender, 1, 1, successes, failures, successes, failures, 0, 0, successes,
      failures, 0, 0, 0, 0
    from seed order by domain, sender, day;
    insert into report_daily_failure (domain, day, sender, result_type, raw_type, mx, reason,
      sessions, verified_sessions, first_seen_at)
    select domain, day, sender,
      case n % 3 when 0 then 'certificate-expired' when 1 then 'starttls-not-supported'
        else 'validation-failure' end,
      '', 'mx1.' || domain, 'reason ' || n % 5, failures, failures, (day + 1) * ${DAY_MS}
    from seed where failures > 0;`;
}
