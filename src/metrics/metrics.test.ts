import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './types.ts';

async function assertLines(metrics: Metrics, expected: readonly string[]): Promise<void> {
  const lines = (await metrics.text()).split('\n');
  for (const line of expected) assert.ok(lines.includes(line), line);
}

describe('metrics', () => {
  it('count what happened, by outcome', async () => {
    const metrics = createMetrics();
    metrics.fetchEnded('ok');
    metrics.fetchEnded('webpki-invalid');
    metrics.dnsFailed('bogus');
    metrics.decided('defer', 20);
    metrics.policyEvent('weakened');
    metrics.reloaded('refused');
    metrics.selfTest('validating');
    await assertLines(metrics, [
      'smtp_sts_policy_fetches_total{outcome="ok"} 1',
      'smtp_sts_policy_fetches_total{outcome="webpki-invalid"} 1',
      'smtp_sts_policy_fetches_total{outcome="policy-invalid"} 0',
      'smtp_sts_dns_failures_total{class="bogus"} 1',
      'smtp_sts_decisions_total{outcome="defer"} 1',
      'smtp_sts_decision_duration_seconds_bucket{le="0.01"} 0',
      'smtp_sts_decision_duration_seconds_bucket{le="0.05"} 1',
      'smtp_sts_policy_events_total{event="weakened"} 1',
      'smtp_sts_policy_events_total{event="expired"} 0',
      'smtp_sts_config_reloads_total{outcome="refused"} 1',
      'smtp_sts_resolver_self_test{state="validating"} 1',
      'smtp_sts_resolver_self_test{state="untested"} 0',
    ]);
    assert.match(metrics.contentType, /^text\/plain/);
  });

  it('I2: answers by dialect, kind and source; every series is there before its first event', async () => {
    const metrics = createMetrics();
    await assertLines(metrics, ['smtp_sts_answers_total{dialect="postfix",kind="temp"} 0']);
    metrics.answered('postfix', 'secure', 'cold');
    metrics.answered('postfix', 'secure', 'hit');
    metrics.answered('requiretls', 'no-domain', 'hit');
    metrics.answered('sendmail', 'temp', 'stale');
    metrics.answerTook(30);
    metrics.connections(7);
    const expected = [
      'smtp_sts_answers_total{dialect="postfix",kind="secure"} 2',
      'smtp_sts_answers_total{dialect="requiretls",kind="no-domain"} 1',
      'smtp_sts_answers_total{dialect="sendmail",kind="temp"} 1',
      'smtp_sts_answer_sources_total{source="hit"} 2',
      'smtp_sts_answer_sources_total{source="stale"} 1',
      'smtp_sts_answer_sources_total{source="cold"} 1',
      'smtp_sts_answer_duration_seconds_count 1',
      'smtp_sts_connections_open 7',
    ];
    await assertLines(metrics, expected);
    await assertLines(metrics, expected);
  });

  it('numbers that others keep are read at each scrape', async () => {
    const metrics = createMetrics();
    let backlog = 5;
    let overrides: Record<string, number> = { skip: 2, pin: 1 };
    metrics.watchPolicies(() => ({
      enforced: 3,
      testing: 2,
      none: 1,
      fetchesUnderWay: 4,
      refreshBacklog: backlog,
      storeUp: false,
    }));
    metrics.watchResolver(() => ({
      lookups: 10,
      cacheHits: 6,
      timeouts: 1,
      running: 2,
      waiting: 3,
    }));
    metrics.watchOverrides(() => overrides);
    metrics.watchAnswers(() => ({ kept: 9, dryRun: true }));
    await assertLines(metrics, [
      'smtp_sts_policies{mode="enforce"} 3',
      'smtp_sts_policies{mode="none"} 1',
      'smtp_sts_policy_fetches_under_way 4',
      'smtp_sts_refresh_backlog 5',
      'smtp_sts_store_up 0',
      'smtp_sts_dns_lookups_total 10',
      'smtp_sts_dns_cache_hits_total 6',
      'smtp_sts_dns_timeouts_total 1',
      'smtp_sts_dns_under_way{state="waiting"} 3',
      'smtp_sts_overrides{kind="skip"} 2',
      'smtp_sts_answers_kept 9',
      'smtp_sts_dry_run 1',
    ]);
    backlog = 6;
    overrides = { pin: 1 };
    await assertLines(metrics, ['smtp_sts_refresh_backlog 6', 'smtp_sts_dns_lookups_total 10']);
    assert.ok(!(await metrics.text()).includes('kind="skip"'));
  });

  it('what the walk over the cache found', async () => {
    const metrics = createMetrics();
    metrics.surveyed({
      oldestAgeMs: 90_000,
      ages: [
        { atMostMs: 36 * 3_600_000, count: 4 },
        { atMostMs: 7 * 86_400_000, count: 5 },
        { atMostMs: Number.POSITIVE_INFINITY, count: 6 },
      ],
      expiringSoon: 1,
      refreshFailing: 2,
      recordMissing: 3,
    });
    await assertLines(metrics, [
      'smtp_sts_policy_oldest_age_seconds 90',
      'smtp_sts_policies_by_age{at_most="36h"} 4',
      'smtp_sts_policies_by_age{at_most="7d"} 5',
      'smtp_sts_policies_by_age{at_most="+Inf"} 6',
      'smtp_sts_policies_expiring_soon 1',
      'smtp_sts_policies_refresh_failing 2',
      'smtp_sts_policies_record_missing 3',
    ]);
  });

  it('what runs, and what it takes', async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    await assertLines(metrics, [
      `smtp_sts_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    ]);
    assert.match(await metrics.text(), /^process_resident_memory_bytes [1-9]/m);
    assert.match(await metrics.text(), /^process_cpu_seconds_total \d/m);
  });

  it('reports that are not kept are not counted as archived', async () => {
    const metrics = createMetrics();
    const kinds = ['stored', 'duplicate', 'unknown-domain', 'over-quota', 'failed'];
    for (const kind of kinds) metrics.reporting.archived(kind, 'verified');
    await assertLines(metrics, [
      'smtp_sts_report_archived_total{authenticity="verified"} 2',
      'smtp_sts_report_archived_total{authenticity="other"} 0',
    ]);
  });

  it('two sets in one process do not mix', async () => {
    const one = createMetrics();
    const two = createMetrics();
    one.fetchEnded('ok');
    one.answered('postfix', 'none', 'hit');
    assert.match(await two.text(), /fetches_total\{outcome="ok"\} 0/);
    assert.match(await two.text(), /answer_sources_total\{source="hit"\} 0/);
  });
});
