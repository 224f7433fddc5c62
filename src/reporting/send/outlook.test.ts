import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../clock.fixture.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import { mapResolver } from '../../dns/map-resolver.fixture.ts';
import { fail, ok } from '../../failure.ts';
import { openStore } from '../../store/open-store.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import { addReport, settleTarget } from './outbox.ts';
import { claimTarget } from './claim.ts';
import { outlook, type PlaceOutlook } from './outlook.ts';
import { createPlaceCheck } from './place-check.ts';
import { packTally } from './prepare-report.ts';
import { DAY, MARCH_1, MIDNIGHT, SETTINGS, stsResult } from './sender.fixture.ts';
import type { SignerSource } from './types.ts';

const PACKED = packTally(
  { day: MARCH_1, scope: 'recipient', domain: 'a.test', policies: [stsResult('a.test', 1)] },
  SETTINGS,
)!;
const SIGNER: SignerSource = () => ok({ sign: async (mail) => await Promise.resolve(mail) });

function mail(address: string): ReportTarget {
  return { kind: 'mailto', uri: `mailto:${address}`, address };
}

function https(url: string): ReportTarget {
  return { kind: 'https', uri: url, url };
}

interface Scene {
  readonly settings?: Partial<ReportSendSettings>;
  readonly signer?: SignerSource;
  readonly now?: number;
  readonly routed?: string;
  /** The report is made before, and its first place settled so. */
  readonly before?: 'accepted' | 'refused';
}

async function look(
  rua: readonly ReportTarget[],
  { settings: changed, signer = SIGNER, now = MIDNIGHT + 1000, routed, before }: Scene = {},
): Promise<readonly PlaceOutlook[]> {
  const settings = { ...SETTINGS, ...changed };
  const store = await openStore('sqlite::memory:');
  const resolver = mapResolver({
    records: {
      'r.test': { A: ['8.8.8.8'] },
      'in.test': { MX: [{ preference: 1, exchange: 'mx.in.test' }] },
      'mx.in.test': { A: ['10.0.0.1'] },
      'inside.test': { A: ['192.168.1.1'], AAAA: ['fd00::1'] },
    },
    failing: { 'slow.test': 'timeout' },
  });
  const isRouted = (domain: string): boolean => domain === routed;
  const check = createPlaceCheck({ resolver, clock: new FakeClock(), settings, isRouted });
  try {
    if (before !== undefined) {
      const { report, gzip, fileName, submitter } = PACKED;
      const { reportId } = report;
      await addReport(store, {
        reportId,
        day: MARCH_1,
        domain: 'a.test',
        fileName,
        submitter,
        organization: 'x',
        policies: 1,
        successes: 1,
        failures: 0,
        record: '',
        content: gzip,
        targets: rua,
        mode: settings.targets,
        madeAt: now,
        madeBy: 'one',
        sendAt: now,
      });
      const claim = { owner: 'one', now, holdMs: 1000, maxPerTarget: 9 };
      await claimTarget(store, { reportId, number: 0 }, claim);
      await settleTarget(
        store,
        { reportId, number: 0, owner: 'one' },
        { state: before, at: now, wasTried: true, code: '', text: 'x' },
      );
    }
    const ahead = { day: MARCH_1, domain: 'a.test', packed: PACKED, rua };
    return await outlook(ahead, { store, settings, signer, check, now });
  } finally {
    await store.close();
  }
}

function results(places: readonly PlaceOutlook[]): readonly string[] {
  return places.map(({ result, code }) => (code === '' ? result : `${result} ${code}`));
}

describe('what would become of a report', () => {
  it('goes where nothing speaks against it', async () => {
    const places = await look([mail('a@r.test'), https('https://r.test/x')]);
    assert.deepEqual(results(places), ['would-send', 'would-send']);
  });

  it('S1: private hosts, of mail too, are refused, but not where the operator has a route', async () => {
    const rua = [https('https://inside.test/'), mail('a@in.test'), https('https://[fd00::2]/')];
    const refused = 'refused REPORT_SEND_ADDRESS_REFUSED';
    assert.deepEqual(results(await look(rua)), [refused, refused, refused]);
    const [, routed] = results(await look(rua, { routed: 'in.test' }));
    assert.equal(routed, 'would-send');
    const allowed = { https: { ...SETTINGS.https, allowAddresses: ['10.0.0.0/8'] } };
    const [, inside] = results(await look(rua, { settings: allowed }));
    assert.equal(inside, 'would-send');
  });

  it('a key that is not set refuses, one that cannot be read waits', async () => {
    const rua = [mail('a@r.test')];
    const none = await look(rua, { signer: () => fail('DKIM_KEY_NOT_SET', 'x') });
    assert.deepEqual(results(none), ['refused REPORT_SEND_NO_SIGNER']);
    const bad = await look(rua, { signer: () => fail('DKIM_KEY_FILE', 'x') });
    assert.deepEqual(results(bad), ['later DKIM_KEY_FILE']);
  });

  it('an HTTPS host of which DNS does not tell waits; a day long ago is too late', async () => {
    assert.deepEqual(results(await look([https('https://slow.test/')])), ['later HTTP_DNS_FAILED']);
    const late = await look([mail('a@r.test')], { now: MIDNIGHT + 3 * DAY });
    assert.deepEqual(results(late), ['expired REPORT_SEND_EXPIRED']);
  });

  it('where one place is enough, the next has its turn only after one that takes nothing', async () => {
    const settings = { targets: 'first' } as const;
    const rua = [https('https://r.test:1/'), https('https://r.test/'), mail('a@r.test')];
    assert.deepEqual(results(await look(rua, { settings })), [
      'refused REPORT_SEND_PORT_REFUSED',
      'would-send',
      'standby',
    ]);
  });

  it('what was sent or settled before is said to be', async () => {
    const rua = [https('https://r.test/'), mail('a@r.test')];
    assert.deepEqual(results(await look(rua, { before: 'accepted' })), [
      'sent-before',
      'would-send',
    ]);
    assert.deepEqual(results(await look(rua, { before: 'refused' })), [
      'settled-before',
      'would-send',
    ]);
  });
});
