import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { openStore } from '../store/open-store.ts';
import { createArchive } from './archive/archive.ts';
import { collectingLog, type Line, receiveSettings } from './intake/intake.fixture.ts';
import { ReceiverRefused } from './intake/receiver-types.ts';
import { type Receiving, startReceiving } from './start-receiving.ts';

type Change = NonNullable<Parameters<typeof receiveSettings>[0]>;

/** Starts what is asked for, hands it over, and ends it. */
async function receiving(
  change: Change,
  use: (started: Receiving, lines: readonly Line[]) => Promise<void> | void,
): Promise<void> {
  const clock = new FakeClock(Date.UTC(2026, 5, 1));
  const store = await openStore('sqlite::memory:', { clock });
  const lines: Line[] = [];
  const log = collectingLog(lines);
  const nowhere = { https: { listen: '' }, smtp: { listen: '' } };
  const settings = receiveSettings({ ...nowhere, ...change });
  const archive = createArchive({ store, clock, log, settings: () => settings });
  try {
    const started = await startReceiving({
      archive,
      settings: () => settings,
      resolver: mapResolver({ records: {} }),
      name: 'mx.example.test',
      clock,
      log,
      metrics: createMetrics({ version: '0' }).reporting,
    });
    try {
      await use(started, lines);
    } finally {
      await started.close();
    }
  } finally {
    await store.close();
  }
}

describe('the ways in for reports', () => {
  it('a port that is taken: the setting is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
    const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    for (const way of ['https', 'smtp'] as const) {
      await assert.rejects(
        receiving({ [way]: { listen } }, () => undefined),
        (error) => {
          assert.ok(error instanceof ReceiverRefused);
          const { code, detail } = error.failure;
          assert.equal(code, 'REPORT_RECEIVER_LISTEN_FAILED');
          assert.match(
            detail,
            new RegExp(`^reporting\\.receive\\.${way}\\.listen: .*${listen}.*in use`),
          );
          return true;
        },
      );
    }
    await new Promise((resolve) => void other.close(resolve));
  });

  it('a Maildir is named as a place where reports come in only once it is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-receiving-'));
    const path = join(folder, 'Maildir');
    const maildir = { maildir: { path, intervalMs: 60_000 } };
    await receiving(maildir, ({ places }) => assert.deepEqual(places, []));
    for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(path, name), { recursive: true });
    await receiving(maildir, ({ places }) => assert.equal(places[0]?.url, path));
    rmSync(folder, { recursive: true });
  });
});
