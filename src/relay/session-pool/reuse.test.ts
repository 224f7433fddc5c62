import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { systemClock, type Clock } from '../../clock.ts';
import { mapResolver } from '../../dns/map-resolver.fixture.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import { freePort } from '../../lab/free-port.ts';
import { startLabMx } from '../../lab/mx-host.ts';
import { startScript } from '../../smtp/script-server.fixture.ts';
import { createDecider } from '../../tls-policy/decider.ts';
import { KNOBS, NOW } from '../../tls-policy/evidence.fixture.ts';
import { fakePolicies } from '../../tls-policy/policies.fixture.ts';
import { deliver } from '../deliver.ts';
import type { DeliveryReport } from '../types.ts';
import { createSessionPool } from './session-pool.ts';
import type { SessionPool } from './types.ts';

const ca = createLabCa();
const anchors = [ca.rootPem];

/** Sends messages to one server over loopback, through a pool. */
function sender(
  t: TestContext,
  port: number,
  clock: Clock = systemClock,
): { pool: SessionPool; send: () => Promise<DeliveryReport> } {
  const resolver = mapResolver({
    clock,
    records: {
      'example.test': { MX: [{ preference: 10, exchange: 'mx.example.test' }] },
      'mx.example.test': { A: ['127.0.0.1'] },
    },
  });
  const policies = fakePolicies();
  const decider = createDecider({
    resolver,
    policies,
    clock,
    settings: { knobs: KNOBS, firstContactMs: 5000 },
    port,
  });
  const pool = createSessionPool({
    clock,
    settings: {
      idleMs: 5_000,
      messagesPerSession: 100,
      maxIdle: 10,
      perHost: { most: 20, perMinute: 0 },
    },
  });
  t.after(async () => await pool.close());
  const send = async (): Promise<DeliveryReport> =>
    await deliver({
      engine: { ...decider, policies: policies as never, ca: anchors },
      config: {
        smtp: { port, heloName: 'us.test', localAddress: undefined },
        tls: { caFile: undefined, opportunisticMinVersion: 'TLSv1.2' },
      },
      clock,
      envelope: { from: 'a@us.test', recipients: [{ address: 'r@example.test' }] },
      message: [Buffer.from('Subject: x\r\n\r\nx\r\n')],
      sessions: pool,
    });
  return { pool, send };
}

const EHLO = 'S: 220 mx ESMTP\nC: EHLO us.test\nS: 250-mx\nS: 250 PIPELINING\n';
const FIRST = `C: *\nC: *\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go
C: Subject: x\nC:\u0020\nC: x\nC: .\nS: 250 taken\n`;

describe('kept sessions, over loopback', () => {
  it('many messages over one TLS session', async (t) => {
    const port = await freePort(['127.0.0.1']);
    const certificates = new Map([['', ca.issue(['mx.example.test'])]]);
    const mx = await startLabMx({
      address: '127.0.0.1',
      port,
      host: 'mx.example.test',
      certificates,
    });
    t.after(async () => await mx.close());
    const { send } = sender(t, port);
    const reports = [await send(), await send(), await send()];
    assert.deepEqual(
      reports.map(({ recipients: [first] }) => [first?.status, first?.reused, first?.verdict?.tls]),
      [
        ['delivered', false, 'authenticated'],
        ['delivered', true, 'authenticated'],
        ['delivered', true, 'authenticated'],
      ],
    );
    assert.equal(mx.connections, 1);
    assert.equal(mx.messages.length, 3);
    assert.deepEqual(
      mx.commands.filter(({ line }) => line === 'RSET'),
      [],
    );
    // The evidence of a later message is the session that carried it.
    assert.equal(reports[2]?.hops[0]?.attempts[0], reports[0]?.hops[0]?.attempts[0]);
    mx.setFault('down');
    await mx.settled();
    mx.setFault('none');
    await mx.settled();
    const after = await send();
    assert.equal(after.recipients[0]?.status, 'delivered');
    assert.equal(mx.connections, 2);
  });

  it('a server that says goodbye to a session without work has refused nothing', async (t) => {
    const server = await startScript(
      `${EHLO}${FIRST}C: *\nC: *\nC: DATA\nS: 421 idle too long\nX:`,
    );
    t.after(async () => await server.close());
    const { send, pool } = sender(t, server.port);
    assert.equal((await send()).recipients[0]?.status, 'delivered');
    const { recipients, hops } = await send();
    const [second] = recipients;
    assert.equal(second?.status, 'delivered');
    assert.equal(second.reused, false);
    assert.deepEqual(
      hops[0]?.attempts.map(({ outcome }) => outcome),
      ['ready'],
    );
    assert.deepEqual(
      [pool.numbers().opened, pool.numbers().reused, pool.numbers().stale],
      [2, 1, 1],
    );
  });

  it('a session that has died without a word is replaced within half a minute', async (t) => {
    const clock = new FakeClock(NOW);
    const server = await startScript(`${EHLO}${FIRST}C: *\nC: *\nC: DATA\nZ:`);
    t.after(async () => await server.close());
    const { send, pool } = sender(t, server.port, clock);
    assert.equal((await send()).recipients[0]?.status, 'delivered');
    let isDone = false;
    const sent = send().finally(() => (isDone = true));
    await server.done;
    await settle();
    await clock.advance(29_999);
    assert.equal(isDone, false);
    await clock.advance(1);
    const [second] = (await sent).recipients;
    assert.equal(second?.status, 'delivered');
    assert.equal(second.reused, false);
    assert.equal(pool.numbers().stale, 1);
  });
});
