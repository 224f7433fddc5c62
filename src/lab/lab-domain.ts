/**
 * A mail domain of the lab in a few lines: DNS, MX hosts with certificates, an MTA-STS policy.
 *
 * @module
 */
import { tlsaRecord } from './tlsa-of.ts';
import type { TlsaKind } from './tlsa-of.ts';
import type {
  CertificateKind,
  LabCa,
  LabCertificate,
  LabDns,
  LabMx,
  LabMxOptions,
  LabPolicyHost,
  LabRecord,
  MxFault,
  PolicyFault,
  ZoneMode,
} from './types.ts';
import { labName } from './zone-data.ts';

/** One MX host of a domain. */
export interface HostPlan {
  /** Default `mx1.DOMAIN`, `mx2.DOMAIN`, … */
  readonly host?: string;
  /** Default 10, 20, … */
  readonly preference?: number;
  readonly certificate?: CertificateKind;
  /** Names in the certificate; default the host's. */
  readonly names?: readonly string[];
  readonly fault?: MxFault;
  readonly keywords?: readonly string[];
  /** TLSA records for it; they only count in a zone that is `secure`. */
  readonly tlsa?: readonly TlsaKind[];
  /** Under which name the TLSA records stand; default the host's. */
  readonly tlsaAt?: string;
  /** IPv6 loopback instead of an own 127.x.y.z; there is only one of it. */
  readonly ipv6?: true;
}

/** An MTA-STS policy. */
export interface PolicyPlan {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Default: every host of the domain. */
  readonly mx?: readonly string[];
  /** Seconds; default 604,800. */
  readonly maxAge?: number;
  /** Default `1`. */
  readonly id?: string;
  /** Replaces the text made of the fields above. */
  readonly text?: string;
  readonly certificate?: CertificateKind;
  readonly fault?: PolicyFault;
}

/** A mail domain. */
export interface DomainPlan {
  readonly name: string;
  /** Default `insecure`. */
  readonly zone?: ZoneMode;
  /** Default: one host. `implicit`: no MX records, the domain itself is the host. */
  readonly mx?: readonly HostPlan[] | 'null' | 'implicit' | 'none';
  readonly sts?: PolicyPlan;
  /** Replaces the `_mta-sts` record(s). */
  readonly stsRecords?: readonly string[];
  /** More records. */
  readonly records?: readonly LabRecord[];
}

/** A mail domain that stands, with what one needs to change it. */
export interface LabDomain {
  /** A-labels. */
  readonly name: string;
  /** In the order of the plan. */
  readonly hosts: readonly LabMx[];
  /** The first host. */
  readonly host: LabMx;
  /** Replaces the policy; a new id goes into the record too. */
  publish(policy: PolicyPlan): void;
  /** Replaces the `_mta-sts` records; none removes them. */
  setStsRecords(...texts: readonly string[]): void;
  policyFault(fault: PolicyFault): void;
  /** Replaces the MX records. */
  setMx(...hosts: readonly string[]): void;
}

/** What a domain is built with. */
export interface DomainTools {
  readonly ca: LabCa;
  readonly dns: LabDns;
  readonly policyHost: LabPolicyHost;
  readonly smtpPort: number;
  readonly startHost: (
    options: Omit<LabMxOptions, 'address' | 'port'>,
    family: 'ipv4' | 'ipv6',
  ) => Promise<LabMx>;
}

/** Builds it. */
export async function buildDomain(plan: DomainPlan, tools: DomainTools): Promise<LabDomain> {
  const { dns } = tools;
  const name = labName(plan.name);
  dns.zone(name, plan.zone ?? 'insecure');
  const hosts = await Promise.all(
    hostPlans(plan, name).map((host, index) => buildHost({ host, name, index }, tools)),
  );
  dns.add(...mxRecords(plan, name));
  const domain = domainOf(name, hosts, tools);
  if (plan.sts !== undefined) domain.publish(plan.sts);
  if (plan.stsRecords !== undefined) domain.setStsRecords(...plan.stsRecords);
  dns.add(...(plan.records ?? []));
  return domain;
}

function hostPlans({ mx }: DomainPlan, name: string): readonly HostPlan[] {
  if (mx === undefined) return [{}];
  if (mx === 'implicit') return [{ host: name }];
  return typeof mx === 'string' ? [] : mx;
}

function hostNameOf(plan: HostPlan, name: string, index: number): string {
  return labName(plan.host ?? `mx${index + 1}.${name}`);
}

function mxRecords(plan: DomainPlan, name: string): LabRecord[] {
  if (plan.mx === 'null') return [{ type: 'MX', name, preference: 0, exchange: '' }];
  if (typeof plan.mx === 'string') return [];
  return hostPlans(plan, name).map((host, index) => ({
    type: 'MX',
    name,
    preference: host.preference ?? (index + 1) * 10,
    exchange: hostNameOf(host, name, index),
  }));
}

interface HostPlace {
  readonly host: HostPlan;
  readonly name: string;
  readonly index: number;
}

async function buildHost({ host, name, index }: HostPlace, tools: DomainTools): Promise<LabMx> {
  const hostName = hostNameOf(host, name, index);
  const certificate = tools.ca.issue(host.names ?? [hostName], host.certificate);
  const mx = await tools.startHost(
    {
      host: hostName,
      certificates: new Map([['', certificate]]),
      ...(host.fault === undefined ? {} : { fault: host.fault }),
      ...(host.keywords === undefined ? {} : { keywords: host.keywords }),
    },
    host.ipv6 === true ? 'ipv6' : 'ipv4',
  );
  const type = host.ipv6 === true ? 'AAAA' : 'A';
  tools.dns.add({ type, name: hostName, value: mx.options.address });
  tools.dns.add(...tlsaRecords(host, hostName, certificate, tools));
  return mx;
}

function tlsaRecords(
  host: HostPlan,
  hostName: string,
  certificate: LabCertificate,
  { ca, smtpPort }: DomainTools,
): LabRecord[] {
  return (host.tlsa ?? []).map((kind) =>
    tlsaRecord(kind, { host: host.tlsaAt ?? hostName, port: smtpPort, certificate, ca }),
  );
}

function domainOf(name: string, hosts: readonly LabMx[], tools: DomainTools): LabDomain {
  const { dns, policyHost, ca } = tools;
  const setStsRecords = (...texts: readonly string[]): void => {
    dns.remove(`_mta-sts.${name}`, 'TXT');
    dns.add(...texts.map((value) => ({ type: 'TXT' as const, name: `_mta-sts.${name}`, value })));
  };
  return {
    name,
    hosts,
    get host() {
      const [first] = hosts;
      if (first === undefined) throw new RangeError(`${name} has no hosts`);
      return first;
    },
    setStsRecords,
    publish(policy) {
      const policyName = `mta-sts.${name}`;
      const certificate =
        policy.certificate === undefined ? undefined : ca.issue([policyName], policy.certificate);
      policyHost.serve(name, policy.text ?? policyText(policy, hosts), certificate);
      if (policy.fault !== undefined) policyHost.setFault(name, policy.fault);
      dns.remove(policyName);
      dns.add({ type: 'A', name: policyName, value: policyHost.address });
      setStsRecords(`v=STSv1; id=${policy.id ?? '1'};`);
    },
    policyFault: (fault) => policyHost.setFault(name, fault),
    setMx(...exchanges) {
      dns.remove(name, 'MX');
      dns.add(
        ...exchanges.map((exchange, index) => ({
          type: 'MX' as const,
          name,
          preference: (index + 1) * 10,
          exchange,
        })),
      );
    },
  };
}

function policyText(policy: PolicyPlan, hosts: readonly LabMx[]): string {
  const mx = policy.mx ?? hosts.map((host) => host.options.host);
  return [
    'version: STSv1',
    `mode: ${policy.mode}`,
    ...mx.map((pattern) => `mx: ${pattern}`),
    `max_age: ${policy.maxAge ?? 604_800}`,
    '',
  ].join('\r\n');
}
