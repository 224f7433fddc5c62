/**
 * A report sender in a world of plain maps, for tests.
 *
 * @module
 */
import { FakeClock } from '../../clock.fixture.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import { mapResolver, type MapWorld } from '../../dns/map-resolver.fixture.ts';
import { ok, type Outcome } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import type { PolicyResult } from '../../tlsrpt/report.ts';
import type { OutgoingMail, ReportSubject, SendResult } from '../types.ts';
import { startReportSender, type ReportSender, type ReportSenderOptions } from './report-sender.ts';
import type { ReportSigner, TallyReader } from './types.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** The day that is reported in most tests, 2026-03-01. */
export const MARCH_1 = Date.UTC(2026, 2, 1) / DAY;
/** The midnight after it. */
export const MIDNIGHT = (MARCH_1 + 1) * DAY;

export const SETTINGS: ReportSendSettings = {
  enabled: true,
  organization: 'Sender Example',
  contact: 'tls@sender.test',
  from: '',
  bounceAddress: '',
  dkim: { keyFile: '', selector: 'tlsrpt', domain: '' },
  spreadMs: 4 * HOUR,
  giveUpAfterMs: 24 * HOUR,
  report: 'all',
  targets: 'all',
  omitSendingIp: false,
  skipDomains: [],
  maxPerTarget: 1000,
  https: { certificates: 'strict', allowAddresses: [], allowPorts: [] },
};

/** An STS policy of a domain with these counts. */
export function stsResult(domain: string, successes: number, failures = 0): PolicyResult {
  return {
    policy: {
      type: 'sts',
      domain,
      strings: ['version: STSv1', 'mode: enforce', `mx: mx.${domain}`, 'max_age: 86400'],
      mxHosts: [`mx.${domain}`],
    },
    successes,
    failures,
    details:
      failures === 0
        ? []
        : [
            {
              resultType: 'certificate-expired',
              count: failures,
              sendingMtaIp: '198.51.100.7',
              receivingMxHostname: `mx.${domain}`,
              receivingIp: '203.0.113.9',
            },
          ],
  };
}

/** `day scope domain` → policies. */
export type Counts = Map<string, readonly PolicyResult[]>;

export function countsOf(
  day: number,
  domains: Readonly<Record<string, readonly PolicyResult[]>>,
): Counts {
  return new Map(
    Object.entries(domains).map(([domain, policies]) => [`${day} recipient ${domain}`, policies]),
  );
}

/** Reads plain maps as if they had been counted. */
export function tallyReader(counts: Counts): TallyReader {
  return {
    subjects: async (day) =>
      await Promise.resolve(
        [...counts.keys()]
          .map((key) => key.split(' ') as [string, ReportSubject['scope'], string])
          .filter((parts) => Number(parts[0]) === day)
          .map(([, scope, domain]) => ({ day, scope, domain })),
      ),
    totals: async (day) => {
      const totals = new Map<string, number>();
      for (const [key, policies] of counts) {
        const [of, , domain = ''] = key.split(' ');
        if (Number(of) !== day) continue;
        const sessions = policies.reduce((sum, each) => sum + each.successes + each.failures, 0);
        totals.set(domain, (totals.get(domain) ?? 0) + sessions);
      }
      return await Promise.resolve(totals);
    },
    read: async (subject) =>
      await Promise.resolve({
        ...subject,
        policies: counts.get(`${subject.day} ${subject.scope} ${subject.domain}`) ?? [],
      }),
  };
}

/** Something that left. */
export interface Sent {
  readonly at: number;
  readonly to: string;
  readonly content: Uint8Array;
}

/** A log whose lines can be read. */
export interface KeptLog extends Log {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
}

export function keptLog(): KeptLog {
  const lines: KeptLog['lines'] = [];
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What the world of a sender is like; each field may be changed while it runs. */
export interface World {
  settings: ReportSendSettings;
  readonly counts: Counts;
  readonly dns: MapWorld;
  /** What comes of sending to a place; default: accepted. */
  answer: (to: string, attempt: number) => SendResult | Promise<SendResult>;
  signer: Outcome<ReportSigner>;
  readonly sent: Sent[];
}

/** A world in which domains have records: `domain` → rua. */
export function worldOf(
  counts: Counts,
  rua: Readonly<Record<string, string>>,
  more: Partial<World> = {},
): World {
  return {
    settings: SETTINGS,
    counts,
    dns: {
      records: Object.fromEntries(
        Object.entries(rua).map(([domain, places]) => [
          `_smtp._tls.${domain}`,
          { TXT: [`v=TLSRPTv1; rua=${places}`] },
        ]),
      ),
    },
    answer: () => ({ kind: 'accepted', text: 'taken' }),
    signer: ok({
      sign: async (message) =>
        await Promise.resolve(Buffer.concat([Buffer.from('DKIM-Signature: fake\r\n'), message])),
    }),
    sent: [],
    ...more,
  };
}

/** A sender with all around it. */
export interface Rig extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly log: KeptLog;
  readonly sender: ReportSender;
  readonly world: World;
  /** States of all targets, by place. */
  targets(): Promise<readonly { readonly target: string; readonly state: string }[]>;
}

/** Starts a sender; disposing ends it. */
export async function startRig(
  world: World,
  options: Partial<ReportSenderOptions> & { readonly clock?: FakeClock } = {},
): Promise<Rig> {
  const clock = options.clock ?? new FakeClock(MIDNIGHT - HOUR);
  const store = options.store ?? (await openStore('sqlite::memory:'));
  const log = keptLog();
  const attempts = new Map<string, number>();
  const send = async (to: string, content: Uint8Array): Promise<SendResult> => {
    const attempt = (attempts.get(to) ?? 0) + 1;
    attempts.set(to, attempt);
    world.sent.push({ at: clock.now(), to, content });
    return await world.answer(to, attempt);
  };
  const sender = startReportSender({
    store,
    tally: tallyReader(world.counts),
    clock,
    log,
    settings: () => world.settings,
    resolver: mapResolver(world.dns),
    sendMail: async (mail: OutgoingMail) => await send(mail.to, mail.content),
    postReport: async (url, gzip) => await send(url, gzip),
    signer: () => world.signer,
    node: 'node-1',
    random: () => 0.5,
    ...options,
  });
  return {
    clock,
    store,
    log,
    sender,
    world,
    targets: async () => {
      const rows = await store.db
        .selectFrom('report_target')
        .select(['target', 'state'])
        .orderBy('report_id')
        .orderBy('number')
        .execute();
      // Rows have no prototype, and no test wants to know.
      return rows.map((row) => ({ ...row }));
    },
    [Symbol.asyncDispose]: async () => {
      await sender.close();
      if (options.store === undefined) await store.close();
    },
  };
}

/** Goes on in time as the service would, doing what is due every `stepMs`. */
export async function pass(rig: Rig, ms: number, stepMs = 5 * 60_000): Promise<void> {
  const end = rig.clock.now() + ms;
  while (rig.clock.now() < end) {
    rig.clock.jumpTo(Math.min(end, rig.clock.now() + stepMs));
    await rig.sender.tick();
  }
}
