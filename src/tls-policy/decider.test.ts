import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import { createDecider, type Decider } from './decider.ts';
import { KNOBS, NOW, stsPolicy } from './evidence.fixture.ts';
import type { NextHop } from './next-hop.ts';
import { fakeOverrides, override, UNTIL } from './overrides.fixture.ts';
import { fakePolicies } from './policies.fixture.ts';

const HOP: NextHop = { kind: 'domain', domain: 'example.test', port: 25 };

function world() {
  const clock = new FakeClock(NOW);
  const resolver = mapResolver({
    clock,
    secure: [],
    ttl: 60,
    records: {
      'example.test': { MX: [{ preference: 10, exchange: 'mx1.example.test' }] },
      'mx1.example.test': { A: ['192.0.2.1'] },
    },
  });
  const policies = fakePolicies();
  const overrides = fakeOverrides(clock);
  const decider: Decider = createDecider({
    resolver,
    policies,
    clock,
    settings: { knobs: KNOBS, firstContactMs: 5000 },
    overrides,
    port: 25,
  });
  return { clock, resolver, policies, overrides, decider };
}

describe('createDecider', () => {
  it('a decision is at hand until its evidence grows stale', async () => {
    const { decider, clock, resolver } = world();
    assert.equal(decider.warm('example.test'), undefined);
    const record = await decider.decide(HOP);
    assert.equal(decider.warm('example.test'), record.policy);
    assert.equal(await decider.decide(HOP), record);
    assert.equal(resolver.count('example.test', 'MX'), 1);
    await clock.advance(60_000);
    assert.equal(decider.warm('example.test'), undefined);
    assert.notEqual(await decider.decide(HOP), record);
    assert.equal(resolver.count('example.test', 'MX'), 2);
  });

  it('TLS-3207-6-1: mail by a route that asks for more has a decision of its own', async () => {
    const { decider, resolver } = world();
    const encrypt = { kind: 'encrypt', route: '*', because: 'setting' } as const;
    const verify = { kind: 'verify', route: '*', because: 'setting' } as const;
    const [plain, one, two] = await Promise.all([
      decider.decide(HOP),
      decider.decide(HOP, { demand: encrypt }),
      decider.decide(HOP, { demand: verify }),
    ]);
    const kinds = [plain, one, two].map(({ policy }) => policy.hosts[0]?.requirement.kind);
    assert.deepEqual(kinds, ['opportunistic', 'encrypt', 'pkix']);
    assert.deepEqual(one.evidence.demand, encrypt);
    const asked = resolver.count('example.test', 'MX');
    assert.equal(await decider.decide(HOP, { demand: encrypt }), one);
    assert.equal(await decider.decide(HOP), plain);
    assert.equal(decider.warm('example.test'), plain.policy);
    assert.equal(resolver.count('example.test', 'MX'), asked);
    decider.forget('example.test');
    assert.notEqual(await decider.decide(HOP, { demand: encrypt }), one);
  });

  it('equal questions under way are asked once', async () => {
    const { decider, resolver } = world();
    const records = await Promise.all(Array.from({ length: 50 }, async () => decider.decide(HOP)));
    assert.equal(new Set(records).size, 1);
    assert.equal(resolver.count('example.test', 'MX'), 1);
  });

  it('who waits less for a policy is not held up by one who waits longer', async () => {
    const { decider, policies } = world();
    const slow = Promise.withResolvers<StsStatus>();
    const atOnce = policies.lookup;
    policies.lookup = async (domain, options) =>
      options?.budgetMs === 10 ? await atOnce(domain, options) : await slow.promise;
    const patient = decider.decide(HOP);
    const hasty = await decider.decide(HOP, { budgetMs: 10 });
    assert.equal(hasty.evidence.sts?.kind, 'none');
    policies.now.set('example.test', stsPolicy('enforce'));
    slow.resolve(stsPolicy('enforce'));
    assert.equal((await patient).policy.sts?.mode, 'enforce');
    assert.equal(decider.warm('example.test')?.sts?.mode, 'enforce');
  });

  it('a fresh decision replaces the one at hand', async () => {
    const { decider } = world();
    const old = await decider.decide(HOP);
    const fresh = await decider.decide(HOP, { fresh: true });
    assert.notEqual(fresh, old);
    assert.equal(decider.warm('example.test'), fresh.policy);
  });

  it('another port and a smart host of the same name are other questions', async () => {
    const { decider } = world();
    const domain = await decider.decide(HOP);
    const port = await decider.decide({ ...HOP, port: 587 });
    const host = await decider.decide({ kind: 'host', host: 'example.test', port: 25 });
    assert.equal(new Set([domain, port, host]).size, 3);
    assert.equal(decider.warm('example.test'), domain.policy);
  });

  it('a changed STS policy drops the decisions made of the old one', async () => {
    const { decider, policies } = world();
    const before = await decider.decide(HOP);
    assert.equal(before.policy.hosts[0]?.requirement.kind, 'opportunistic');
    policies.now.set('example.test', stsPolicy('enforce'));
    decider.forget('example.test');
    assert.equal(decider.warm('example.test'), undefined);
    const after = await decider.decide(HOP);
    assert.equal(after.policy.hosts[0]?.requirement.kind, 'sts');
  });

  it('STS-5-1: a policy that arrives while DNS is slow counts for the decision under way', async () => {
    const { decider, policies, resolver } = world();
    const lookup = resolver.lookup.bind(resolver);
    resolver.lookup = async (name, type, options) => {
      const answer = await lookup(name, type, options);
      // The policy arrives after it was asked for, while addresses are still being looked up.
      if (type === 'AAAA') policies.now.set('example.test', stsPolicy('enforce'));
      return answer;
    };
    const lookedUp = policies.lookup.bind(policies);
    policies.lookup = async (domain, options) => {
      const status = await lookedUp(domain, options);
      return policies.now.has(domain)
        ? { kind: 'none', failure: { code: 'STS_RECORD_NONE', detail: '' } }
        : status;
    };
    const { evidence, policy } = await decider.decide(HOP);
    assert.equal(evidence.sts?.kind, 'policy');
    assert.equal(policy.hosts[0]?.requirement.kind, 'sts');
  });

  it('a decision that was being made when all was forgotten is not kept', async () => {
    const { decider, resolver } = world();
    const lookup = resolver.lookup.bind(resolver);
    resolver.lookup = async (name, type, options) => {
      const answer = await lookup(name, type, options);
      if (type === 'AAAA') decider.forget();
      return answer;
    };
    await decider.decide(HOP);
    assert.equal(decider.warm('example.test'), undefined);
  });

  it('F6: skip asks neither for TLSA records nor for a policy, and says so in the record', async () => {
    const { decider, policies, overrides, resolver } = world();
    overrides.now.set('example.test', override('skip'));
    policies.now.set('example.test', stsPolicy('enforce'));
    const record = await decider.decide(HOP);
    assert.deepEqual(policies.asked, []);
    assert.equal(resolver.count('_25._tcp.mx1.example.test', 'TLSA'), 0);
    assert.deepEqual(record.evidence.override, override('skip'));
    assert.equal(record.policy.hosts[0]?.requirement.kind, 'opportunistic');
    assert.equal(decider.warm('example.test'), record.policy);
  });

  it('a pinned policy is in force without a question, and its decision is kept', async () => {
    const { decider, policies, overrides } = world();
    overrides.now.set('example.test', override('pin'));
    const record = await decider.decide(HOP);
    assert.deepEqual(policies.asked, []);
    assert.equal(record.policy.hosts[0]?.requirement.kind, 'sts');
    const { sts } = record.evidence;
    assert.ok(sts?.kind === 'policy');
    assert.deepEqual([sts.active.source, sts.active.expiresAt], ['pinned', UNTIL]);
    assert.equal(decider.warm('example.test'), record.policy);
  });

  it('an override that came while DNS was being asked: the decision of before is not kept', async () => {
    const { decider, overrides, resolver } = world();
    const lookup = resolver.lookup.bind(resolver);
    resolver.lookup = async (name, type, options) => {
      if (type === 'AAAA') overrides.now.set('example.test', override('require-tls'));
      return await lookup(name, type, options);
    };
    const before = await decider.decide(HOP);
    assert.equal(before.policy.hosts[0]?.requirement.kind, 'opportunistic');
    assert.equal(decider.warm('example.test'), undefined);
    const after = await decider.decide(HOP);
    assert.equal(after.policy.hosts[0]?.requirement.kind, 'encrypt');
  });

  it('who asks after a change is not answered by what was begun before it', async () => {
    const { decider, overrides, resolver } = world();
    const lookup = resolver.lookup.bind(resolver);
    let open = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    resolver.lookup = async (name, type, options) => {
      await held;
      return await lookup(name, type, options);
    };
    const before = decider.decide(HOP);
    overrides.now.set('example.test', override('require-tls'));
    const after = decider.decide(HOP);
    decider.configure({ knobs: { ...KNOBS, enforceTesting: true }, firstContactMs: 5000 });
    const last = decider.decide(HOP);
    open();
    const kinds = (await Promise.all([before, after, last])).map(({ policy, knobs }) => [
      policy.hosts[0]?.requirement.kind,
      knobs.enforceTesting,
    ]);
    assert.deepEqual(kinds, [
      ['opportunistic', false],
      ['encrypt', false],
      ['encrypt', true],
    ]);
    assert.equal(decider.warm('example.test'), (await last).policy);
  });

  it('an override ends by the clock, and the decision with it', async () => {
    const { decider, overrides, clock } = world();
    overrides.now.set('example.test', { ...override('require-tls'), until: NOW + 20_000 });
    const during = await decider.decide(HOP);
    assert.equal(during.policy.hosts[0]?.requirement.kind, 'encrypt');
    await clock.advance(20_000);
    assert.equal(decider.warm('example.test'), undefined);
    const after = await decider.decide(HOP);
    assert.equal(after.evidence.override, undefined);
    assert.equal(after.policy.hosts[0]?.requirement.kind, 'opportunistic');
  });

  it('an override is for its policy domain: a smart host has its own, an address none', async () => {
    const { decider, overrides } = world();
    overrides.now.set('example.test', override('skip'));
    const host = await decider.decide({ kind: 'host', host: 'mx1.example.test', port: 25 });
    assert.equal(host.evidence.override, undefined);
    const same = await decider.decide({ kind: 'host', host: 'example.test', port: 25 });
    assert.equal(same.evidence.override?.kind, 'skip');
    const address = await decider.decide({ kind: 'address', address: '192.0.2.1', port: 25 });
    assert.equal(address.evidence.override, undefined);
  });

  it('I5: new settings make decisions anew', async () => {
    const { decider, policies } = world();
    policies.now.set('example.test', stsPolicy('testing'));
    const before = await decider.decide(HOP);
    assert.equal(before.policy.hosts[0]?.requirement.kind, 'opportunistic');
    decider.configure({ knobs: { ...KNOBS, enforceTesting: true }, firstContactMs: 5000 });
    assert.equal(decider.warm('example.test'), undefined);
    const after = await decider.decide(HOP);
    assert.equal(after.policy.hosts[0]?.requirement.kind, 'sts');
    assert.equal(after.knobs.enforceTesting, true);
  });

  it('who stops waiting is let go; closing forgets everything', async () => {
    const { decider } = world();
    await assert.rejects(
      decider.decide(HOP, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
    await decider.decide(HOP);
    await decider.close();
    assert.equal(decider.warm('example.test'), undefined);
  });
});
