import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextHopText } from '../tls-policy/next-hop.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import { ask, atHand, bench, MINUTE, recordOf } from './answerer.fixture.ts';

/** Notes the time of every answer that counts; `good.test` is at fault never. */
function noting() {
  const asked: string[] = [];
  const told: string[] = [];
  return {
    asked,
    told,
    policyFailures: ({ evidence }: DecisionRecord) => {
      const name = nextHopText(evidence.nextHop);
      asked.push(name);
      if (name === 'good.test') return undefined;
      const untold = (at: number): void => void told.push(`untold ${name} ${at}`);
      return {
        all: (at: number) => void told.push(`${name} ${at}`),
        untold: name === 'seen.test' ? undefined : untold,
      };
    },
  };
}

describe('policies at fault', () => {
  it('each answer counts, cold and warm, with its own time; the decision is looked at once', async () => {
    const { asked, told, policyFailures } = noting();
    const it = bench({ policyFailures });
    const start = it.clock.now();
    await ask(it, 'postfix d.test');
    it.clock.jumpTo(start + MINUTE);
    atHand(it, 'postfix d.test');
    atHand(it, 'sendmail d.test');
    atHand(it, 'exim d.test');
    const later = `d.test ${start + MINUTE}`;
    assert.deepEqual(told, [`d.test ${start}`, later, later, later]);
    assert.deepEqual(asked, ['d.test']);
  });

  it('a domain without a fault tells nothing', async () => {
    const { told, policyFailures } = noting();
    const it = bench({ policyFailures });
    await ask(it, 'postfix good.test');
    atHand(it, 'postfix good.test');
    assert.deepEqual(told, []);
  });

  it('what the mail server reports itself, and what is only tried out, does not count', async () => {
    const { told, policyFailures } = noting();
    const it = bench({ policyFailures });
    await ask(it, 'postfix-tlsrpt seen.test');
    await ask(it, 'requiretls d.test');
    it.settings = { ...it.settings, dryRun: true };
    await ask(it, 'postfix d.test');
    assert.deepEqual(told, []);
  });

  it('Postfix with TLSRPT: only what no answer tells it, and all of it where it has to wait', async () => {
    const { told, policyFailures } = noting();
    const it = bench({ policyFailures });
    const now = it.clock.now();
    await ask(it, 'postfix-tlsrpt d.test');
    it.find = async (nextHop) => recordOf(nextHop, it.clock, { dnsFails: true });
    assert.match(await ask(it, 'postfix-tlsrpt seen.test'), /^TEMP /);
    assert.deepEqual(told, [`untold d.test ${now}`, `seen.test ${now}`]);
  });

  it('a newer decision takes the place of the older one', async () => {
    const told: number[] = [];
    let faulty = true;
    const all = (at: number): void => void told.push(at);
    const policyFailures = () => (faulty ? { all, untold: all } : undefined);
    const it = bench({ policyFailures });
    await ask(it, 'postfix d.test');
    faulty = false;
    it.answerer.forget('d.test');
    await ask(it, 'postfix d.test');
    assert.equal(told.length, 1);
  });

  it('a look-up that breaks tells nothing of the decision before it', async () => {
    const { told, policyFailures } = noting();
    const it = bench({ policyFailures });
    await ask(it, 'postfix d.test');
    it.find = async () => await Promise.reject(new Error('broken'));
    it.answerer.forget('d.test');
    await ask(it, 'postfix d.test');
    assert.equal(told.length, 1);
  });
});
