import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../failure.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { countStsEvent } from './count-sts-event.ts';

describe('counting what happens to policies', () => {
  it('counts fetches by outcome, and nothing else', async () => {
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
  });
});
