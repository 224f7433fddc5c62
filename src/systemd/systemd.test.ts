import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { createLog } from '../log/log.ts';
import { datagramSocketHandedOver, socketsHandedOver } from './listen-fds.ts';
import { createNotifier, type Notifier, type SendToSystemd } from './notify.ts';

interface Bench {
  readonly clock: FakeClock;
  readonly notifier: Notifier;
  readonly sent: string[];
  readonly lines: string[];
}

function bench(env: Record<string, string>, send?: SendToSystemd): Bench {
  const clock = new FakeClock();
  const sent: string[] = [];
  const lines: string[] = [];
  const notifier = createNotifier({
    env,
    pid: 7,
    send:
      send ??
      (async (assignments) => {
        await Promise.resolve();
        sent.push(assignments.join(' '));
      }),
    monotonicUs: () => 123n,
    clock,
    log: createLog('warn', { format: 'text', sink: { write: (line) => lines.push(line) } }),
  });
  return { clock, notifier, sent, lines };
}

const SOCKET = { NOTIFY_SOCKET: '/run/systemd/notify' };

describe('telling systemd', () => {
  it('ready, reloading, ready again, stopping: in this order', async () => {
    const { notifier, sent } = bench(SOCKET);
    notifier.ready('listening on\n127.0.0.1:8461');
    notifier.reloading();
    notifier.ready('reloaded');
    await notifier.stopping();
    assert.deepEqual(sent, [
      'READY=1 STATUS=listening on 127.0.0.1:8461',
      'RELOADING=1 MONOTONIC_USEC=123',
      'READY=1 STATUS=reloaded',
      'STOPPING=1',
    ]);
  });

  it('without systemd nothing is sent', async () => {
    const { notifier, sent } = bench({ WATCHDOG_USEC: '1000000' });
    notifier.ready('x');
    notifier.reloading();
    await notifier.stopping();
    assert.deepEqual(sent, []);
  });

  it('the watchdog hears from us twice in its time, until we stop', async () => {
    const { notifier, sent, clock } = bench({
      ...SOCKET,
      WATCHDOG_USEC: '60000000',
      WATCHDOG_PID: '7',
    });
    await clock.advance(100_000);
    assert.deepEqual(sent, [], 'before it is ready it does not beat');
    notifier.ready('x');
    notifier.ready('again');
    await clock.advance(60_000);
    assert.deepEqual(sent.slice(2), ['WATCHDOG=1', 'WATCHDOG=1']);
    await notifier.stopping();
    await clock.advance(60_000);
    assert.equal(sent.at(-1), 'STOPPING=1');
  });

  it('a watchdog of another process is not ours', async () => {
    const { notifier, sent, clock } = bench({
      ...SOCKET,
      WATCHDOG_USEC: '60000000',
      WATCHDOG_PID: '8',
    });
    notifier.ready('x');
    await clock.advance(600_000);
    assert.equal(sent.length, 1);
  });

  it('what cannot be said is logged, and the next is tried', async () => {
    let calls = 0;
    const { notifier, lines } = bench(SOCKET, async () => {
      calls += 1;
      await Promise.reject(new Error('spawn systemd-notify ENOENT'));
    });
    notifier.ready('x');
    await notifier.stopping();
    assert.equal(calls, 2);
    assert.match(lines[0]!, /systemd was not told READY=1: .*ENOENT/);
  });
});

describe('sockets handed over', () => {
  it('begin at 3, and are for the process that is named', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'smtp-sts.socket:other' };
    assert.deepEqual(socketsHandedOver(env, 7), ['fd:3', 'fd:4']);
    assert.deepEqual(socketsHandedOver(env, 8), []);
    assert.deepEqual(socketsHandedOver({}, 7), []);
    assert.deepEqual(socketsHandedOver({ LISTEN_PID: '7', LISTEN_FDS: 'x' }, 7), []);
  });

  it('the one for datagrams is told by its name', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'smtp-sts.socket:tlsrpt:x' };
    assert.deepEqual(socketsHandedOver(env, 7), ['fd:3', 'fd:5']);
    assert.equal(datagramSocketHandedOver(env, 7), 4);
    assert.equal(datagramSocketHandedOver(env, 8), undefined);
    assert.equal(datagramSocketHandedOver({ ...env, LISTEN_FDNAMES: '' }, 7), undefined);
  });
});
