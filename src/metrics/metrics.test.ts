import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from './metrics.ts';

describe('metrics', () => {
  it('count what happened, by outcome', async () => {
    const metrics = createMetrics();
    metrics.fetchEnded('ok');
    metrics.fetchEnded('webpki-invalid');
    metrics.dnsFailed('bogus');
    metrics.decided('defer', 20);
    metrics.selfTest('validating');
    metrics.watchPolicies(() => ({
      enforced: 3,
      testing: 2,
      none: 1,
      fetchesUnderWay: 4,
      refreshBacklog: 5,
      storeUp: false,
    }));
    const lines = (await metrics.text()).split('\n');
    for (const line of [
      'smtp_sts_policy_fetches_total{outcome="ok"} 1',
      'smtp_sts_policy_fetches_total{outcome="webpki-invalid"} 1',
      'smtp_sts_policy_fetches_total{outcome="policy-invalid"} 0',
      'smtp_sts_dns_failures_total{class="bogus"} 1',
      'smtp_sts_decisions_total{outcome="defer"} 1',
      'smtp_sts_decision_duration_seconds_bucket{le="0.01"} 0',
      'smtp_sts_decision_duration_seconds_bucket{le="0.05"} 1',
      'smtp_sts_resolver_self_test{state="validating"} 1',
      'smtp_sts_resolver_self_test{state="untested"} 0',
      'smtp_sts_policies{mode="enforce"} 3',
      'smtp_sts_policies{mode="none"} 1',
      'smtp_sts_policy_fetches_under_way 4',
      'smtp_sts_refresh_backlog 5',
      'smtp_sts_store_up 0',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.match(metrics.contentType, /^text\/plain/);
  });

  it('two sets in one process do not mix', async () => {
    const one = createMetrics();
    const two = createMetrics();
    one.fetchEnded('ok');
    assert.match(await two.text(), /fetches_total\{outcome="ok"\} 0/);
  });
});
