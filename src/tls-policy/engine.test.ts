import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../clock.ts';
import { labConfig } from '../lab/lab-engine.ts';
import { startWorld, type World } from '../lab/world.ts';
import { silentLog } from '../log/log.ts';
import type { StsEvent } from '../mta-sts/types.ts';
import { createEngine } from './engine.ts';
import type { Engine } from './engine-types.ts';
import type { NextHop } from './next-hop.ts';
import { openSession, type SessionAttempt } from './session.ts';

let world: World;
let engine: Engine;
const events: StsEvent[] = [];

const hop = (domain: string): NextHop => ({ kind: 'domain', domain, port: world.smtpPort });

async function open(domain: string): Promise<SessionAttempt> {
  const { policy } = await engine.decide(hop(domain));
  const hostPolicy = policy.hosts[0] ?? assert.fail(`no host: ${policy.failure?.detail}`);
  return await openSession({
    hostPolicy,
    address: hostPolicy.addresses[0] ?? '',
    ca: engine.ca,
    heloName: 'us.lab.test',
    clock: systemClock,
  });
}

before(async () => {
  world = await startWorld();
  engine = createEngine({
    config: labConfig(world),
    clock: systemClock,
    log: silentLog,
    onStsEvent: (event) => events.push(event),
  });
});

after(async () => {
  await engine.close();
  await world.close();
});

describe('the engine against real servers', () => {
  it('STS-4-1, STS-7.1-4: an enforced policy, a verified session, mail under it', async () => {
    const domain = await world.domain({ name: 'sts.test', sts: { mode: 'enforce' } });
    const attempt = await open('sts.test');
    assert.ok(attempt.kind === 'ready', attempt.kind);
    assert.equal(attempt.verdict.tls, 'authenticated');
    const recipients = [{ address: 'r@sts.test' }];
    const message = [Buffer.from('Subject: hello\r\n\r\nhello\r\n')];
    const results = await attempt.session.send({ from: 'a@us.lab.test', recipients }, message);
    assert.equal(results[0]?.status, 'delivered');
    await attempt.session.quit();
    assert.equal(domain.host.messages[0]?.tls?.servername, 'mx1.sts.test');
  });

  it('STS-5-1, TLS-3207-4.1-2: a wrong certificate ends the session with QUIT, unused', async () => {
    const mx = [{ certificate: 'wrong-name' as const }];
    const domain = await world.domain({ name: 'wrong.test', mx, sts: { mode: 'enforce' } });
    const attempt = await open('wrong.test');
    assert.ok(attempt.kind === 'refused', attempt.kind);
    assert.equal(attempt.failure.resultType, 'certificate-host-mismatch');
    assert.ok(domain.host.commands.every(({ line }) => !/^MAIL/i.test(line)));
  });

  it('RT-4.2.1-2, STS-7.2-1: TLS 1.1 is not good enough', async () => {
    const mx = [{ fault: 'tls-1.1' as const }];
    await world.domain({ name: 'old.test', mx, sts: { mode: 'enforce' } });
    const attempt = await open('old.test');
    assert.ok(attempt.kind === 'refused', attempt.kind);
    assert.equal(attempt.failure.resultType, 'validation-failure');
  });

  it('DANE-7672-3.1.1-2: a TLSA match over an expired, self-signed certificate', async () => {
    const mx = [{ certificate: 'self-signed' as const, tlsa: ['ee' as const] }];
    await world.domain({ name: 'dane.test', zone: 'secure', mx });
    const { policy } = await engine.decide(hop('dane.test'));
    assert.deepEqual(policy.level, { mx: 'dnssec', tls: 'authenticated' });
    const attempt = await open('dane.test');
    assert.ok(attempt.kind === 'ready', attempt.kind);
    await attempt.session.quit();
  });

  it('DANE-7672-2.2-3: without a policy a broken handshake leads to clear text, on record', async () => {
    const mx = [{ fault: 'drop-handshake' as const }];
    const domain = await world.domain({ name: 'plain.test', mx });
    const attempt = await open('plain.test');
    assert.ok(attempt.kind === 'ready', attempt.kind);
    assert.equal(attempt.event.secondTry, 'clear');
    await attempt.session.quit();
    assert.equal(domain.host.connections, 2);
  });

  it('a decision is warm afterwards, and a new policy makes it cold', async () => {
    const domain = await world.domain({ name: 'warm.test', sts: { mode: 'testing' } });
    const { policy } = await engine.decide(hop('warm.test'));
    assert.equal(engine.warm('warm.test'), policy);
    domain.publish({ mode: 'enforce', id: '2' });
    await engine.policies.refresh('warm.test');
    assert.equal(engine.warm('warm.test'), undefined);
    const { policy: newer } = await engine.decide(hop('warm.test'));
    assert.equal(newer.hosts[0]?.requirement.kind, 'sts');
    assert.ok(events.some((event) => event.policyDomain === 'warm.test'));
  });

  it('a CA file that cannot be read stops the start', () => {
    const base = labConfig(world);
    const config = { ...base, tls: { ...base.tls, caFile: '/nowhere/ca.pem' } };
    assert.throws(
      () => createEngine({ config, clock: systemClock, log: silentLog }),
      /TLS_CA_FILE_UNREADABLE.*ca\.pem/,
    );
  });
});
