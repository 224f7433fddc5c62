import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { readConfig } from '../config/load-config.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { openStore } from '../store/open-store.ts';
import { collectingLog, type Line } from './intake/intake.fixture.ts';
import { startReporting } from './start-reporting.ts';

describe('TLS reporting, put together', () => {
  it('says at the start and at each reload what the settings cannot do', async () => {
    const clock = new FakeClock(Date.UTC(2026, 5, 1));
    const store = await openStore('sqlite::memory:', { clock });
    const lines: Line[] = [];
    const configOf = (yaml: string): NonNullable<ReturnType<typeof readConfig>['value']> =>
      readConfig(yaml).value!;
    let config = configOf('reporting: { alerts: { mail_to: [ops@example.test] } }');
    const reporting = await startReporting({
      config: () => config,
      store,
      resolver: mapResolver({ records: {} }),
      ca: () => undefined,
      sendMail: async () => await Promise.resolve({ kind: 'accepted', text: '' }),
      clock,
      log: collectingLog(lines),
      metrics: createMetrics({ version: '0' }).reporting,
    });
    const told = (): readonly unknown[] =>
      lines
        .splice(0)
        .filter(({ fields }) => fields['event'] === 'reporting-settings')
        .map(({ fields, level }) => `${level} ${String(fields['code'])}`);
    assert.deepEqual(told(), ['error ALERT_NO_SENDER']);
    assert.ok(reporting.reload().ok);
    assert.deepEqual(told(), ['error ALERT_NO_SENDER'], 'it is still so');
    config = configOf('reporting: { send: { enabled: true, organization: X, contact: a@x.test } }');
    assert.ok(reporting.reload().ok);
    assert.deepEqual(told(), ['warn DKIM_KEY_NOT_SET']);
    config = configOf('');
    assert.ok(reporting.reload().ok);
    assert.deepEqual(told(), []);
    await reporting.close();
    await store.close();
  });
});
