import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock, type Clock } from '../clock.ts';
import { FakeClock } from '../clock.fixture.ts';
import { dial } from './dial.ts';
import { startTcpServer } from './loopback-server.fixture.ts';

const clock = systemClock;

describe('dial', () => {
  it('connects, and leaves no listener and no timer behind', async () => {
    const server = await startTcpServer((socket) => socket.resume());
    const fake = new FakeClock();
    const outcome = await dial({ address: '127.0.0.1', port: server.port, clock: fake });
    assert.ok(outcome.ok);
    assert.equal(outcome.value.listenerCount('error'), 0);
    assert.equal(fake.waiting, 0);
    outcome.value.destroy();
    await server.close();
  });

  it('says refused when nothing listens, without a TLS result type', async () => {
    const server = await startTcpServer(() => {});
    await server.close();
    const outcome = await dial({ address: '127.0.0.1', port: server.port, clock });
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'DIAL_REFUSED');
    assert.equal(outcome.failure.resultType, undefined);
    assert.match(
      outcome.failure.detail,
      new RegExp(`127\\.0\\.0\\.1:${server.port}: ECONNREFUSED`),
    );
  });

  it('takes addresses only: a name is never looked up', async () => {
    for (const address of ['localhost', 'mx.example.test', '', '[::1]', '127.1']) {
      const outcome = await dial({ address, port: 25, clock });
      assert.equal(outcome.ok ? '' : outcome.failure.code, 'DIAL_NOT_AN_ADDRESS', address);
    }
  });

  it('gives up when the clock says so', async () => {
    const server = await startTcpServer(() => {});
    // A deadline that strikes before even loopback can answer.
    const hasty: Clock = {
      ...clock,
      after: (delayMs, task) => {
        assert.equal(delayMs, 700);
        queueMicrotask(task);
        return { cancel: () => {} };
      },
    };
    const target = { address: '127.0.0.1', port: server.port };
    const outcome = await dial({ ...target, clock: hasty, timeoutMs: 700 });
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'DIAL_TIMEOUT');
    await server.close();
  });

  it('stops when it is called off, before and during the attempt', async () => {
    const before = await dial({
      address: '127.0.0.1',
      port: 9,
      clock,
      signal: AbortSignal.abort(),
    });
    assert.equal(before.ok ? '' : before.failure.code, 'DIAL_ABORTED');
    const server = await startTcpServer(() => {});
    const controller = new AbortController();
    const { signal } = controller;
    const pending = dial({ address: '127.0.0.1', port: server.port, clock, signal });
    controller.abort();
    const during = await pending;
    assert.equal(during.ok ? '' : during.failure.code, 'DIAL_ABORTED');
    await server.close();
  });

  it('connects from the local address it is given, and says so when that cannot be', async () => {
    let from: string | undefined;
    const server = await startTcpServer((socket) => {
      from = socket.remoteAddress;
      socket.end('x');
    });
    const target = { address: '127.0.0.1', port: server.port, clock };
    const good = await dial({ ...target, localAddress: '127.0.0.9' });
    assert.ok(good.ok);
    await new Promise<void>((resolve) => {
      good.value.once('data', () => resolve());
    });
    assert.equal(from, '127.0.0.9');
    good.value.destroy();
    for (const localAddress of ['192.0.2.1', '::1', 'no address']) {
      const bad = await dial({ ...target, localAddress });
      assert.equal(bad.ok ? '' : bad.failure.code, 'DIAL_LOCAL_ADDRESS', localAddress);
    }
    await server.close();
  });
});
