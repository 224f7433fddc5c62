import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../failure.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { countStsEvent } from './count-sts-event.ts';

describe('counting what happens to policies', () => {
  it('counts fetches by outcome, and what somebody should look at by kind', async () => {
    const metrics = createMetrics();
    const policyDomain = 'd.test';
    const webpki: Failure = {
      code: 'TLS_CERTIFICATE_EXPIRED',
      detail: 'expired',
      resultType: 'sts-webpki-invalid',
    };
    const status: Failure = { code: 'HTTP_STATUS', detail: '404' };
    countStsEvent({ kind: 'policy-fetched', policyDomain, id: '1', mode: 'enforce' }, metrics);
    countStsEvent({ kind: 'fetch-failed', policyDomain, failure: webpki }, metrics);
    countStsEvent(
      { kind: 'refresh-failed', policyDomain, failure: status, expiresAt: 0, inARow: 1 },
      metrics,
    );
    countStsEvent({ kind: 'no-mx-matches', policyDomain, mx: [] }, metrics);
    countStsEvent({ kind: 'policy-weakened', policyDomain, from: 'enforce', to: 'none' }, metrics);
    countStsEvent({ kind: 'record-vanished', policyDomain, failure: status }, metrics);
    countStsEvent({ kind: 'policy-expired', policyDomain, mode: 'enforce' }, metrics);
    const lines = (await metrics.text()).split('\n');
    for (const [outcome, count] of [
      ['ok', 1],
      ['webpki-invalid', 1],
      ['fetch-error', 1],
      ['policy-invalid', 0],
    ]) {
      const line = `smtp_sts_policy_fetches_total{outcome="${outcome}"} ${count}`;
      assert.ok(lines.includes(line), line);
    }
    for (const event of [
      'weakened',
      'record-vanished',
      'no-mx-matches',
      'expired',
      'refresh-failed',
      'first-fetch-failed',
    ]) {
      const line = `smtp_sts_policy_events_total{event="${event}"} 1`;
      assert.ok(lines.includes(line), line);
    }
  });
});
