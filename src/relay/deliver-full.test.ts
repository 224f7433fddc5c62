import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stsPolicy } from '../tls-policy/evidence.fixture.ts';
import { greylisted } from '../tls-policy/network.fixture.ts';
import { enforcing, GOOD, play, RECORDS, statuses } from './deliver.fixture.ts';
import type { SessionSource } from './session-pool/types.ts';
import { unpooled } from './session-pool/unpooled.ts';

const [V6, V4, SECOND] = ['2001:db8::1', '192.0.2.1', '192.0.2.2'] as const;

/** Sessions, but none with these addresses; who stays is let in at some of them. */
function without(full: readonly string[], opens: readonly string[] = []) {
  const asked: string[] = [];
  const sessions: SessionSource = {
    async lease(wish) {
      const { address } = wish.open;
      asked.push(`${address} ${wish.whenFull ?? ''}`);
      const isFull = full.includes(address);
      if (isFull && !(wish.whenFull === 'stay' && opens.includes(address)))
        return { full: address };
      return await unpooled.lease(wish);
    },
  };
  return { asked, more: { sessions } };
}

const EQUAL = {
  ...RECORDS,
  'example.test': {
    MX: [
      { preference: 10, exchange: 'mx1.example.test' },
      { preference: 10, exchange: 'mx2.example.test' },
    ],
  },
};
const ALL = { [V6]: GOOD, [V4]: GOOD, [SECOND]: GOOD };

describe('a host that has no room', () => {
  it('SMTP-5.1-4: its other address, or another host of the same preference, is used instead', async () => {
    const address = await play({ servers: ALL, ...without([V6]) });
    assert.equal(address.report.recipients[0]?.address, V4);
    const world = { records: EQUAL };
    const equal = await play({ servers: ALL, world, ...without([V6, V4]) });
    assert.equal(equal.report.recipients[0]?.address, SECOND);
    assert.equal(equal.report.hops[0]?.full, undefined);
  });

  it('a worse one is not: the message comes back, and nothing was tried', async () => {
    const { asked, more } = without([V6, V4]);
    const played = await play({ servers: ALL, more });
    const [recipient] = played.report.recipients;
    assert.equal(recipient?.status, 'deferred');
    assert.equal(recipient.failure.code, 'POLICY_HOST_BUSY');
    assert.deepEqual(played.report.hops[0]?.full, [V6, V4]);
    assert.deepEqual(played.report.hops[0].attempts, []);
    assert.deepEqual(asked, [`${V6} leave`, `${V4} leave`]);
    assert.deepEqual(played.network.steps, []);
  });

  it('who has been somewhere stays, and goes on to worse hosts only from there', async () => {
    const servers = { [SECOND]: GOOD };
    const none = without([V4]);
    const waits = await play({ servers, more: none.more });
    assert.deepEqual(none.asked, [`${V6} leave`, `${V4} leave`, `${V4} stay`]);
    assert.equal(waits.report.hops[0]?.attempts.length, 1);
    assert.deepEqual(waits.report.hops[0].full, [V4]);
    const letIn = without([V4], [V4]);
    const passed = await play({ servers, more: letIn.more });
    assert.equal(passed.report.recipients[0]?.address, SECOND);
    assert.deepEqual(letIn.asked.slice(2), [`${V4} stay`, `${SECOND} leave`]);
  });

  it('a recipient that another host defers keeps that answer', async () => {
    const servers = { [SECOND]: { ...GOOD, answer: greylisted } };
    const world = { records: EQUAL };
    const { report } = await play({ servers, world, ...without([V6, V4]) });
    assert.equal(report.recipients[0]?.reply?.code, 451);
  });

  it('REQUIRETLS is not given up for want of room', async () => {
    const played = await play({
      servers: ALL,
      policies: enforcing(stsPolicy('enforce', ['mx1.example.test', 'mx2.example.test'])),
      envelope: { requireTls: true },
      world: { records: EQUAL },
      ...without([SECOND]),
    });
    assert.deepEqual(statuses(played), ['deferred']);
  });
});
