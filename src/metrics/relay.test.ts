import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './types.ts';

async function linesOf(metrics: Metrics): Promise<readonly string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => line.startsWith('smtp_sts_relay_'));
}

async function assertLines(metrics: Metrics, expected: readonly string[]): Promise<void> {
  const lines = await linesOf(metrics);
  for (const line of expected) assert.ok(lines.includes(line), line);
}

describe('metrics of the relay', () => {
  it('I2: every series is there before its first event', async () => {
    await assertLines(createMetrics(), [
      'smtp_sts_relay_accepted_total{via="network"} 0',
      'smtp_sts_relay_refused_total{reason="require-tls"} 0',
      'smtp_sts_relay_attempts_total{outcome="unreachable"} 0',
      'smtp_sts_relay_recipients_total{outcome="deferred"} 0',
      'smtp_sts_relay_bounces_total{kind="delayed"} 0',
      'smtp_sts_relay_queue_messages 0',
      'smtp_sts_relay_queue_jobs{state="in-delivery"} 0',
      'smtp_sts_relay_queue_oldest_age_seconds 0',
      'smtp_sts_relay_sessions_open{state="in-use"} 0',
    ]);
  });

  it('count what happened', async () => {
    const { relay, ...metrics } = createMetrics();
    relay.accepted('submission');
    relay.accepted('submission');
    relay.refused('too-big');
    relay.authFailed();
    relay.committed(4);
    relay.attempted('policy');
    relay.attempted('delivered');
    relay.recipients('delivered', 3);
    relay.recipients('failed');
    relay.delivered(2_000);
    relay.bounced('failed');
    relay.wouldWait();
    relay.shadow(true);
    const expected = [
      'smtp_sts_relay_accepted_total{via="submission"} 2',
      'smtp_sts_relay_refused_total{reason="too-big"} 1',
      'smtp_sts_relay_refused_total{reason="credentials"} 1',
      'smtp_sts_relay_auth_failures_total 1',
      'smtp_sts_relay_commit_seconds_bucket{le="0.0025"} 0',
      'smtp_sts_relay_commit_seconds_bucket{le="0.005"} 1',
      'smtp_sts_relay_attempts_total{outcome="policy"} 1',
      'smtp_sts_relay_attempts_total{outcome="delivered"} 1',
      'smtp_sts_relay_recipients_total{outcome="delivered"} 3',
      'smtp_sts_relay_recipients_total{outcome="failed"} 1',
      'smtp_sts_relay_delivery_seconds_bucket{le="1"} 0',
      'smtp_sts_relay_delivery_seconds_bucket{le="5"} 1',
      'smtp_sts_relay_bounces_total{kind="failed"} 1',
      'smtp_sts_relay_would_wait_total 1',
      'smtp_sts_relay_shadow 1',
    ];
    await assertLines({ relay, ...metrics }, expected);
    await assertLines({ relay, ...metrics }, expected);
  });

  it('the queue is asked once a scrape', async () => {
    const metrics = createMetrics();
    let asked = 0;
    metrics.relay.watchQueue(
      async () => {
        asked += 1;
        const numbers = { messages: 4, waiting: 3, held: 2, inDelivery: 1 };
        return await Promise.resolve({ ...numbers, oldestAcceptedAt: 60_000 });
      },
      () => 90_000,
    );
    const sessions = { idle: 9, inUse: 3, opened: 20, reused: 80 };
    metrics.relay.watchDispatch(() => ({ taken: 6, inFlight: 7, hopsBackingOff: 8, sessions }));
    metrics.relay.watchConnections(() => 5);
    await assertLines(metrics, [
      'smtp_sts_relay_queue_messages 4',
      'smtp_sts_relay_queue_jobs{state="waiting"} 3',
      'smtp_sts_relay_queue_jobs{state="held"} 2',
      'smtp_sts_relay_queue_jobs{state="in-delivery"} 1',
      'smtp_sts_relay_queue_oldest_age_seconds 30',
      'smtp_sts_relay_deliveries_under_way 7',
      'smtp_sts_relay_hops_backing_off 8',
      'smtp_sts_relay_jobs_taken 6',
      'smtp_sts_relay_sessions_open{state="idle"} 9',
      'smtp_sts_relay_session_uses_total{kind="reused"} 80',
      'smtp_sts_relay_connections_open 5',
    ]);
    assert.equal(asked, 1);
    await metrics.text();
    assert.equal(asked, 2);
  });

  it('a database that does not answer makes its numbers unknown and hides no others', async () => {
    const metrics = createMetrics();
    metrics.relay.watchQueue(
      async () => await Promise.reject(new Error('gone')),
      () => 0,
    );
    const lines = (await linesOf(metrics)).join('\n');
    assert.match(lines, /^smtp_sts_relay_queue_messages nan$/im);
    assert.match(lines, /^smtp_sts_relay_queue_oldest_age_seconds nan$/im);
    assert.match(lines, /^smtp_sts_relay_shadow 0$/m);
  });
});
