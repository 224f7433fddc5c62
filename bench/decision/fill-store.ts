/**
 * A SQLite file full of policies.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../src/store/open-store.ts';
import type { StsPolicyTable } from '../../src/store/types.ts';
import { domainName } from './lab-process.ts';

const DAY_MS = 86_400_000;
const MAX_AGE_S = 604_800;

type Row = { readonly [Column in keyof StsPolicyTable]: StsPolicyTable[Column] };

/** Creates the file with `count` fresh policies under `enforce`. */
export async function fillStore(path: string, count: number): Promise<void> {
  const store = await openStore(`sqlite:${path}`);
  await store.close();
  const database = new DatabaseSync(path);
  database.exec('pragma synchronous = off');
  const now = Date.now();
  const insert = database.prepare(insertStatement(policyRow(0, now)));
  database.exec('begin');
  for (let index = 0; index < count; index += 1) {
    insert.run(...Object.values(policyRow(index, now)));
  }
  database.exec('commit');
  database.close();
}

/** The type has every column: a new one that is missing here does not compile. */
function policyRow(index: number, now: number): Row {
  const domain = domainName(index);
  return {
    policy_domain: domain,
    record_id: '20260101T000000Z',
    policy_text: policyText(domain),
    mode: 'enforce',
    fetched_at: now,
    expires_at: now + MAX_AGE_S * 1000,
    last_used_at: now,
    next_refresh_at: now + DAY_MS,
    failures_in_a_row: 0,
    failure_code: null,
    failure_detail: null,
    failure_type: null,
    changed_at: now,
  };
}

function insertStatement(row: Row): string {
  const columns = Object.keys(row);
  const places = columns.map(() => '?').join(', ');
  return `insert into sts_policy (${columns.join(', ')}) values (${places})`;
}

function policyText(domain: string): string {
  const lines = [
    'version: STSv1',
    'mode: enforce',
    `mx: mx1.${domain}`,
    `mx: mx2.${domain}`,
    `mx: *.mail.${domain}`,
    `max_age: ${MAX_AGE_S}`,
    '',
  ];
  return lines.join('\r\n');
}
