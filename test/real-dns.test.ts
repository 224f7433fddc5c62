/**
 * The resolver, and decisions made of what it says, against a real validating resolver:
 * unbound in front of nsd with zones that are signed, unsigned and signed wrongly.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type DnsResolver, createResolver } from '../src/dns/resolver.ts';
import { runSelfTest } from '../src/dns/self-test.ts';
import type { Answer, RrType } from '../src/dns/types.ts';
import { readConfig } from '../src/config/load-config.ts';
import { systemClock } from '../src/clock.ts';
import { silentLog } from '../src/log/log.ts';
import { createEngine } from '../src/tls-policy/engine.ts';
import type { Engine } from '../src/tls-policy/engine-types.ts';
import type { HostPolicy, TlsPolicy } from '../src/tls-policy/types.ts';
import { BIG_TXT, DIGEST, MAIL_ZONES } from './peers/mail-zones.ts';
import { type RealDns, startRealDns } from './peers/unbound-nsd.ts';

let dns: RealDns;
let resolver: DnsResolver;

before(async () => {
  dns = await startRealDns(MAIL_ZONES);
  resolver = createResolver({ resolvers: [dns.resolver] });
});

after(async () => {
  resolver?.close();
  await dns?.close();
});

/** Kind and security, or kind and code: what a decision rests on. */
function gist(answer: Answer<RrType>): string {
  return answer.kind === 'failure'
    ? `failure ${answer.failure.code}`
    : `${answer.kind} ${answer.security}`;
}

async function ask(name: string, type: RrType): Promise<string> {
  return gist(await resolver.lookup(name, type));
}

describe('real DNS: answers', () => {
  it('DANE-7672-2.1.1-1: secure, insecure and bogus are told apart', async () => {
    assert.equal(await ask('mx1.secure.test', 'A'), 'records secure');
    assert.equal(await ask('mx1.insecure.test', 'A'), 'records insecure');
    assert.equal(await ask('mx1.bogus.test', 'A'), 'failure DNS_BOGUS');
  });

  it('DANE-6698-4.1-2: a bogus answer carries the result type dnssec-invalid', async () => {
    const answer = await resolver.lookup('bogus.test', 'MX');
    assert.ok(answer.kind === 'failure');
    assert.equal(answer.failure.resultType, 'dnssec-invalid');
    assert.ok(answer.extendedErrors?.some((error) => error.code >= 6 && error.code <= 12));
  });

  it('DANE-7672-2.1.1-4: denials are answers, with their security', async () => {
    assert.equal(await ask('missing.secure.test', 'A'), 'nxdomain secure');
    assert.equal(await ask('bare.secure.test', 'MX'), 'nodata secure');
    assert.equal(await ask('_25._tcp.mx5.secure.test', 'TLSA'), 'nxdomain secure');
    assert.equal(await ask('missing.insecure.test', 'A'), 'nxdomain insecure');
  });

  it('records arrive whole: MX, AAAA, TLSA', async () => {
    const mx = await resolver.lookup('secure.test', 'MX');
    assert.ok(mx.kind === 'records');
    assert.deepEqual(
      mx.records.toSorted((a, b) => a.preference - b.preference),
      [
        { preference: 10, exchange: 'mx1.secure.test' },
        { preference: 20, exchange: 'mx2.secure.test' },
      ],
    );
    const aaaa = await resolver.lookup('mx1.secure.test', 'AAAA');
    assert.deepEqual(aaaa.kind === 'records' && aaaa.records, ['::1']);
    const tlsa = await resolver.lookup('_25._tcp.mx1.secure.test', 'TLSA');
    assert.ok(tlsa.kind === 'records');
    const [record] = tlsa.records;
    assert.deepEqual([record?.usage, record?.selector, record?.matchingType], [3, 1, 1]);
    assert.equal(Buffer.from(record?.data ?? []).toString('hex'), DIGEST);
  });

  it('NMX-3-1: a null MX is the root name', async () => {
    const mx = await resolver.lookup('nomail.secure.test', 'MX');
    assert.deepEqual(mx.kind === 'records' && mx.records, [{ preference: 0, exchange: '' }]);
  });

  it('STS-3.1-14: strings of one TXT record are joined', async () => {
    const txt = await resolver.lookup('_mta-sts.secure.test', 'TXT');
    assert.deepEqual(txt.kind === 'records' && txt.records, ['v=STSv1; id=abc']);
  });

  it('an answer that does not fit UDP comes over TCP, still secure', async () => {
    const before = resolver.stats().tcpSent;
    const txt = await resolver.lookup('big.secure.test', 'TXT');
    assert.ok(txt.kind === 'records');
    assert.deepEqual(txt.records, [BIG_TXT.join('')]);
    assert.equal(txt.security, 'secure');
    assert.equal(resolver.stats().tcpSent, before + 1);
  });
});

describe('real DNS: CNAME chains', () => {
  const chainOf = async (name: string): Promise<readonly string[]> => {
    const answer = await resolver.lookup(name, 'A');
    return answer.chain.map(({ from, to, security }) => `${from} ${to} ${security}`);
  };

  it('DANE-7671-7-1: a secure chain is followed link by link', async () => {
    assert.deepEqual(await chainOf('alias.secure.test'), [
      'alias.secure.test hop.secure.test secure',
      'hop.secure.test mx1.secure.test secure',
    ]);
    assert.equal(await ask('alias.secure.test', 'A'), 'records secure');
  });

  it('DANE-7672-2.1.3-3: a secure link into an insecure zone is known to be secure', async () => {
    assert.equal(await ask('to-insecure.secure.test', 'A'), 'records insecure');
    assert.deepEqual(await chainOf('to-insecure.secure.test'), [
      'to-insecure.secure.test mx1.insecure.test secure',
    ]);
  });

  it('DANE-7672-2.1.3-2: after an insecure link nothing is secure', async () => {
    assert.equal(await ask('to-secure.insecure.test', 'A'), 'records insecure');
    assert.deepEqual(await chainOf('to-secure.insecure.test'), [
      'to-secure.insecure.test mx1.secure.test insecure',
    ]);
  });

  it('DANE-7672-2.1.3-1: an error in a chain fails the look-up', async () => {
    assert.equal(await ask('to-bogus.secure.test', 'A'), 'failure DNS_BOGUS');
    assert.match(await ask('loop.secure.test', 'A'), /^failure DNS_/);
  });

  it('a chain that leads nowhere is a denial', async () => {
    assert.equal(await ask('nowhere.secure.test', 'A'), 'nxdomain secure');
  });
});

describe('real DNS: self-test', () => {
  const names = { signed: 'secure.test', unsigned: 'insecure.test', bogus: 'bogus.test' };

  it('DANE-7672-2.1.1-1: a resolver that validates is recognised', async () => {
    const result = await runSelfTest({ resolver, names });
    assert.equal(result.conclusion, 'validating', result.reason);
    assert.deepEqual(
      result.steps.map((step) => step.got),
      ['secure', 'insecure', 'bogus'],
    );
  });

  it('DANE-7672-2.1.1-1: a server that does not validate is recognised', async () => {
    const oblivious = createResolver({ resolvers: [dns.authority] });
    try {
      const result = await runSelfTest({ resolver: oblivious, names });
      assert.equal(result.conclusion, 'not-validating', result.reason);
    } finally {
      oblivious.close();
    }
  });
});

describe('real DNS: decisions', () => {
  let engine: Engine;

  before(() => {
    const { value: config } = readConfig('');
    assert.ok(config !== undefined);
    engine = createEngine({ config, clock: systemClock, log: silentLog, resolver });
  });

  after(async () => {
    await engine?.close();
  });

  const decide = async (domain: string): Promise<TlsPolicy> => {
    const { policy } = await engine.decide({ kind: 'domain', domain, port: 25 });
    return policy;
  };

  const kinds = (policy: TlsPolicy): string[] =>
    policy.hosts.map((host) => `${host.host} ${host.requirement.kind}`);

  const firstHost = (policy: TlsPolicy): HostPolicy => {
    const [host] = policy.hosts;
    assert.ok(host !== undefined, policy.failure?.detail);
    return host;
  };

  it('DANE-7672-2.2-1, DANE-7672-2.2-2: each host has the demand of its own TLSA set', async () => {
    const policy = await decide('secure.test');
    assert.equal(policy.outcome, 'deliver');
    assert.deepEqual(kinds(policy), ['mx1.secure.test dane', 'mx2.secure.test encrypt']);
    assert.deepEqual(firstHost(policy).level, { mx: 'dnssec', tls: 'authenticated' });
    assert.deepEqual(firstHost(policy).addresses.toSorted(), ['127.0.0.11', '::1']);
  });

  it('DANE-7672-2.1.2-2, DANE-7672-2.2-4: a bogus TLSA set refuses its host', async () => {
    const policy = await decide('badtlsa.secure.test');
    assert.equal(policy.outcome, 'defer');
    assert.deepEqual(kinds(policy), ['mx3.secure.test refused']);
    const { requirement } = firstHost(policy);
    assert.ok(requirement.kind === 'refused');
    assert.equal(requirement.failure.resultType, 'dnssec-invalid');
  });

  it('DANE-7672-2.2-3: without secure TLSA records TLS is opportunistic', async () => {
    assert.deepEqual(kinds(await decide('insecure.test')), ['mx1.insecure.test opportunistic']);
    assert.deepEqual(kinds(await decide('nodane.secure.test')), ['mx5.secure.test opportunistic']);
    const elsewhere = await decide('elsewhere.secure.test');
    assert.deepEqual(kinds(elsewhere), ['mx1.insecure.test opportunistic']);
  });

  it('DANE-7672-2.2.1-4, DANE-7672-2.2.1-5: TLSA behind an insecure MX counts, the domain is not authenticated', async () => {
    const policy = await decide('mixed.insecure.test');
    assert.deepEqual(kinds(policy), ['mx1.secure.test dane']);
    assert.equal(firstHost(policy).level.mx, 'none');
  });

  it('DANE-7672-2.2.2-3, DANE-7672-8.1-1: a secure chain makes its end the base domain and SNI', async () => {
    const host = firstHost(await decide('aliased.secure.test'));
    assert.ok(host.requirement.kind === 'dane');
    assert.equal(host.requirement.dane.baseDomain, 'mx1.secure.test');
    assert.equal(host.servername, 'mx1.secure.test');
  });

  it('DANE-7672-2.2.2-3: a secure name with an insecure end keeps its own TLSA records', async () => {
    const host = firstHost(await decide('halfway.secure.test'));
    assert.ok(host.requirement.kind === 'dane', host.why);
    assert.equal(host.requirement.dane.baseDomain, 'to-insecure.secure.test');
  });

  it('DANE-7672-2.2.3-3: a TLSA name that is a CNAME keeps the base domain', async () => {
    const host = firstHost(await decide('sharedtlsa.secure.test'));
    assert.ok(host.requirement.kind === 'dane');
    assert.equal(host.requirement.dane.baseDomain, 'mx4.secure.test');
  });

  it('DANE-7672-2.1.2-1: hosts that cannot be found safely mean waiting', async () => {
    const policy = await decide('bogus.test');
    assert.equal(policy.outcome, 'defer');
    assert.equal(policy.failure?.code, 'POLICY_MX_LOOKUP_FAILED');
    assert.equal(policy.failure.resultType, 'dnssec-invalid');
  });

  it('NMX-3-1, SMTP-5.1-1: null MX and unknown domains are final', async () => {
    assert.equal((await decide('nomail.secure.test')).outcome, 'fail');
    assert.equal((await decide('missing.secure.test')).outcome, 'fail');
  });

  it('SMTP-5.1-2: without MX the domain is the host', async () => {
    assert.deepEqual(kinds(await decide('bare.secure.test')), ['bare.secure.test opportunistic']);
  });
});
