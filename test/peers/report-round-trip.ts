/**
 * Two organisations in a world of the lab: one sends mail and reports on it, the other has the domains
 * and takes the reports in. Both are the whole service, on one clock.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { ReportingSettings } from '../../src/config/reporting-types.ts';
import type { ResultType } from '../../src/failure.ts';
import type { DomainPlan } from '../../src/lab/lab-domain.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import { createShiftingClock, type ShiftingClock } from '../../src/lab/shifting-clock.ts';
import { startWorld, type World } from '../../src/lab/world.ts';
import { silentLog } from '../../src/log/log.ts';
import { makeDkimKey, publicKeyText, readPrivateKey } from '../../src/reporting/mail/dkim-key.ts';
import { type Service, startService } from '../../src/serve.ts';
import { submit } from './submit.ts';

/** A domain, and the result type that mail to it must give; undefined: all goes well. */
export interface ReportedDomain {
  readonly plan: DomainPlan;
  readonly type: ResultType | undefined;
  readonly prepare?: (world: World) => void;
}

const DAY_MS = 86_400_000;
/** Reports leave within the first hours of the day. */
const SPREAD_MS = 3_600_000;
const LONGEST_WAIT_MS = 3 * SPREAD_MS;
/** What is due gets so long to happen. */
const MOMENT_MS = 50;
/** Takes the reports that come by mail. */
const INBOX = 'inbox.test';
const SENDER = 'sender.lab.test';
const ENFORCE = { mode: 'enforce' } as const;

/** One domain for each result type (RFC 8460 §4.3), and three where all goes well. */
export const REPORTED_DOMAINS: readonly ReportedDomain[] = [
  { plan: { name: 'good.rt.test', sts: ENFORCE }, type: undefined },
  { plan: { name: 'plain.rt.test' }, type: undefined },
  { plan: { name: 'dane.rt.test', zone: 'secure', mx: [{ tlsa: ['ee'] }] }, type: undefined },
  {
    plan: { name: 'strip.rt.test', mx: [{ fault: 'strip-starttls' }], sts: ENFORCE },
    type: 'starttls-not-supported',
  },
  {
    plan: { name: 'name.rt.test', mx: [{ certificate: 'wrong-name' }], sts: ENFORCE },
    type: 'certificate-host-mismatch',
  },
  {
    plan: { name: 'expired.rt.test', mx: [{ certificate: 'expired' }], sts: { mode: 'testing' } },
    type: 'certificate-expired',
  },
  {
    plan: { name: 'selfsigned.rt.test', mx: [{ certificate: 'self-signed' }], sts: ENFORCE },
    type: 'certificate-not-trusted',
  },
  {
    plan: { name: 'other.rt.test', sts: { ...ENFORCE, mx: ['mx9.other.rt.test'] } },
    type: 'validation-failure',
  },
  {
    plan: { name: 'unusable.rt.test', zone: 'secure', mx: [{ tlsa: ['pkix-ee'] }] },
    type: 'tlsa-invalid',
  },
  {
    plan: { name: 'bogus.rt.test', zone: 'secure', mx: [{ tlsa: ['ee'] }] },
    type: 'dnssec-invalid',
    prepare: ({ dns, smtpPort }) => dns.override(`_${smtpPort}._tcp.mx1.bogus.rt.test`, 'bogus'),
  },
  { plan: { name: 'demanded.rt.test', zone: 'secure' }, type: 'dane-required' },
  {
    plan: { name: 'fetch.rt.test', sts: { ...ENFORCE, fault: 'not-found' } },
    type: 'sts-policy-fetch-error',
  },
  {
    plan: { name: 'invalid.rt.test', sts: { ...ENFORCE, text: 'version: STSv1\r\n' } },
    type: 'sts-policy-invalid',
  },
  {
    plan: { name: 'webpki.rt.test', sts: { ...ENFORCE, certificate: 'expired' } },
    type: 'sts-webpki-invalid',
  },
];

/** Both sides. */
export interface RoundTrip {
  readonly world: World;
  readonly clock: ShiftingClock;
  /** Of the sender's store and the receiver's. */
  readonly stores: { readonly sender: string; readonly receiver: string };
  /** Hands a message for this domain in to the sender's relay. */
  mail(domain: string): Promise<void>;
  /** The sender's service ends and starts again. */
  restartSender(): Promise<void>;
  /** Time goes on to the first minute of the next day, UTC. */
  nextDay(): void;
  /** Some minutes pass, in a moment; at most three hours in all. */
  wait(): Promise<void>;
  close(): Promise<void>;
}

/** Starts them. Domains in turn want their reports by mail and by HTTPS. */
export async function startRoundTrip(): Promise<RoundTrip> {
  const folder = mkdtempSync(join(tmpdir(), 'sts-reports-'));
  const stores = {
    sender: `sqlite:${join(folder, 'sender.sqlite')}`,
    receiver: `sqlite:${join(folder, 'receiver.sqlite')}`,
  };
  const clock = createShiftingClock();
  // Its time makes one leap, while nothing is under way: a leap in the midst of a look-up is a time-out.
  const receiverClock = createShiftingClock();
  const world = await startWorld();
  const keyFile = publishKey(world, folder);
  const receiver = await startReceiver({
    world,
    clock: receiverClock,
    folder,
    storeUrl: stores.receiver,
  });
  await putDomainsUp(world, receiver.httpsUrl);
  const port = Number(new URL(receiver.httpsUrl).port);
  const start = async (): Promise<Service> =>
    await startSender({ world, clock, keyFile, storeUrl: stores.sender, port });
  let sender = await start();
  let waited = 0;
  return {
    world,
    clock,
    stores,
    async mail(domain) {
      const relay = sender.listening.find(({ face }) => face === 'relay')?.url ?? '';
      const recipient = `bob@${domain}`;
      await submit({ recipient, canary: domain } as never, Number(relay.split(':').at(-1)));
    },
    async restartSender() {
      await sender.close();
      sender = await start();
    },
    nextDay() {
      const left = DAY_MS - (clock.now() % DAY_MS) + 60_000;
      receiverClock.skip(left + LONGEST_WAIT_MS);
      clock.skip(left);
    },
    async wait() {
      await systemClock.sleep(MOMENT_MS);
      if (waited < LONGEST_WAIT_MS) clock.skip(SPREAD_MS / 20);
      waited += SPREAD_MS / 20;
    },
    async close() {
      await sender.close();
      await receiver.service.close();
      clock.stop();
      receiverClock.stop();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function publishKey(world: World, folder: string): string {
  const { privateKeyPem } = makeDkimKey('ed25519', 0);
  const keyFile = join(folder, 'dkim.pem');
  writeFileSync(keyFile, privateKeyPem, { mode: 0o600 });
  const key = readPrivateKey(privateKeyPem);
  if (!key.ok) throw new Error(key.failure.detail);
  world.dns.zone(SENDER, 'insecure');
  world.dns.add({
    type: 'TXT',
    name: `tlsrpt._domainkey.${SENDER}`,
    value: `v=DKIM1; k=ed25519; s=tlsrpt; p=${publicKeyText(key.value)}`,
  });
  return keyFile;
}

interface Side {
  readonly world: World;
  readonly clock: ShiftingClock;
  readonly storeUrl: string;
}

const SILENT_FACES = {
  http: { listen: '127.0.0.1:0' },
  socketmap: { listen: [] },
  control: { socket: '' },
} as const;

/** The reports' receiver is the MX host of its mailbox's domain, and has an endpoint for HTTPS. */
async function startReceiver(
  side: Side & { readonly folder: string },
): Promise<{ readonly service: Service; readonly httpsUrl: string }> {
  const { world, folder } = side;
  const address = world.deadAddress();
  const certificate = world.ca.issue([`reports.${INBOX}`]);
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  writeFileSync(certFile, certificate.chain);
  writeFileSync(keyFile, certificate.key, { mode: 0o600 });
  world.dns.zone(INBOX, 'insecure');
  for (const name of [`mx.${INBOX}`, `reports.${INBOX}`]) {
    world.dns.add({ type: 'A', name, value: address });
  }
  world.dns.add({ type: 'MX', name: INBOX, preference: 10, exchange: `mx.${INBOX}` });
  const plain = labConfig(world);
  const service = await startWith(side, {
    ...plain.reporting,
    receive: {
      ...plain.reporting.receive,
      domains: ['*.rt.test'],
      unauthenticated: 'count',
      https: { ...plain.reporting.receive.https, listen: `${address}:0`, certFile, keyFile },
      smtp: { listen: `${address}:${world.smtpPort}`, protocol: 'smtp', perMinute: 600 },
    },
  });
  const url = service.listening.find(({ face }) => face === 'reports')?.url ?? '';
  const port = new URL(url).port;
  return { service, httpsUrl: `https://reports.${INBOX}:${port}/v1/reports` };
}

async function putDomainsUp(world: World, httpsUrl: string): Promise<void> {
  for (const [index, { plan, prepare }] of REPORTED_DOMAINS.entries()) {
    const rua = index % 2 === 0 ? `mailto:tls@${INBOX}` : httpsUrl;
    const record = {
      type: 'TXT',
      name: `_smtp._tls.${plan.name}`,
      value: `v=TLSRPTv1; rua=${rua}`,
    };
    await world.domain({ ...plan, records: [record as never] });
    prepare?.(world);
  }
}

async function startSender(
  side: Side & { readonly keyFile: string; readonly port: number },
): Promise<Service> {
  const { world, keyFile, port } = side;
  const { reporting } = labConfig(world);
  return await startWith(side, {
    ...reporting,
    tally: { ...reporting.tally, flushMs: 100 },
    send: {
      ...reporting.send,
      enabled: true,
      organization: 'Sender of the Lab',
      contact: `tls@${SENDER}`,
      dkim: { ...reporting.send.dkim, keyFile },
      spreadMs: SPREAD_MS,
      https: { certificates: 'strict', allowAddresses: ['127.0.0.0/8'], allowPorts: [port] },
    },
  });
}

async function startWith(
  { world, clock, storeUrl }: Side,
  reporting: ReportingSettings,
): Promise<Service> {
  const { relay, policy } = labConfig(world);
  const config = labConfig(world, {
    ...SILENT_FACES,
    store: { url: storeUrl },
    policyFetch: { ...labConfig(world).policyFetch },
    relay: { ...relay, enabled: true, listen: ['127.0.0.1:0'] },
    policy: { ...policy, daneRequired: ['demanded.rt.test'] },
    reporting,
  });
  return await startService({ config, clock, log: silentLog });
}
