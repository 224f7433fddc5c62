import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { T0 } from './life-cycle.fixture.ts';
import { readStsPolicy } from './policy.ts';
import { readRow, tombstoneOf, writeRow } from './policy-table.ts';
import {
  importPolicies,
  policyLine,
  readPolicyLine,
  type TransferredPolicy,
} from './policy-transfer.ts';

const DAY = 86_400_000;
const TEXT = 'version: STSv1\r\nmode: enforce\r\nmx: mx.d.test\r\nmax_age: 604800\r\n';

function line(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    policyDomain: 'd.test',
    id: 'a1',
    fetchedAt: new Date(T0 - DAY).toISOString(),
    expiresAt: new Date(T0 + 6 * DAY).toISOString(),
    policy: TEXT,
    ...changes,
  });
}

function read(changes: Readonly<Record<string, unknown>> = {}): TransferredPolicy {
  const outcome = readPolicyLine(line(changes), T0);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.failure.detail);
  return outcome.value;
}

function codeOf(text: string): string {
  const outcome = readPolicyLine(text, T0);
  return outcome.ok ? 'ok' : outcome.failure.code;
}

describe('a line of an export', () => {
  it('is read as it was written', () => {
    const { value: policy } = readStsPolicy(TEXT);
    assert.ok(policy !== undefined);
    const active = {
      policyDomain: 'd.test',
      policy,
      id: 'a1',
      source: 'cache',
      fetchedAt: T0 - DAY,
      expiresAt: T0 + 6 * DAY,
    } as const;
    const { source: _source, ...rest } = active;
    assert.deepEqual(readPolicyLine(policyLine(active), T0), { ok: true, value: rest });
  });

  it('STS-5.1-1: never lives longer than max_age after its fetch, whatever the line says', () => {
    assert.equal(read({ expiresAt: '2099-01-01T00:00:00.000Z' }).expiresAt, T0 + 6 * DAY);
    assert.equal(read({ expiresAt: new Date(T0 + 5).toISOString() }).expiresAt, T0 + 5);
  });

  it('what is over, from the future, or no policy is refused with a code', () => {
    assert.equal(codeOf(line({ expiresAt: new Date(T0).toISOString() })), 'TRANSFER_EXPIRED');
    const long = { fetchedAt: new Date(T0 - 8 * DAY).toISOString() };
    assert.equal(codeOf(line(long)), 'TRANSFER_EXPIRED');
    const ahead = { fetchedAt: new Date(T0 + DAY).toISOString() };
    assert.equal(codeOf(line({ ...ahead, expiresAt: '2099-01-01T00:00:00Z' })), 'TRANSFER_FUTURE');
    assert.equal(codeOf(line({ policy: 'version: STSv1\n' })), 'TRANSFER_POLICY_INVALID');
    const bad = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      line({ id: '' }),
      line({ id: 'a b' }),
      line({ id: 7 }),
    ];
    for (const text of bad) assert.equal(codeOf(text), 'TRANSFER_LINE_INVALID', text);
    assert.equal(codeOf(line({ policyDomain: 'a b' })), 'TRANSFER_LINE_INVALID');
    assert.equal(codeOf(line({ policyDomain: '' })), 'TRANSFER_LINE_INVALID');
    assert.equal(codeOf(line({ fetchedAt: 'yesterday' })), 'TRANSFER_LINE_INVALID');
  });

  it('fuzz: any JSON is an outcome', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.match(codeOf(text), /^TRANSFER_/);
      }),
    );
  });
});

describe('taking policies in', () => {
  let store: Store;
  beforeEach(async () => {
    store = await openStore('sqlite::memory:');
  });
  afterEach(async () => await store.close());

  const take = async (...policies: readonly TransferredPolicy[]) =>
    await importPolicies(store, policies, { now: T0, refreshMs: DAY, random: () => 0.5 });

  it('writes fetch and end as they were, and spreads the refreshes', async () => {
    assert.deepEqual(await take(read()), { imported: 1, kept: 0 });
    const row = await readRow(store, 'd.test');
    assert.deepEqual(
      [row?.fetched_at, row?.expires_at, row?.record_id, row?.mode, row?.next_refresh_at],
      [T0 - DAY, T0 + 6 * DAY, 'a1', 'enforce', T0 + DAY / 2],
    );
  });

  it('never replaces the same or a newer fetch, and replaces an older one', async () => {
    await take(read());
    assert.deepEqual(await take(read({ id: 'b2' })), { imported: 0, kept: 1 });
    const newer = { id: 'c3', fetchedAt: new Date(T0 - 1000).toISOString() };
    assert.deepEqual(await take(read(newer)), { imported: 1, kept: 0 });
    assert.deepEqual(await take(read({ id: 'd4' })), { imported: 0, kept: 1 });
    assert.equal((await readRow(store, 'd.test'))?.record_id, 'c3');
  });

  it('an order to forget that came after the fetch is obeyed', async () => {
    await writeRow(store, tombstoneOf('d.test', { at: T0 - 1000, now: T0 - 1000 }));
    assert.deepEqual(await take(read()), { imported: 0, kept: 1 });
  });
});
