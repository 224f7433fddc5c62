import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readStsPolicy } from '../../src/mta-sts/policy.ts';
import type { StsStatus } from '../../src/mta-sts/types.ts';
import type { HostPolicy, TlsPolicy } from '../../src/tls-policy/types.ts';
import { openStore } from '../../src/store/open-store.ts';
import { cuttableStore } from './cuttable-store.ts';
import { createJumpingClock } from './jumping-clock.ts';
import { faultOf, relaxationOf } from './judge-round.ts';

const DAY = 86_400_000;
const T0 = 1_800_000_000_000;

function text(version: number): string {
  return `version: STSv1\nmode: enforce\nmx: v${version}.d.test\nmax_age: 86400\n`;
}

/** A policy of a day that was fetched at T0. */
function policy(version: number, changes: { readonly expiresAt?: number } = {}): StsStatus {
  const { value } = readStsPolicy(text(version));
  assert.ok(value);
  return {
    kind: 'policy',
    active: {
      policyDomain: 'd.test',
      policy: value,
      id: String(version),
      source: 'cache',
      fetchedAt: T0,
      expiresAt: T0 + DAY,
      ...changes,
    },
  };
}

const NONE: StsStatus = { kind: 'none', failure: { code: 'STS_RECORD_NONE', detail: 'none' } };
const HOUR = 3_600_000;
const later = { now: T0 + HOUR, earliest: T0, given: undefined, fetched: undefined };

describe('fault proof: what it would notice', () => {
  it('nothing that stays, that expires, or that was fetched is a fault', () => {
    assert.equal(faultOf({ ...later, before: policy(1), after: policy(1) }), undefined);
    assert.equal(faultOf({ ...later, before: NONE, after: undefined }), undefined);
    const afterEnd = { ...later, now: T0 + DAY + 1 };
    assert.equal(faultOf({ ...afterEnd, before: policy(1), after: NONE }), undefined);
    const fetched = { ...later, given: text(2).replaceAll('\n', '\r\n') };
    assert.equal(faultOf({ ...fetched, before: policy(1), after: policy(2) }), undefined);
  });

  it('a policy that is gone before its end is one', () => {
    assert.match(faultOf({ ...later, before: policy(1), after: NONE }) ?? '', /is gone$/);
    assert.match(faultOf({ ...later, before: policy(1), after: undefined }) ?? '', /is gone$/);
    const fetched = { ...later, given: text(2) };
    assert.match(faultOf({ ...fetched, before: policy(1), after: NONE }) ?? '', /is gone$/);
  });

  it('a policy that comes, changes or lives longer without a fetch is one', () => {
    assert.match(faultOf({ ...later, before: NONE, after: policy(1) }) ?? '', /from nowhere/);
    assert.match(faultOf({ ...later, before: policy(1), after: policy(2) }) ?? '', /replaced/);
    const longer = policy(1, { expiresAt: T0 + DAY + 1 });
    assert.match(faultOf({ ...later, before: policy(1), after: longer }) ?? '', /extended/);
    const immortal = policy(1, { expiresAt: T0 + 3 * DAY });
    const given = { ...later, given: text(1) };
    assert.match(faultOf({ ...given, before: policy(1), after: immortal }) ?? '', /longer than/);
  });

  it('a clock that came back may bring back what it had ended, for as long as the fetch gave', () => {
    const back = { ...later, fetched: policy(1) };
    assert.equal(faultOf({ ...back, before: undefined, after: policy(1) }), undefined);
    const short = policy(1, { expiresAt: T0 + 2 * HOUR });
    assert.equal(faultOf({ ...back, before: short, after: policy(1) }), undefined);
    const longer = policy(1, { expiresAt: T0 + DAY + 1 });
    assert.match(faultOf({ ...back, before: short, after: longer }) ?? '', /extended/);
    assert.match(faultOf({ ...back, before: undefined, after: policy(2) }) ?? '', /replaced/);
  });

  it('a life that was cut is one, unless the clock went back', () => {
    const cut = policy(1, { expiresAt: T0 + 2 * HOUR });
    assert.match(faultOf({ ...later, before: policy(1), after: cut }) ?? '', /was cut/);
    const back = { ...later, now: T0 - DAY, earliest: T0 - DAY };
    const rebased = policy(1, { expiresAt: T0 });
    assert.equal(faultOf({ ...back, before: policy(1), after: rebased }), undefined);
  });

  it('a host that may be reached without a check is one, and so is a returned message', () => {
    const decision = (outcome: TlsPolicy['outcome'], kind: string): { policy: TlsPolicy } => {
      const host = { host: 'mx.d.test', requirement: { kind }, why: 'because' };
      return { policy: { outcome, hosts: [host as HostPolicy] } as unknown as TlsPolicy };
    };
    assert.match(relaxationOf(decision('deliver', 'opportunistic')) ?? '', /became opportunistic/);
    assert.match(relaxationOf(decision('deliver', 'encrypt')) ?? '', /became encrypt/);
    assert.match(relaxationOf(decision('fail', 'refused')) ?? '', /returned/);
    assert.equal(relaxationOf(decision('deliver', 'sts')), undefined);
    assert.equal(relaxationOf(decision('defer', 'refused')), undefined);
  });
});

describe('fault proof: its tools', () => {
  it('a store that is cut fails, one that is frozen waits, one that is whole answers', async () => {
    const line = cuttableStore(await openStore('sqlite::memory:'));
    const { store } = line;
    const ask = async (): Promise<number> =>
      (await store.db.selectFrom('lease').selectAll().execute()).length;
    assert.equal(await ask(), 0);
    line.cut('down');
    await assert.rejects(ask, /is cut/);
    line.cut('frozen');
    let answered = false;
    const late = ask().then(() => (answered = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answered, false);
    line.cut('none');
    assert.equal(await late, true);
    await store.close();
  });

  it('the wall time jumps alone, time passes with its timers', () => {
    const clock = createJumpingClock();
    const started = clock.now();
    let rang = 0;
    clock.after(HOUR, () => (rang += 1));
    clock.jump(-DAY);
    clock.jump(2 * DAY);
    assert.ok(Math.abs(clock.now() - started - DAY) < HOUR);
    assert.equal(rang, 0);
    clock.pass(HOUR);
    assert.equal(rang, 1);
    clock.stop();
  });
});
