import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import type { Log } from '../log/log.ts';
import { logStsEvent } from './event-log.ts';
import { DAY, MINUTE, NO_FETCH, NO_RECORD, T0, policyOf } from './life-cycle.fixture.ts';
import { createRefreshSchedule } from './refresh-schedule.ts';
import { createPolicyTexts, storedPolicy } from './shared-policy.ts';
import type { StsEvent } from './types.ts';
import { within } from './within.ts';

describe('refresh schedule', () => {
  it('gives out what is due, the oldest first, and nothing before its time', () => {
    const schedule = createRefreshSchedule();
    schedule.set('late.test', T0 + 10 * MINUTE);
    schedule.set('soon.test', T0 + MINUTE);
    schedule.set('sooner.test', T0);
    assert.deepEqual(schedule.takeDue(T0 - 1), []);
    assert.deepEqual(schedule.takeDue(T0 + 5 * MINUTE), ['sooner.test', 'soon.test']);
    assert.equal(schedule.size, 1);
    assert.deepEqual(schedule.takeDue(T0 + 10 * MINUTE), ['late.test']);
    assert.equal(schedule.size, 0);
  });
});

describe('policy texts', () => {
  it('are kept once, parsed once, and go with their last holder', () => {
    const texts = createPolicyTexts();
    const { text } = policyOf('enforce', 86_400);
    const one = texts.take(storedPolicy(text, 'enforce'));
    const two = texts.take(storedPolicy(text, 'enforce'));
    assert.equal(one, two);
    assert.equal(one.parsed(), two.parsed());
    assert.equal(one.parsed()?.maxAge, 86_400);
    texts.release(one);
    assert.equal(texts.size, 1);
    texts.release(two);
    assert.equal(texts.size, 0);
  });

  it('a stored text that contradicts its mode, or is broken, is no policy', () => {
    const texts = createPolicyTexts();
    const { text } = policyOf('enforce', 86_400);
    texts.take(storedPolicy(text, 'enforce'));
    assert.equal(texts.take(storedPolicy(text, 'none')).parsed(), undefined);
    assert.equal(texts.take(storedPolicy('nonsense', 'enforce')).parsed(), undefined);
  });
});

describe('within', () => {
  it('gives the value, or says that it is late, and leaves no timer', async () => {
    const clock = new FakeClock(T0);
    const value = await within(Promise.resolve(7), { clock, ms: 10 });
    assert.deepEqual(value, { kind: 'done', value: 7 });
    const late = within(new Promise<never>(() => undefined), { clock, ms: 10 });
    await clock.advance(10);
    assert.deepEqual(await late, { kind: 'late' });
    assert.equal(clock.waiting, 0);
  });
});

describe('event log', () => {
  const policyDomain = 'd.test';
  const levelOf = (event: StsEvent): string => {
    const lines: string[] = [];
    const at = (level: string) => (_fields: object, message: string) =>
      void lines.push(`${level} ${message}`);
    const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    logStsEvent(log, event, T0);
    assert.equal(lines.length, 1);
    return lines[0]!;
  };

  it('STS-3.3-16, STS-10.2-3: a failed refresh warns; three in a row are an error with the time left', () => {
    const failed = {
      kind: 'refresh-failed',
      policyDomain,
      failure: NO_FETCH,
      expiresAt: T0 + 5 * DAY,
    } as const;
    assert.match(
      levelOf({ ...failed, inARow: 1 }),
      /^warn d\.test: refresh failed once, the policy expires/,
    );
    assert.match(
      levelOf({ ...failed, inARow: 3 }),
      /^error .*refresh failed 3 times in a row, .*expires in 5 days \(no policy\)/,
    );
  });

  it('each event has its line', () => {
    assert.match(
      levelOf({ kind: 'policy-fetched', policyDomain, id: 'a', mode: 'enforce' }),
      /^debug/,
    );
    assert.match(
      levelOf({ kind: 'policy-weakened', policyDomain, from: 'enforce', to: 'none' }),
      /^warn .*from enforce to none/,
    );
    assert.match(
      levelOf({ kind: 'record-vanished', policyDomain, failure: NO_RECORD }),
      /^warn .*record is gone/,
    );
    assert.match(
      levelOf({ kind: 'fetch-failed', policyDomain, failure: NO_RECORD }),
      /^info .*no policy to be had/,
    );
    assert.match(
      levelOf({ kind: 'policy-expired', policyDomain, mode: 'enforce' }),
      /^warn .*expired/,
    );
    assert.match(
      levelOf({ kind: 'no-mx-matches', policyDomain, mx: ['a.test'] }),
      /^warn .*none of the live MX/,
    );
  });
});
