/**
 * A machine in good health, for tests of the doctor; each test makes one thing ill.
 *
 * @module
 */
import { rootCertificates } from 'node:tls';
import { FakeClock } from '../clock.fixture.ts';
import { readConfig } from '../config/load-config.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { fail, ok } from '../failure.ts';
import { examine } from './doctor.ts';
import type { RelaySurroundings } from './doctor-relay-types.ts';
import type { ReportingSurroundings } from './doctor-reporting-types.ts';
import type { Finding, ProgramResult, Surroundings } from './doctor-types.ts';

/** What `postconf -x` of the fake Postfix says, beside its version. */
export type FakeSettings = Readonly<Record<string, string>>;

/** A program that ended with this on its standard output. */
export function said(stdout: string): ProgramResult {
  return { kind: 'done', exitCode: 0, stdout, stderr: '' };
}

/** A machine without an MTA. */
export function healthy(yaml = ''): Surroundings {
  const clock = new FakeClock(Date.UTC(2026, 5, 1));
  return {
    config: readConfig(yaml).value!,
    clock,
    run: async (program) =>
      await Promise.resolve(program === 'timedatectl' ? said('yes\n') : { kind: 'missing' }),
    readText: () => undefined,
    selfTest: async () =>
      await Promise.resolve({
        conclusion: 'validating',
        reason: 'ietf.org was validated',
        steps: [],
      }),
    upstreams: () => [{ address: '127.0.0.1', port: 53, trusted: true, down: false, used: true }],
    roots: ok(rootCertificates.slice(0, 5)),
    tryStore: async () => await Promise.resolve(ok('sqlite: written and read')),
    askHttp: async () => await Promise.resolve({ status: 200, body: '{"ready":true}' }),
    askMap: async () => await Promise.resolve(ok('NOTFOUND ')),
    dialectOf: (mapName) =>
      new Map([
        ['postfix-tlsrpt', 'postfix-tlsrpt'],
        ['QUERYwithTLSRPT', 'postfix-tlsrpt'],
        ['sts', 'sendmail'],
      ]).get(mapName) ?? 'postfix',
    postfixConfig: undefined,
    relay: healthyRelay(),
    reporting: healthyReporting(),
  };
}

/** A relay in good health; others see it as 203.0.114.1, `relay.example.net`. */
function healthyRelay(): RelaySurroundings {
  return {
    readPem: () => fail('RELAY_CERTIFICATE_INVALID', 'there is no such file'),
    loadCertificate: () => ok(undefined),
    countUsers: async () => await Promise.resolve(ok(2)),
    loadRoutes: () => ok(undefined),
    checkNotOpen: () => ok(undefined),
    isLoopbackListener: (listen) => listen.startsWith('127.'),
    trustsOthers: false,
    trustsLoopback: true,
    publicNetworks: [],
    tryListen: async () => await Promise.resolve(undefined),
    dns: mapResolver({ records: { 'relay.example.net': { A: ['203.0.114.1'] } } }),
    namesOf: async () => await Promise.resolve(['relay.example.net']),
    sourceAddresses: async () => await Promise.resolve(['203.0.114.1']),
    readQueue: async () => await Promise.resolve(ok(undefined)),
  };
}

/** TLS reporting in good health. */
function healthyReporting(): ReportingSurroundings {
  return {
    faults: () => [],
    loadKey: () => ok('tlsrpt._domainkey.example.net'),
    checkKey: async () => await Promise.resolve({ verdict: 'fits', findings: [] }),
    loadCertificate: () => fail('REPORT_RECEIVER_CERTIFICATE_INVALID', 'there is no such file'),
    checkMaildir: () => ok(undefined),
    fileAt: () => ({ kind: 'socket', mode: 0o220 }),
    datagramQueue: () => 512,
    resolver: mapResolver({ records: {} }),
    alertSender: 'tls@example.net',
    reportsPath: '/v1/reports/token',
  };
}

const GOOD_MAIN_CF: FakeSettings = {
  compatibility_level: '3.6',
  queue_directory: '/var/spool/postfix',
  smtp_dns_support_level: 'dnssec',
  smtp_host_lookup: 'dns',
  smtp_tls_security_level: 'dane',
  smtp_tls_policy_maps: 'socketmap:inet:127.0.0.1:8461:postfix-tlsrpt',
  smtp_tls_CAfile: '/etc/ssl/certs/ca-certificates.crt',
  smtp_tls_CApath: '',
  smtp_tls_enforce_sts_mx_patterns: 'yes',
  tls_append_default_CA: 'no',
};

/** A Postfix for {@link withPostfix}. */
export interface FakePostfix {
  readonly version?: string;
  readonly mainCf?: FakeSettings;
  /** The line of the delivery agent in master.cf. */
  readonly service?: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A machine with a Postfix that is set up well, but for what is given. */
export function withPostfix(fake: FakePostfix = {}, yaml = ''): Surroundings {
  const settings = { ...GOOD_MAIN_CF, ...fake.mainCf };
  const files: Readonly<Record<string, string>> = {
    '/etc/resolv.conf': 'nameserver 127.0.0.1\noptions edns0 trust-ad\n',
    '/etc/ssl/certs/ca-certificates.crt': '-----BEGIN CERTIFICATE-----\n',
    ...fake.files,
  };
  const base = healthy(yaml);
  return {
    ...base,
    readText: (path) => files[path],
    run: async (program, args) => {
      if (program !== 'postconf') return await base.run(program, args);
      if (args.includes('mail_version')) return said(`${fake.version ?? '3.10.5'}\n`);
      if (args.includes('-M')) {
        return said(
          `${fake.service ?? 'smtp       unix  -       -       n       -       -       smtp'}\n`,
        );
      }
      const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
      return said(lines.join(''));
    },
  };
}

/** The finding of a check. */
export async function findingOf(around: Surroundings, check: string): Promise<Finding> {
  const { findings } = await examine(around);
  const found = findings.find((finding) => finding.check === check);
  if (found === undefined) throw new Error(`no finding of ${check}`);
  return found;
}
