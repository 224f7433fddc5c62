import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TLSA } from '../../tls-policy/evidence.fixture.ts';
import { asked, HAS_TLSA, HOST, lineOf, mxOf, STS_P, type Case } from './asked.fixture.ts';

const SECURE = 'OK secure match=mx1.d.test servername=hostname';
const BOTH: readonly string[] = [...STS_P, 'mx: mx2.d.test'];

const ONE_MX = { ...mxOf('mx1.d.test'), 'mx1.d.test': HOST };
const ONE_DANE = { ...ONE_MX, '_25._tcp.mx1.d.test': HAS_TLSA };
const TWO_MX = { ...mxOf('mx1.d.test', 'mx2.d.test'), 'mx1.d.test': HOST, 'mx2.d.test': HOST };
const MIXED = { ...TWO_MX, '_25._tcp.mx1.d.test': HAS_TLSA };
const ALL_DANE = { ...MIXED, '_25._tcp.mx2.d.test': HAS_TLSA };

/** The MX records are not signed, the host is: a hosted domain. */
const HOSTED = {
  ...mxOf('mx1.host.test'),
  'mx1.host.test': HOST,
  '_25._tcp.mx1.host.test': HAS_TLSA,
};

function tlsa(change: Partial<typeof TLSA>): Case {
  const records = { ...ONE_MX, '_25._tcp.mx1.d.test': { TLSA: [{ ...TLSA, ...change }] } };
  return { records };
}

/** `temp`, or the whole line. */
function short(line: string): string {
  return line.startsWith('TEMP ') ? 'temp' : line;
}

const CASES: readonly (readonly [id: string, what: string, one: Case, expected: string])[] = [
  ['G1', 'TLSA on all', { records: ALL_DANE }, 'OK dane-only'],
  ['G2', 'TLSA on some', { records: MIXED }, 'OK dane'],
  ['G3', 'MX not signed, TLSA', { records: HOSTED, insecure: ['d.test'] }, 'OK dane'],
  [
    'G4',
    'MX not signed, TLSA, enforce',
    { records: HOSTED, insecure: ['d.test'], policy: ['mode: enforce', 'mx: mx1.host.test'] },
    'OK secure match=mx1.host.test servername=hostname',
  ],
  ['G5', 'no TLSA, enforce', { records: ONE_MX, policy: STS_P }, SECURE],
  ['G6', 'TLSA on all, enforce', { records: ALL_DANE, policy: BOTH }, 'OK dane-only'],
  [
    'G7',
    'TLSA fails on the only MX, enforce',
    { records: ONE_MX, policy: STS_P, failing: { '_25._tcp.mx1.d.test': 'servfail' } },
    'temp',
  ],
  [
    'G7',
    'TLSA bogus on the only MX, enforce',
    { records: ONE_MX, policy: STS_P, failing: { '_25._tcp.mx1.d.test': 'bogus' } },
    'temp',
  ],
  [
    'G7',
    'TLSA times out on the only MX',
    { records: ONE_MX, failing: { '_25._tcp.mx1.d.test': 'timeout' } },
    'temp',
  ],
  [
    'G8',
    'TLSA fails on one of two',
    { records: MIXED, failing: { '_25._tcp.mx2.d.test': 'servfail' } },
    'OK dane',
  ],
  [
    'G8',
    'TLSA fails on one of two, enforce: the other keeps its mail, this one gets none',
    { records: TWO_MX, policy: BOTH, failing: { '_25._tcp.mx2.d.test': 'servfail' } },
    SECURE,
  ],
  [
    'G9',
    'AAAA of a backup fails, its A does not',
    { records: ALL_DANE, failing: { 'mx2.d.test/AAAA': 'servfail' } },
    'OK dane-only',
  ],
  [
    'G10',
    'a backup MX does not exist',
    { records: { ...mxOf('mx1.d.test', 'gone.test'), ...hostOnly(ONE_DANE) } },
    'OK dane-only',
  ],
  [
    'G10',
    'a backup MX does not exist, enforce',
    { records: { ...mxOf('mx1.d.test', 'gone.test'), ...hostOnly(ONE_MX) }, policy: STS_P },
    SECURE,
  ],
  [
    'G11',
    'both families of a backup fail',
    { records: ALL_DANE, failing: { 'mx2.d.test': 'servfail' } },
    'OK dane',
  ],
  [
    'G11',
    'both families of a backup fail, enforce',
    { records: TWO_MX, policy: BOTH, failing: { 'mx2.d.test': 'servfail' } },
    SECURE,
  ],
  [
    'G11',
    'both families of a backup fail, nothing else',
    { records: TWO_MX, failing: { 'mx2.d.test': 'servfail' } },
    'NOTFOUND ',
  ],
  [
    'G12',
    'MX fails, enforce',
    { records: ONE_MX, policy: STS_P, failing: { 'd.test/MX': 'servfail' } },
    'temp',
  ],
  ['G12', 'MX bogus', { records: ONE_MX, failing: { 'd.test/MX': 'bogus' } }, 'temp'],
  ['G13', 'no such domain', { records: {} }, 'NOTFOUND '],
  [
    'G14',
    'null MX, enforce',
    { records: { 'd.test': { MX: [{ exchange: '', preference: 0 }] } }, policy: STS_P },
    'NOTFOUND ',
  ],
  [
    'G15',
    'no MX, signed, TLSA of the domain',
    { records: { 'd.test': HOST, '_25._tcp.d.test': HAS_TLSA } },
    'OK dane-only',
  ],
  [
    'G16',
    'no MX, not signed',
    { records: { 'd.test': HOST, '_25._tcp.d.test': HAS_TLSA }, insecure: ['d.test'] },
    'NOTFOUND ',
  ],
  [
    'G17',
    'the domain is a signed CNAME',
    {
      records: {
        'd.test': { CNAME: ['e.test'] },
        'e.test': { MX: [{ exchange: 'mx1.d.test', preference: 10 }] },
        ...hostOnly(ONE_DANE),
      },
    },
    'OK dane-only',
  ],
  [
    'G17',
    'the domain is a CNAME of itself',
    { records: { 'd.test': { CNAME: ['e.test'] }, 'e.test': { CNAME: ['d.test'] } } },
    'temp',
  ],
  [
    'G18',
    'the host is a CNAME into an unsigned zone, TLSA at its own name',
    {
      records: {
        ...mxOf('mx1.d.test'),
        'mx1.d.test': { CNAME: ['host.other.test'] },
        'host.other.test': HOST,
        '_25._tcp.mx1.d.test': HAS_TLSA,
      },
      insecure: ['other.test'],
    },
    'OK dane-only',
  ],
  ['G20', 'usage 0', tlsa({ usage: 0 }), 'OK dane'],
  ['G20', 'usage 1', tlsa({ usage: 1 }), 'OK dane'],
  ['G20', 'selector 2', tlsa({ selector: 2 }), 'OK dane'],
  ['G20', 'matching type 3', tlsa({ matchingType: 3 }), 'OK dane'],
  ['G20', 'a digest too short', tlsa({ data: new Uint8Array(31) }), 'OK dane'],
  [
    'G21',
    'an unusable record beside a usable one',
    {
      records: {
        ...ONE_MX,
        '_25._tcp.mx1.d.test': { TLSA: [{ ...TLSA, usage: 0 }, TLSA] },
      },
    },
    'OK dane-only',
  ],
  [
    'G22',
    'TLSA that is not signed',
    { records: ONE_DANE, insecure: ['_tcp.mx1.d.test'] },
    'NOTFOUND ',
  ],
  ['G24', 'a resolver that never says AD', { records: ALL_DANE, secure: [] }, 'NOTFOUND '],
  [
    'G27',
    'TLSA of a host, the domain is not signed',
    { records: HOSTED, insecure: ['d.test'], policy: ['mode: testing', 'mx: mx1.host.test'] },
    'OK dane',
  ],
  [
    'G28',
    'port 587 has no TLSA',
    { records: { 'd.test': HOST, '_25._tcp.d.test': HAS_TLSA }, nextHop: '[d.test]:587' },
    'NOTFOUND ',
  ],
  [
    'G28',
    'port 587 has TLSA',
    { records: { 'd.test': HOST, '_587._tcp.d.test': HAS_TLSA }, nextHop: '[d.test]:587' },
    'OK dane-only',
  ],
  [
    'G29',
    'TLSA on some, enforce',
    { records: MIXED, policy: BOTH },
    'OK secure match=mx1.d.test:mx2.d.test servername=hostname',
  ],
  [
    'G29',
    'TLSA on some, enforce, DANE preferred',
    { records: MIXED, policy: BOTH, mixedDane: 'dane' },
    'OK dane',
  ],
];

function hostOnly(records: Case['records']): Case['records'] {
  const { 'd.test': _domain, ...hosts } = records;
  return hosts;
}

describe('G: DANE, alone and with MTA-STS', () => {
  for (const [id, what, one, expected] of CASES) {
    it(`${id}: ${what}: ${expected.trim()}`, async () => {
      assert.equal(short(await lineOf(one)), expected);
    });
  }

  it('G19: TLSA is not looked up for a host whose addresses are not signed', async () => {
    const { line, resolver } = await asked({
      records: { ...mxOf('mx.other.test'), 'mx.other.test': HOST },
      insecure: ['other.test'],
    });
    assert.equal(line, 'NOTFOUND ');
    assert.ok(!resolver.asked.some((question) => question.endsWith('/TLSA')));
  });

  it('G29: clients that do DANE host by host get both at once', async () => {
    for (const mixedDane of ['secure', 'dane'] as const) {
      const one = { records: MIXED, policy: BOTH, mixedDane };
      assert.equal(
        await lineOf({ ...one, dialect: 'exim' }),
        'OK secure match=mx1.d.test:mx2.d.test',
      );
      assert.equal(
        await lineOf({ ...one, dialect: 'sendmail' }),
        'OK secure match=mx1.d.test:mx2.d.test servername=hostname',
      );
    }
  });

  it('G6: so do they where all hosts have DANE', async () => {
    const one = { records: ALL_DANE, policy: BOTH };
    assert.equal(
      await lineOf({ ...one, dialect: 'exim' }),
      'OK secure match=mx1.d.test:mx2.d.test',
    );
    assert.equal(await lineOf({ ...one, dialect: 'requiretls' }), 'OK enforce');
  });

  it('G7: TEMP says why, in one line', async () => {
    const line = await lineOf({
      records: ONE_MX,
      failing: { '_25._tcp.mx1.d.test': 'bogus' },
    });
    assert.match(line, /^TEMP POLICY_NO_HOST_USABLE: no host of d\.test may be used: .*DNSSEC/);
  });
});
