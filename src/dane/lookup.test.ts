import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver, type MapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import type { Tlsa } from '../dns/types.ts';
import { baseDomains } from './base-domain.ts';
import { lookUpDane } from './lookup.ts';
import type { DaneEvidence } from './types.ts';

const MX = 'mx.example.test';
const GOOD: Tlsa = { usage: 3, selector: 1, matchingType: 1, data: new Uint8Array(32) };
const UNUSABLE: Tlsa = { ...GOOD, usage: 1 };

const resolverFor = (world: MapWorld): MapResolver =>
  mapResolver({ clock: new FakeClock(), ...world });

/** Addresses first, as a caller does, then DANE. */
async function look(resolver: MapResolver, host = MX, port = 25): Promise<DaneEvidence> {
  const a = await resolver.lookup(host, 'A');
  const aaaa = await resolver.lookup(host, 'AAAA');
  return await lookUpDane({ resolver, host, port, a, aaaa });
}

const tlsaQuestions = ({ asked }: MapResolver): string[] =>
  asked.filter((question) => question.endsWith('/TLSA'));

const A = { A: ['192.0.2.1'] };
const signed: MapWorld = {
  records: { [MX]: A, [`_25._tcp.${MX}`]: { TLSA: [GOOD] } },
  secure: ['test'],
};

describe('lookUpDane: what an answer means', () => {
  it('DANE-7672-2.2-1: a secure RRset with a usable record', async () => {
    const { state, tlsaAnswers } = await look(resolverFor({ ...signed, ttl: 77 }));
    assert.deepEqual(state, {
      kind: 'usable',
      baseDomain: MX,
      records: [GOOD],
      usable: [GOOD],
      ttl: 77,
    });
    assert.equal(tlsaAnswers.length, 1);
  });

  it('DANE-7672-2.2-1: usable records count, and unusable ones beside them do not', async () => {
    const records = { ...signed.records, [`_25._tcp.${MX}`]: { TLSA: [UNUSABLE, GOOD] } };
    const { state } = await look(resolverFor({ ...signed, records }));
    assert.ok(state.kind === 'usable');
    assert.deepEqual(state.records, [UNUSABLE, GOOD]);
    assert.deepEqual(state.usable, [GOOD]);
  });

  it('DANE-7672-2.2-2, DANE-7672-2.2.3-4, DANE-7672-3.1-1, DANE-7671-10.3-1: only unusable records', async () => {
    const records = { ...signed.records, [`_25._tcp.${MX}`]: { TLSA: [UNUSABLE] } };
    const { state } = await look(resolverFor({ ...signed, records }));
    assert.ok(state.kind === 'unusable');
    assert.equal(state.baseDomain, MX);
    assert.equal(state.failure.code, 'DANE_ALL_UNUSABLE');
    assert.equal(state.failure.resultType, 'tlsa-invalid');
    assert.match(state.failure.detail, /1 1 1 0000.*usage 1 \(PKIX\)/);
  });

  it('DANE-7672-2.2-3, DANE-7672-2.1.1-4: a secure denial means no DANE, which is no fault', async () => {
    const nodata = await look(
      resolverFor({ records: { [MX]: A, [`_25._tcp.${MX}`]: {} }, secure: ['test'] }),
    );
    const nxdomain = await look(resolverFor({ records: { [MX]: A }, secure: ['test'] }));
    for (const { state } of [nodata, nxdomain]) {
      assert.ok(state.kind === 'absent');
      assert.equal(state.failure.code, 'DANE_TLSA_NONE');
      assert.equal(state.failure.resultType, undefined);
    }
  });

  it('DANE-7672-2.2-3, DANE-7672-2.1.1-3, DANE-6698-4.1-2: insecure TLSA records are as good as none', async () => {
    const { state } = await look(resolverFor({ ...signed, insecure: [`_tcp.${MX}`] }));
    assert.ok(state.kind === 'absent');
    assert.equal(state.failure.code, 'DANE_TLSA_INSECURE');
  });

  it('DANE-7672-2.2-4, DANE-7672-2.1.2-2, DANE-7672-2.1.1-2: a TLSA look-up that fails makes the host unreachable', async () => {
    for (const how of ['servfail', 'timeout', 'bogus'] as const) {
      const failing = { [`_25._tcp.${MX}`]: how };
      const { state, tlsaAnswers } = await look(resolverFor({ ...signed, failing }));
      assert.ok(state.kind === 'failed', how);
      assert.equal(state.failure.resultType, 'dnssec-invalid');
      assert.equal(tlsaAnswers[0]?.kind, 'failure');
      const code = how === 'bogus' ? 'DANE_TLSA_BOGUS' : 'DANE_TLSA_LOOKUP_FAILED';
      assert.equal(state.failure.code, code);
    }
  });

  it('DANE-6698-8.2-1: asks the resolver every time, and passes on what is asked of it', async () => {
    const resolver = resolverFor(signed);
    await look(resolver);
    await look(resolver);
    assert.equal(tlsaQuestions(resolver).length, 2);
    const a = await resolver.lookup(MX, 'A');
    const seen: unknown[] = [];
    const listening = {
      lookup: (...question: Parameters<MapResolver['lookup']>) => {
        seen.push(question[2]);
        return resolver.lookup(...question);
      },
    } as MapResolver;
    const { signal } = new AbortController();
    await lookUpDane({
      resolver: listening,
      host: MX,
      port: 25,
      a,
      aaaa: undefined,
      fresh: true,
      signal,
    });
    assert.deepEqual(seen, [{ fresh: true, signal }]);
  });
});

describe('lookUpDane: addresses', () => {
  it('DANE-7672-2.2.2-2: G19: no TLSA question where the addresses are insecure', async () => {
    const resolver = resolverFor({ ...signed, secure: [] });
    const { state, tlsaAnswers } = await look(resolver);
    assert.ok(state.kind === 'absent');
    assert.equal(state.failure.code, 'DANE_ADDRESS_INSECURE');
    assert.deepEqual(tlsaQuestions(resolver), []);
    assert.deepEqual(tlsaAnswers, []);
  });

  it('DANE-7672-2.2.2-1: the addresses are known before any TLSA question', async () => {
    const resolver = resolverFor(signed);
    await look(resolver);
    assert.deepEqual(resolver.asked, [`${MX}/A`, `${MX}/AAAA`, `_25._tcp.${MX}/TLSA`]);
  });

  it('DANE-7672-2.1.2-2: G9: one family that answers securely is enough', async () => {
    const ipv6 = { AAAA: ['2001:db8::1'] };
    for (const [records, family] of [
      [A, 'AAAA'],
      [ipv6, 'A'],
    ] as const) {
      const failing = { [`${MX}/${family}`]: 'servfail' } as const;
      const world = { ...signed, records: { ...signed.records, [MX]: records }, failing };
      assert.equal((await look(resolverFor(world))).state.kind, 'usable');
    }
  });

  it('DANE-7672-2.1.2-2: no family that answers with addresses, and one that fails: unreachable', async () => {
    const failing = { [`${MX}/A`]: 'bogus' } as const;
    const resolver = resolverFor({ ...signed, failing });
    const { state } = await look(resolver);
    assert.ok(state.kind === 'failed');
    assert.equal(state.failure.code, 'DANE_ADDRESS_LOOKUP_FAILED');
    assert.equal(state.failure.resultType, 'dnssec-invalid');
    assert.deepEqual(tlsaQuestions(resolver), []);
    const slow = await look(resolverFor({ ...signed, failing: { [MX]: 'timeout' } }));
    assert.ok(slow.state.kind === 'failed');
    assert.equal(slow.state.failure.resultType, undefined);
  });

  it('a host without addresses is not asked about', async () => {
    const { state } = await look(resolverFor({ records: {}, secure: ['test'] }));
    assert.ok(state.kind === 'absent');
    assert.equal(state.failure.code, 'DANE_NO_ADDRESS');
    assert.equal(baseDomains([undefined, undefined]).kind, 'no-address');
  });

  it('DANE-6698-3-1, DANE-7672-2.2.3-1: the real port is in the owner name', async () => {
    const resolver = resolverFor(signed);
    const { state } = await look(resolver, MX, 2525);
    assert.deepEqual(tlsaQuestions(resolver), [`_2525._tcp.${MX}/TLSA`]);
    assert.equal(state.kind, 'absent');
  });

  it('a name so long that no TLSA owner name fits has no TLSA records', async () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.test`;
    const resolver = resolverFor({ records: { [long]: A }, secure: ['test'] });
    assert.equal((await look(resolver, long)).state.kind, 'absent');
    assert.deepEqual(tlsaQuestions(resolver), []);
  });
});

describe('lookUpDane: CNAME', () => {
  const ALIAS = 'mx.alias.test';
  const END = 'host.end.test';
  const zones = ['alias.test', 'middle.test', 'end.test'];
  /** mx.alias.test → hop.middle.test → host.end.test, with TLSA at the names given. */
  const chained = (tlsaAt: readonly string[], insecure: readonly string[] = []): MapResolver =>
    resolverFor({
      records: {
        [ALIAS]: { CNAME: ['hop.middle.test'] },
        'hop.middle.test': { CNAME: [END] },
        [END]: A,
        ...Object.fromEntries(tlsaAt.map((name) => [`_25._tcp.${name}`, { TLSA: [GOOD] }])),
      },
      secure: zones,
      insecure,
    });
  const baseOf = ({ state }: DaneEvidence): string =>
    state.kind === 'usable' ? state.baseDomain : state.kind;

  it('DANE-7672-2.2.2-3, DANE-7671-7-1: four kinds of chain, four lists of candidates', async () => {
    const candidates = async (resolver: MapResolver, host: string): Promise<unknown> => {
      const found = baseDomains([await resolver.lookup(host, 'A'), undefined]);
      return found.kind === 'candidates' ? found.names : found.kind;
    };
    assert.deepEqual(await candidates(resolverFor(signed), MX), [MX]);
    assert.deepEqual(await candidates(chained([]), ALIAS), [END, ALIAS]);
    assert.deepEqual(await candidates(chained([], ['middle.test']), ALIAS), [ALIAS]);
    assert.deepEqual(await candidates(chained([], ['end.test']), ALIAS), [ALIAS]);
    assert.deepEqual(await candidates(chained([], ['alias.test']), ALIAS), 'insecure');
  });

  it('DANE-7672-2.2.2-3: of two families the one that is secure to the end decides', async () => {
    const whole = await chained([]).lookup(ALIAS, 'A');
    const broken = await chained([], ['end.test']).lookup(ALIAS, 'A');
    const none = await chained([], ['alias.test']).lookup(ALIAS, 'A');
    for (const answers of [
      [whole, broken],
      [broken, whole],
      [none, whole],
    ]) {
      assert.deepEqual(baseDomains(answers), { kind: 'candidates', names: [END, ALIAS] });
    }
  });

  it('DANE-7672-2.2.3-2, DANE-7671-7-2: the end of a secure chain comes first, the name itself second', async () => {
    const both = chained([END, ALIAS]);
    assert.equal(baseOf(await look(both, ALIAS)), END);
    assert.deepEqual(tlsaQuestions(both), [`_25._tcp.${END}/TLSA`]);
    const second = chained([ALIAS]);
    assert.equal(baseOf(await look(second, ALIAS)), ALIAS);
    assert.deepEqual(tlsaQuestions(second), [`_25._tcp.${END}/TLSA`, `_25._tcp.${ALIAS}/TLSA`]);
  });

  it('DANE-7672-2.2.3-2: a name in the middle of the chain is never asked at', async () => {
    const resolver = chained(['hop.middle.test']);
    assert.equal(baseOf(await look(resolver, ALIAS)), 'absent');
    assert.ok(!tlsaQuestions(resolver).includes('_25._tcp.hop.middle.test/TLSA'));
  });

  it('DANE-7672-2.2.2-2, DANE-7672-2.1.3-3: G18: a secure alias into an unsigned zone: TLSA at the alias', async () => {
    const resolver = chained([END, ALIAS], ['end.test']);
    assert.equal(baseOf(await look(resolver, ALIAS)), ALIAS);
    assert.deepEqual(tlsaQuestions(resolver), [`_25._tcp.${ALIAS}/TLSA`]);
  });

  it('DANE-7672-2.1.3-2: one insecure link makes the end insecure, signed as it may be', async () => {
    const resolver = chained([END], ['middle.test']);
    assert.equal(baseOf(await look(resolver, ALIAS)), 'absent');
    assert.deepEqual(tlsaQuestions(resolver), [`_25._tcp.${ALIAS}/TLSA`]);
  });

  it('DANE-7672-2.2.3-2: an insecure RRset at the first candidate does not hide the second', async () => {
    const resolver = chained([END, ALIAS], [`_tcp.${END}`]);
    assert.equal(baseOf(await look(resolver, ALIAS)), ALIAS);
  });

  it('DANE-7672-2.1.2-2: a failure at the first candidate is not passed over', async () => {
    const resolver = chained([ALIAS]);
    resolver.world.failing = { [`_25._tcp.${END}`]: 'servfail' };
    assert.equal(baseOf(await look(resolver, ALIAS)), 'failed');
    assert.ok(!tlsaQuestions(resolver).includes(`_25._tcp.${ALIAS}/TLSA`));
  });

  it('DANE-7672-2.2.3-3: a TLSA owner that is an alias leaves the base domain as it is', async () => {
    const world = (insecure: readonly string[]): MapWorld => ({
      records: {
        [MX]: A,
        [`_25._tcp.${MX}`]: { CNAME: ['tlsa._dane.other.test'] },
        'tlsa._dane.other.test': { TLSA: [GOOD] },
      },
      secure: ['test'],
      insecure,
    });
    assert.equal(baseOf(await look(resolverFor(world([])))), MX);
    assert.equal(baseOf(await look(resolverFor(world(['other.test'])))), 'absent');
  });

  it('DANE-7672-2.1.3-1: a chain without end, and one that is too long, make the host unreachable', async () => {
    const loop = resolverFor({ records: { [MX]: { CNAME: [MX] } }, secure: ['test'] });
    assert.equal(baseOf(await look(loop)), 'failed');
    const hops = Array.from({ length: 12 }, (_, hop) => [
      `h${hop}.test`,
      { CNAME: [`h${hop + 1}.test`] },
    ]);
    const long = resolverFor({
      records: { ...Object.fromEntries(hops), 'h12.test': A },
      secure: ['test'],
    });
    assert.equal(baseOf(await look(long, 'h0.test')), 'failed');
  });
});
