import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { mapResolver, type MapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import type { Resolver } from '../dns/types.ts';
import { evaluate } from './evaluate.ts';
import { KNOBS, NOW, TLSA } from './evidence.fixture.ts';
import { gather, type GatherOptions } from './gather.ts';
import type { NextHop } from './next-hop.ts';
import { fakePolicies, type FakePolicies } from './policies.fixture.ts';
import type { Evidence } from './types.ts';

const D: NextHop = { kind: 'domain', domain: 'd.test', port: 25 };

interface Gathered {
  readonly evidence: Evidence;
  readonly resolver: MapResolver;
  readonly policies: FakePolicies;
}

async function run(
  world: MapWorld,
  nextHop: NextHop = D,
  options: Partial<GatherOptions> = {},
): Promise<Gathered> {
  const clock = new FakeClock(NOW);
  const resolver = mapResolver({ secure: ['test'], clock, ...world });
  const policies = fakePolicies();
  const evidence = await gather(
    nextHop,
    { resolver, policies, clock },
    { knobs: KNOBS, ...options },
  );
  return { evidence, resolver, policies };
}

/** `d.test` with two hosts, the first with TLSA. */
const TWO_HOSTS: MapWorld['records'] = {
  'd.test': {
    MX: [
      { preference: 20, exchange: 'mx2.d.test' },
      { preference: 10, exchange: 'mx1.d.test' },
    ],
  },
  'mx1.d.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
  'mx2.d.test': { A: ['192.0.2.2'] },
  '_25._tcp.mx1.d.test': { TLSA: [TLSA] },
};

describe('gather', () => {
  it('DANE-7672-2.2.1-6: collects MX, addresses, TLSA and the STS status, told which MX hosts are live', async () => {
    const { evidence, policies } = await run({ records: TWO_HOSTS });
    assert.equal(evidence.hostsFrom, 'mx');
    assert.equal(evidence.mxSecurity, 'secure');
    assert.deepEqual(
      evidence.hosts.map(({ host, preference, dane }) => [host, preference, dane?.state.kind]),
      [
        ['mx1.d.test', 10, 'usable'],
        ['mx2.d.test', 20, 'absent'],
      ],
    );
    assert.deepEqual(policies.asked, ['lookup d.test mx1.d.test,mx2.d.test']);
    assert.equal(evidence.sts?.kind, 'none');
    assert.equal(evidence.gatheredAt, NOW);
  });

  it('DANE-7672-2.2.2-1: addresses are asked before TLSA', async () => {
    const { resolver } = await run({ records: TWO_HOSTS });
    const at = (question: string): number => resolver.asked.indexOf(question);
    const tlsa = at('_25._tcp.mx1.d.test/TLSA');
    assert.ok(tlsa > at('mx1.d.test/A') && tlsa > at('mx1.d.test/AAAA'));
    assert.ok(at('mx1.d.test/A') > at('d.test/MX'));
  });

  it('DANE-7672-2.2.2-2: an insecure address asks no TLSA', async () => {
    const { resolver, evidence } = await run({ records: TWO_HOSTS, insecure: ['mx1.d.test'] });
    assert.equal(resolver.count('_25._tcp.mx1.d.test', 'TLSA'), 0);
    assert.equal(evidence.hosts[0]?.dane?.state.kind, 'absent');
  });

  it('DANE-7672-2.2.1-4: with an insecure MX, TLSA is asked or not as the operator wishes', async () => {
    const records: MapWorld['records'] = {
      'unsigned.test': { MX: [{ preference: 10, exchange: 'mx1.d.test' }] },
      'mx1.d.test': { A: ['192.0.2.1'] },
      '_25._tcp.mx1.d.test': { TLSA: [TLSA] },
    };
    const hop: NextHop = { kind: 'domain', domain: 'unsigned.test', port: 25 };
    const world = { records, insecure: ['unsigned.test'] };
    const asked = await run(world, hop);
    assert.equal(asked.evidence.mxSecurity, 'insecure');
    assert.equal(asked.evidence.hosts[0]?.dane?.state.kind, 'usable');
    const spared = await run(world, hop, { knobs: { daneWithInsecureMx: false } });
    assert.equal(spared.resolver.count('_25._tcp.mx1.d.test', 'TLSA'), 0);
    assert.equal(spared.evidence.hosts[0]?.dane, undefined);
  });

  it('DANE-7672-2.2.3-1: the port is part of the TLSA owner', async () => {
    const { resolver } = await run({ records: TWO_HOSTS }, { ...D, port: 2525 });
    assert.ok(resolver.asked.includes('_2525._tcp.mx1.d.test/TLSA'));
    assert.ok(!resolver.asked.includes('_25._tcp.mx1.d.test/TLSA'));
  });

  it('DANE-7672-2.2.1-2, STS-3.4-R1: a CNAME at the next hop leads to MX; the policy domain stays', async () => {
    const records = { 'alias.test': { CNAME: ['d.test'] }, ...TWO_HOSTS };
    const hop: NextHop = { kind: 'domain', domain: 'alias.test', port: 25 };
    const { evidence, policies } = await run({ records }, hop);
    assert.equal(evidence.expandedDomain, 'd.test');
    assert.equal(evidence.hosts.length, 2);
    assert.deepEqual(policies.asked, ['lookup alias.test mx1.d.test,mx2.d.test']);
    const insecure = await run({ records, insecure: ['alias.test'] }, hop);
    assert.equal(insecure.evidence.expandedDomain, undefined);
    assert.equal(insecure.evidence.mxSecurity, 'insecure');
  });

  it('NMX-3-1, STS-3.4-R3: null MX: no address, no policy', async () => {
    const records = { 'd.test': { MX: [{ preference: 0, exchange: '' }], A: ['192.0.2.1'] } };
    const { evidence, resolver, policies } = await run({ records });
    assert.equal(evidence.hostsFrom, 'null-mx');
    assert.deepEqual(resolver.asked, ['d.test/MX']);
    assert.deepEqual(policies.asked, []);
    assert.equal(evidence.sts, undefined);
  });

  it('SMTP-5.1-2: no MX: the domain itself, with its own TLSA', async () => {
    const records = { 'd.test': { A: ['192.0.2.1'] }, '_25._tcp.d.test': { TLSA: [TLSA] } };
    const { evidence, policies } = await run({ records });
    assert.equal(evidence.hostsFrom, 'implicit');
    assert.equal(evidence.hosts[0]?.host, 'd.test');
    assert.equal(evidence.hosts[0].dane?.state.kind, 'usable');
    assert.deepEqual(policies.asked, ['lookup d.test d.test']);
  });

  it('SMTP-5.1-3: MX records that lead nowhere never lead to the domain itself', async () => {
    const records = {
      'd.test': { MX: [{ preference: 10, exchange: 'gone.d.test' }], A: ['192.0.2.1'] },
    };
    const { evidence, resolver } = await run({ records });
    assert.equal(resolver.count('d.test', 'A'), 0);
    assert.equal(evaluate(evidence, KNOBS).outcome, 'defer');
  });

  it('NXDOMAIN and a failing MX ask nothing further', async () => {
    const nowhere = await run({ records: {} });
    assert.equal(nowhere.evidence.hostsFrom, 'nothing');
    const failing = await run({ records: TWO_HOSTS, failing: { 'd.test/MX': 'bogus' } });
    assert.equal(failing.evidence.mx?.kind, 'failure');
    for (const { resolver, policies } of [nowhere, failing]) {
      assert.deepEqual(resolver.asked, ['d.test/MX']);
      assert.deepEqual(policies.asked, []);
    }
  });

  it('DANE-7672-2.1.2-2: a failing TLSA look-up refuses that host alone', async () => {
    const failing = { '_25._tcp.mx1.d.test': 'servfail' } as const;
    const { evidence } = await run({ records: TWO_HOSTS, failing });
    const { hosts, outcome } = evaluate(evidence, KNOBS);
    assert.equal(outcome, 'deliver');
    assert.deepEqual(
      hosts.map(({ requirement }) => requirement.kind),
      ['refused', 'opportunistic'],
    );
  });

  it('DANE-7672-2.2-6: an address in an MX record is not looked up', async () => {
    const records = { 'd.test': { MX: [{ preference: 10, exchange: '192.0.2.7' }] } };
    const { evidence, resolver } = await run({ records });
    assert.deepEqual(resolver.asked, ['d.test/MX']);
    assert.equal(evaluate(evidence, KNOBS).hosts[0]?.requirement.kind, 'refused');
  });

  it('STS-3.4-2: an address literal asks nothing at all', async () => {
    const { evidence, resolver, policies } = await run(
      { records: {} },
      { kind: 'address', address: '192.0.2.1', port: 25 },
    );
    assert.deepEqual(resolver.asked, []);
    assert.deepEqual(policies.asked, []);
    assert.equal(evidence.hostsFrom, 'address-literal');
    assert.equal(evaluate(evidence, KNOBS).outcome, 'deliver');
  });

  it('STS-3.4-1: a smart host asks no MX; policy and TLSA are its own', async () => {
    const { evidence, resolver, policies } = await run(
      { records: { 'relay.test': { A: ['192.0.2.1'] }, '_587._tcp.relay.test': { TLSA: [TLSA] } } },
      { kind: 'host', host: 'relay.test', port: 587 },
    );
    assert.equal(resolver.count('relay.test', 'MX'), 0);
    assert.deepEqual(policies.asked, ['lookup relay.test relay.test']);
    const [host] = evaluate(evidence, KNOBS).hosts;
    assert.equal(host?.requirement.kind, 'dane');
    assert.deepEqual(host.level, { mx: 'dnssec', tls: 'authenticated' });
  });

  it('looks up at most a few hosts at once', async () => {
    let running = 0;
    let most = 0;
    const hosts = Array.from({ length: 30 }, (_, index) => `mx${index}.d.test`);
    const inner = mapResolver({
      secure: ['test'],
      records: {
        'd.test': { MX: hosts.map((exchange) => ({ preference: 10, exchange })) },
        ...Object.fromEntries(hosts.map((host) => [host, { A: ['192.0.2.1'] }])),
      },
    });
    const resolver: Resolver = {
      async lookup(name, type, options) {
        if (type === 'A') most = Math.max(most, (running += 1));
        await settle();
        const answer = await inner.lookup(name, type, options);
        if (type === 'A') running -= 1;
        return answer;
      },
    };
    const clock = new FakeClock(NOW);
    const deps = { resolver, policies: fakePolicies(), clock };
    const evidence = await gather(D, deps, { knobs: KNOBS, concurrency: 3 });
    assert.deepEqual(
      evidence.hosts.map(({ host }) => host),
      hosts,
    );
    assert.equal(most, 3);
  });

  it('what has not come in when time is up counts as failed', async () => {
    const inner = mapResolver({ secure: ['test'], records: TWO_HOSTS });
    const resolver: Resolver = {
      lookup: async (name, type, options) =>
        name === 'mx1.d.test'
          ? await new Promise<never>(() => undefined)
          : await inner.lookup(name, type, options),
    };
    const clock = new FakeClock(NOW);
    const pending = gather(D, { resolver, policies: fakePolicies(), clock }, { knobs: KNOBS });
    await clock.advance(60_000);
    const { hosts, outcome } = evaluate(await pending, KNOBS);
    assert.equal(outcome, 'deliver');
    assert.ok(hosts[0]?.requirement.kind === 'refused');
    assert.equal(hosts[0].requirement.failure.code, 'POLICY_ADDRESS_LOOKUP_FAILED');
    assert.equal(clock.waiting, 0);
  });

  it('hosts of which none answers are not all waited for', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `mx${index}.dark.test`);
    const MX = names.map((exchange, preference) => ({ preference, exchange }));
    const failing = Object.fromEntries(names.map((name) => [name, 'timeout' as const]));
    const { evidence, resolver } = await run({ records: { 'd.test': { MX } }, failing });
    assert.equal(evidence.hosts.length, 60);
    const asked = names.filter((name) => resolver.count(name, 'A') > 0);
    assert.ok(asked.length < 16, `${asked.length} hosts were asked for`);
    const last = evidence.hosts.at(-1);
    assert.ok(last?.a?.kind === 'failure' && last.a.failure.code === 'POLICY_GATHER_TIMEOUT');
  });
});
