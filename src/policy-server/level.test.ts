import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DaneState } from '../dane/types.ts';
import type { StsMode } from '../mta-sts/types.ts';
import {
  empty,
  failedAnswer,
  hostEvidence,
  mxEvidence,
  noSts,
  SERVFAIL,
  stsPolicy,
} from '../tls-policy/evidence.fixture.ts';
import { override } from '../tls-policy/overrides.fixture.ts';
import type { OverrideKind } from '../tls-policy/overrides.ts';
import type { Evidence, HostEvidence, PolicyKnobs } from '../tls-policy/types.ts';
import { levelFor } from './level.fixture.ts';
import type { DomainLevel } from './types.ts';

/** A host: what DANE says of it, or `outside` the policy with the same; `gone`: no address; `dark`: no answer. */
type Host = DaneState['kind'] | `outside ${DaneState['kind']}` | 'gone' | 'dark';
type Mx = 'signed' | 'unsigned';
type Row = readonly [hosts: readonly Host[], mx: Mx, sts: StsMode | 'no policy', level: string];

function host(kind: Host, index: number): HostEvidence {
  const name = `${'abcdef'[index]}.pool.test`;
  if (kind === 'gone') {
    return hostEvidence(name, undefined, {
      a: empty('nxdomain', name, 'A', 'insecure'),
      aaaa: empty('nxdomain', name, 'AAAA', 'insecure'),
    });
  }
  if (kind === 'dark') {
    return hostEvidence(name, undefined, {
      a: failedAnswer(name, 'A'),
      aaaa: failedAnswer(name, 'AAAA'),
    });
  }
  const state = kind.replace('outside ', '') as DaneState['kind'];
  return hostEvidence(kind === state ? name : `${name}.elsewhere.test`, state);
}

function evidence(hosts: readonly Host[], mx: Mx, sts: StsMode | 'no policy'): Evidence {
  return mxEvidence(hosts.map(host), {
    mxSecurity: mx === 'signed' ? 'secure' : 'insecure',
    sts: sts === 'no policy' ? noSts() : stsPolicy(sts),
  });
}

/** `secure a.pool.test:b.pool.test`, `secure *` for the policy's patterns, `dane testing`, `temp CODE`. */
function short(level: DomainLevel): string {
  switch (level.kind) {
    case 'secure': {
      const isWhole = level.match === level.sts.policy.mx;
      return `secure ${isWhole ? '*' : level.match.join(':')}`;
    }
    case 'temp':
      return `temp ${level.failure.code}`;
    case 'none':
    case 'encrypt':
    case 'dane':
    case 'dane-only':
      return `${level.kind}${level.sts?.policy.mode === 'testing' ? ' testing' : ''}`;
    default:
      return level satisfies never;
  }
}

function check(title: string, rows: readonly Row[], more: LevelMore = {}): void {
  describe(title, () => {
    for (const [hosts, mx, sts, expected] of rows) {
      it(`${hosts.join(' + ')}, MX ${mx}, ${sts}: ${expected}`, () => {
        const found = evidence(hosts, mx, sts);
        const under = more.override === undefined ? {} : { override: override(more.override) };
        const level = levelFor({ ...found, ...under }, more.knobs, {
          mixedDane: more.mixedDane ?? 'secure',
        });
        assert.equal(short(level), expected);
      });
    }
  });
}

interface LevelMore {
  readonly knobs?: Partial<PolicyKnobs>;
  readonly mixedDane?: 'secure' | 'dane';
  readonly override?: OverrideKind;
}

check('levelOf, no policy that binds', [
  [['absent'], 'signed', 'no policy', 'none'],
  [['absent'], 'unsigned', 'no policy', 'none'],
  [['absent'], 'unsigned', 'none', 'none'],
  [['absent'], 'unsigned', 'testing', 'none testing'],
  [['usable'], 'signed', 'no policy', 'dane-only'],
  [['usable'], 'signed', 'none', 'dane-only'],
  [['usable'], 'signed', 'testing', 'dane-only testing'],
  [['usable', 'usable'], 'signed', 'no policy', 'dane-only'],
  [['usable', 'absent'], 'signed', 'no policy', 'dane'],
  [['usable', 'absent'], 'signed', 'testing', 'dane testing'],
  [['usable'], 'unsigned', 'no policy', 'dane'],
  [['usable', 'absent'], 'unsigned', 'no policy', 'dane'],
  [['unusable'], 'signed', 'no policy', 'dane'],
  [['usable', 'unusable'], 'signed', 'no policy', 'dane'],
  [['unusable', 'absent'], 'unsigned', 'testing', 'dane testing'],
  [['failed'], 'signed', 'no policy', 'temp POLICY_NO_HOST_USABLE'],
  [['failed', 'failed'], 'unsigned', 'testing', 'temp POLICY_NO_HOST_USABLE'],
  [['usable', 'failed'], 'signed', 'no policy', 'dane'],
  [['absent', 'failed'], 'signed', 'no policy', 'dane'],
  [['absent', 'dark'], 'signed', 'no policy', 'none'],
  [['usable', 'dark'], 'signed', 'no policy', 'dane'],
  [['usable', 'gone'], 'signed', 'no policy', 'dane-only'],
  [['absent', 'gone'], 'unsigned', 'no policy', 'none'],
  [['dark'], 'signed', 'no policy', 'temp POLICY_NO_HOST_USABLE'],
  [['gone'], 'signed', 'no policy', 'temp POLICY_NO_HOST_USABLE'],
  [['gone'], 'unsigned', 'no policy', 'none'],
  [['gone', 'gone'], 'unsigned', 'no policy', 'none'],
  [['gone', 'dark'], 'unsigned', 'no policy', 'temp POLICY_NO_HOST_USABLE'],
  [['gone', 'failed'], 'unsigned', 'no policy', 'temp POLICY_NO_HOST_USABLE'],
  [['gone'], 'unsigned', 'enforce', 'temp POLICY_NO_HOST_USABLE'],
  [['gone'], 'unsigned', 'testing', 'temp POLICY_NO_HOST_USABLE'],
  [['gone'], 'unsigned', 'none', 'temp POLICY_NO_HOST_USABLE'],
]);

check('levelOf, an enforced policy', [
  [['absent'], 'signed', 'enforce', 'secure *'],
  [['absent', 'absent'], 'unsigned', 'enforce', 'secure *'],
  [['absent', 'outside absent'], 'unsigned', 'enforce', 'secure *'],
  [['outside absent'], 'unsigned', 'enforce', 'secure *'],
  [['outside usable'], 'signed', 'enforce', 'secure *'],
  [['outside absent', 'gone'], 'unsigned', 'enforce', 'secure *'],
  [['outside absent', 'dark'], 'unsigned', 'enforce', 'temp POLICY_NO_HOST_USABLE'],
  [['outside absent', 'failed'], 'signed', 'enforce', 'temp POLICY_NO_HOST_USABLE'],
  [['usable'], 'signed', 'enforce', 'dane-only'],
  [['usable', 'usable'], 'signed', 'enforce', 'dane-only'],
  [['usable', 'outside usable'], 'signed', 'enforce', 'dane-only'],
  [['usable', 'failed'], 'signed', 'enforce', 'dane-only'],
  [['usable', 'dark'], 'signed', 'enforce', 'dane-only'],
  [['usable'], 'unsigned', 'enforce', 'secure *'],
  [['usable', 'absent'], 'signed', 'enforce', 'secure *'],
  [['usable', 'unusable'], 'signed', 'enforce', 'secure *'],
  [['unusable'], 'signed', 'enforce', 'secure *'],
  [['failed'], 'signed', 'enforce', 'temp POLICY_NO_HOST_USABLE'],
  [['absent', 'failed'], 'signed', 'enforce', 'secure a.pool.test'],
  [['absent', 'usable', 'failed'], 'signed', 'enforce', 'secure a.pool.test:b.pool.test'],
  [['usable', 'failed'], 'unsigned', 'enforce', 'secure a.pool.test'],
  [['absent', 'outside failed'], 'signed', 'enforce', 'secure *'],
  [['absent', 'dark'], 'signed', 'enforce', 'secure a.pool.test'],
  [['absent', 'gone'], 'unsigned', 'enforce', 'secure *'],
]);

check(
  'levelOf, G29: mixed hosts where the operator prefers DANE',
  [
    [['usable', 'absent'], 'signed', 'enforce', 'dane'],
    [['usable', 'absent'], 'unsigned', 'enforce', 'secure *'],
    [['usable'], 'signed', 'enforce', 'dane-only'],
    [['absent'], 'signed', 'enforce', 'secure *'],
  ],
  { mixedDane: 'dane' },
);

check(
  'levelOf, F4: testing enforced everywhere',
  [
    [['absent'], 'unsigned', 'testing', 'secure *'],
    [['usable'], 'signed', 'testing', 'dane-only testing'],
  ],
  { knobs: { enforceTesting: true } },
);

check(
  'levelOf, F4: testing enforced by override',
  [
    [['absent'], 'unsigned', 'testing', 'secure *'],
    [['absent'], 'unsigned', 'no policy', 'none'],
  ],
  { override: 'enforce-testing' },
);

check(
  'levelOf, F6: skipped',
  [
    [['absent'], 'unsigned', 'enforce', 'none'],
    [['usable'], 'signed', 'enforce', 'none'],
    [['failed'], 'signed', 'enforce', 'none'],
    [['dark'], 'signed', 'enforce', 'none'],
  ],
  { override: 'skip' },
);

check(
  'levelOf, TLS required by override',
  [
    [['absent'], 'unsigned', 'no policy', 'encrypt'],
    [['absent'], 'unsigned', 'testing', 'encrypt testing'],
    [['absent', 'dark'], 'unsigned', 'no policy', 'encrypt'],
    [['unusable'], 'signed', 'no policy', 'encrypt'],
    [['usable'], 'signed', 'no policy', 'dane-only'],
    [['usable', 'absent'], 'signed', 'no policy', 'dane-only'],
    [['usable', 'failed'], 'signed', 'no policy', 'dane-only'],
    [['usable', 'absent'], 'unsigned', 'no policy', 'encrypt'],
    [['absent', 'failed'], 'signed', 'no policy', 'temp DNS_SERVFAIL'],
    [['absent'], 'unsigned', 'enforce', 'secure *'],
  ],
  { override: 'require-tls' },
);

check(
  'levelOf, a pinned policy that names nobody here',
  [[['absent'], 'unsigned', 'no policy', 'secure *']],
  { override: 'pin' },
);

check(
  'levelOf, DANE required',
  [
    [['usable', 'absent'], 'signed', 'no policy', 'dane-only'],
    [['usable', 'failed'], 'signed', 'no policy', 'dane-only'],
    [['usable', 'absent'], 'signed', 'enforce', 'dane-only'],
    [['absent'], 'signed', 'enforce', 'temp POLICY_NO_HOST_USABLE'],
    [['outside usable'], 'signed', 'enforce', 'temp POLICY_NO_HOST_USABLE'],
    [['usable'], 'unsigned', 'no policy', 'temp POLICY_NO_HOST_USABLE'],
  ],
  { knobs: { daneRequired: ['example.test'] } },
);

check(
  'levelOf, a DANE match is enough',
  [
    [['usable', 'outside usable'], 'signed', 'enforce', 'dane-only'],
    [['usable', 'absent'], 'signed', 'enforce', 'secure *'],
    [['usable'], 'unsigned', 'enforce', 'secure *'],
  ],
  { knobs: { daneSatisfiesSts: true } },
);

describe('levelOf, the rest', () => {
  it('G12: an MX look-up that failed is TEMP', () => {
    const mx = failedAnswer('example.test', 'MX');
    const level = levelFor(mxEvidence([], { hostsFrom: 'nothing', mx }));
    assert.equal(short(level), 'temp POLICY_MX_LOOKUP_FAILED');
  });

  it('G13, G14: no such domain and null MX are none: the MTA finds out itself', () => {
    const mx = empty('nxdomain', 'example.test', 'MX');
    assert.equal(levelFor(mxEvidence([], { hostsFrom: 'nothing', mx })).kind, 'none');
    assert.equal(levelFor(mxEvidence([], { hostsFrom: 'null-mx' })).kind, 'none');
  });

  it('an address literal has no policy', () => {
    const nextHop = { kind: 'address', address: '192.0.2.1', port: 25 } as const;
    const level = levelFor(mxEvidence([], { hostsFrom: 'address-literal', nextHop }));
    assert.equal(level.kind, 'none');
  });

  it('store trouble is TEMP, whatever else is known', () => {
    const sts = noSts({ code: 'STORE_UNAVAILABLE', detail: 'down' });
    const level = levelFor(mxEvidence([hostEvidence('a.pool.test', 'usable')], { sts }));
    assert.equal(short(level), 'temp POLICY_STORE_DOWN');
  });

  it('the facts carry the newest failure to renew the policy', () => {
    const sts = stsPolicy('enforce');
    assert.ok(sts.kind === 'policy');
    const active = { ...sts.active, refreshFailure: SERVFAIL };
    const level = levelFor(
      mxEvidence([hostEvidence('a.pool.test', 'absent')], { sts: { kind: 'policy', active } }),
    );
    assert.deepEqual(level.kind === 'secure' && level.sts.failure, SERVFAIL);
  });

  it('dane-only under a policy names its patterns for clients that do DANE by themselves', () => {
    const level = levelFor(evidence(['usable'], 'signed', 'enforce'));
    assert.deepEqual(level.kind === 'dane-only' && level.match, [
      'mx1.example.test',
      '*.pool.test',
    ]);
  });
});

describe('a domain whose MX hosts nobody can reach', () => {
  const literal: HostEvidence = {
    host: '192.0.2.1',
    preference: 10,
    a: undefined,
    aaaa: undefined,
  };
  const unreachable = (more: Partial<Evidence> = {}): Evidence =>
    mxEvidence([literal, host('gone', 1)], { mxSecurity: 'insecure', sts: noSts(), ...more });

  it('an address for a name, or no address: none, so that the MTA does with it what it always does', () => {
    assert.deepEqual(levelFor(unreachable()), {
      kind: 'none',
      why: 'nobody can reach a host of it, and it has neither MTA-STS nor a signed MX',
    });
  });

  it('waits where it is not sure that nothing binds', () => {
    for (const more of [
      { sts: noSts(SERVFAIL) },
      { sts: noSts({ code: 'STS_FIRST_CONTACT_PENDING', detail: 'not yet' }) },
      { sts: noSts({ code: 'STS_RECORD_INVALID', detail: 'a record, but not a valid one' }) },
      { sts: noSts({ code: 'STORE_UNAVAILABLE', detail: 'down' }) },
      { mxSecurity: 'secure' as const },
    ]) {
      assert.equal(levelFor(unreachable(more)).kind, 'temp', JSON.stringify(more));
    }
    const required = levelFor(unreachable(), { daneRequired: ['example.test'] });
    assert.equal(required.kind, 'temp');
    assert.equal(levelFor(unreachable({ override: override('require-tls') })).kind, 'encrypt');
  });
});

describe('a domain that takes no mail, as far as DNS tells', () => {
  const nowhere = (mxSecurity: 'secure' | 'insecure', more: Partial<Evidence> = {}): Evidence => ({
    ...mxEvidence([], { mxSecurity }),
    hostsFrom: 'null-mx',
    ...more,
  });

  it('G14: nothing binds it: none', () => {
    assert.equal(levelFor(nowhere('insecure')).kind, 'none');
    assert.equal(levelFor(nowhere('secure')).kind, 'none');
  });

  it('STS-3.3-14: an unsigned denial does not switch off a policy in force', () => {
    const level = levelFor(nowhere('insecure', { sts: stsPolicy('enforce') }));
    assert.ok(level.kind === 'secure');
    assert.deepEqual(level.match, ['mx1.example.test', '*.pool.test']);
    assert.equal(levelFor(nowhere('secure', { sts: stsPolicy('enforce') })).kind, 'none');
    assert.equal(levelFor(nowhere('insecure', { sts: stsPolicy('testing') })).kind, 'none');
  });

  it('DANE-7672-2.2-5: nor mandatory DANE, nor an override', () => {
    const required = levelFor(nowhere('insecure'), { daneRequired: ['example.test'] });
    assert.equal(required.kind, 'temp');
    const tls = nowhere('insecure', { override: override('require-tls') });
    assert.equal(levelFor(tls).kind, 'encrypt');
    const skipped = nowhere('insecure', { override: override('skip'), sts: stsPolicy('enforce') });
    assert.equal(levelFor(skipped).kind, 'none');
  });
});
