import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { StsMode, StsPolicy } from '../mta-sts/types.ts';
import { readPostfixPolicy, type PostfixPolicy } from './dialects/postfix-policy.fixture.ts';
import { factsOf, lineFor, secureLevel } from './level.fixture.ts';
import type { Dialect, DomainLevel } from './types.ts';
import { replyText, writeReply } from './write-reply.ts';

const DIALECTS: readonly Dialect[] = [
  'postfix',
  'postfix-tlsrpt',
  'sendmail',
  'exim',
  'requiretls',
];
const WHY = 'a test';
const FAILURE = { code: 'DNS_SERVFAIL', detail: 'SERVFAIL' } as const;

const NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** What may be in a report's line: no brace, no control character, no line end of any script. */
const CALM = /^[^{}\p{C}\p{Zl}\p{Zp}]*$/u;

function read(dialect: 'postfix' | 'postfix-tlsrpt', level: DomainLevel): PostfixPolicy {
  const line = lineFor(dialect, level);
  assert.ok(line.startsWith('OK '), line);
  return readPostfixPolicy(line.slice(3), dialect === 'postfix' ? 'plain' : 'tlsrpt');
}

describe('replyText', () => {
  it('H6: NOTFOUND keeps the space behind it', () => {
    assert.equal(replyText({ kind: 'not-found' }), 'NOTFOUND ');
  });

  it('H7: keywords are in capitals', () => {
    assert.equal(replyText({ kind: 'ok', text: 'dane' }), 'OK dane');
    assert.equal(replyText({ kind: 'temp', reason: 'x' }), 'TEMP x');
  });

  it('C13: a reason is one line, printable and short', () => {
    const line = replyText({ kind: 'temp', reason: `a\r\nb\0c\u2028d${'x'.repeat(5000)}` });
    assert.match(line, /^TEMP [^\p{C}\p{Zl}\p{Zp}]+$/u);
    assert.ok(line.length < 400);
  });
});

describe('writeReply', () => {
  for (const [kind, expected] of [
    ['none', ['NOTFOUND ', 'NOTFOUND ', 'NOTFOUND ', 'NOTFOUND ', 'NOTFOUND ']],
    ['encrypt', ['OK encrypt', 'OK encrypt', 'NOTFOUND ', 'OK encrypt', 'NOTFOUND ']],
    ['dane', ['OK dane', 'OK dane', 'NOTFOUND ', 'OK dane', 'NOTFOUND ']],
    ['dane-only', ['OK dane-only', 'OK dane-only', 'NOTFOUND ', 'OK dane-only', 'OK enforce']],
  ] as const) {
    it(`H19, H20: ${kind} in every dialect, without an attribute`, () => {
      assert.deepEqual(
        DIALECTS.map((dialect) => lineFor(dialect, { kind, why: WHY })),
        expected,
      );
    });
  }

  it('TEMP in every dialect, with the reason', () => {
    for (const dialect of DIALECTS) {
      const line = lineFor(dialect, { kind: 'temp', failure: FAILURE });
      assert.equal(line, 'TEMP DNS_SERVFAIL: SERVFAIL');
    }
  });

  it('F1, H20, H22: secure for any Postfix: names and dot forms, no policy_', () => {
    const level = secureLevel({ mx: ['mx1.d.test', '*.pool.test'] });
    assert.equal(
      lineFor('postfix', level),
      'OK secure match=mx1.d.test:.pool.test servername=hostname',
    );
  });

  it('F1, H22, H23: secure with what Postfix 3.10 reports and filters by', () => {
    const level = secureLevel({ mx: ['mx1.d.test', '*.pool.test'] });
    assert.equal(
      lineFor('postfix-tlsrpt', level),
      'OK secure match=mx1.d.test:.pool.test servername=hostname policy_type=sts ' +
        'policy_domain=d.test mx_host_pattern=mx1.d.test mx_host_pattern=*.pool.test ' +
        '{ policy_string = version: STSv1 } { policy_string = mode: enforce } ' +
        '{ policy_string = mx: mx1.d.test } { policy_string = mx: *.pool.test } ' +
        '{ policy_string = max_age: 604800 }',
    );
  });

  it('a narrowed match narrows the MX filter too, and the report keeps the policy', () => {
    const level = { ...secureLevel({ mx: ['*.d.test'] }), match: ['mx2.d.test'] } as DomainLevel;
    const line = lineFor('postfix-tlsrpt', level);
    assert.match(line, / match=mx2\.d\.test servername/);
    assert.match(line, / mx_host_pattern=mx2\.d\.test \{/);
    assert.match(line, /\{ policy_string = mx: \*\.d\.test \}/);
  });

  for (const kind of ['none', 'dane'] as const) {
    it(`F2: testing beside ${kind} is seen by the TLSRPT dialect alone, and not enforced`, () => {
      const level = { kind, why: WHY, sts: factsOf({ mode: 'testing' }) };
      assert.equal(
        lineFor('postfix-tlsrpt', level),
        'OK dane policy_type=sts policy_domain=d.test mx_host_pattern=mx1.d.test ' +
          '{ policy_string = version: STSv1 } { policy_string = mode: testing } ' +
          '{ policy_string = mx: mx1.d.test } { policy_string = max_age: 604800 }',
      );
      const plain = kind === 'none' ? 'NOTFOUND ' : 'OK dane';
      assert.equal(lineFor('postfix', level), plain);
      assert.equal(lineFor('exim', level), plain);
      assert.equal(lineFor('sendmail', level), 'NOTFOUND ');
    });
  }

  it('F2: testing beside encrypt keeps encrypt', () => {
    const level = { kind: 'encrypt', why: WHY, sts: factsOf({ mode: 'testing' }) } as const;
    assert.match(lineFor('postfix-tlsrpt', level), /^OK encrypt policy_type=sts /);
  });

  it('H19: dane-only has no attribute even beside a policy', () => {
    const sts = factsOf();
    const level = { kind: 'dane-only', why: WHY, sts, match: sts.policy.mx } as const;
    assert.equal(lineFor('postfix-tlsrpt', level), 'OK dane-only');
    assert.equal(lineFor('postfix', level), 'OK dane-only');
  });

  it('clients that do DANE host by host are told of the policy where both bind', () => {
    const sts = factsOf();
    for (const kind of ['dane-only', 'dane'] as const) {
      const level = { kind, why: WHY, sts, match: sts.policy.mx };
      assert.equal(lineFor('exim', level), 'OK secure match=mx1.d.test');
      assert.equal(lineFor('sendmail', level), 'OK secure match=mx1.d.test servername=hostname');
    }
  });

  it('H18: Sendmail gets servername last, wildcards as .rest, and nothing else', () => {
    const level = secureLevel({ mx: ['*.d.test', 'mx.d.test'] });
    assert.equal(
      lineFor('sendmail', level),
      'OK secure match=.d.test:mx.d.test servername=hostname',
    );
  });

  it('H17: Exim gets one line with a list that keeps its wildcards', () => {
    const level = secureLevel({ mx: ['*.d.test', 'mx.d.test'] });
    assert.equal(lineFor('exim', level), 'OK secure match=*.d.test:mx.d.test');
  });

  it('REQUIRETLS is enforced where host and certificate can be verified', () => {
    assert.equal(lineFor('requiretls', secureLevel()), 'OK enforce');
  });

  it('C7: a policy without a name that can be written is TEMP, never an empty match', () => {
    for (const dialect of ['postfix', 'postfix-tlsrpt', 'sendmail', 'exim'] as const) {
      assert.match(lineFor(dialect, secureLevel({ mx: ['a b', '*'] })), /^TEMP /);
    }
  });

  it('a testing policy that cannot be written never gets in the way', () => {
    const level = { kind: 'none', why: WHY, sts: factsOf({ mode: 'testing', mx: ['*'] }) } as const;
    assert.equal(lineFor('postfix-tlsrpt', level), 'OK dane');
  });

  it('a name with a _ that a wildcard lets in can be written', () => {
    const level = { ...secureLevel({ mx: ['*.d.test'] }), match: ['mx_2.d.test'] } as DomainLevel;
    assert.equal(lineFor('postfix', level), 'OK secure match=mx_2.d.test servername=hostname');
  });

  it('H23: braces and white space of a policy line mean nothing to Postfix', () => {
    const text = 'version: STSv1\r\nx: } policy_type=sts {\ty\u2028z\r\n\r\n';
    assert.match(
      lineFor('postfix-tlsrpt', secureLevel({ text })),
      /\{ policy_string = x: \) policy_type=sts \( y\?z \}$/,
    );
  });
});

describe('replies at the limit of Postfix', () => {
  const size = (line: string): number => Buffer.byteLength(line);

  it('C15, H5: what is too long loses policy lines, and never a pattern', () => {
    const extension = 'x: ' + 'y'.repeat(60_000) + '\r\n';
    const mx = Array.from({ length: 1000 }, (_, index) => `mx${index}.d.test`);
    const level = secureLevel({ mx, text: `version: STSv1\r\n${extension}` });
    const line = lineFor('postfix-tlsrpt', level);
    assert.ok(size(line) <= 100_000);
    assert.equal(line.match(/mx_host_pattern=/g)?.length, 1000);
    // Postfix 3.10.0 to 3.10.4 crashes without a single line.
    assert.match(
      line,
      / \{ policy_string = version: STSv1 \} \{ policy_string = mode: enforce \}$/,
    );
    assert.doesNotMatch(line, /yyy/);
  });

  it('C15, H5: patterns that do not fit are TEMP in one dialect and written in the others', () => {
    const mx = Array.from({ length: 4500 }, (_, index) => `m${index}.d.test`);
    const level = secureLevel({ mx });
    assert.match(lineFor('postfix-tlsrpt', level), /^TEMP /);
    assert.equal(lineFor('postfix', level).split(':').length, 4500);
    assert.ok(size(lineFor('postfix', level)) <= 100_000);
  });

  it('H5: exactly 100,000 octets are sent, one more is not', () => {
    const names = Array.from({ length: 793 }, (_, index) => `${'a.'.repeat(59)}b.${1000 + index}x`);
    const used = size(`OK secure match=${names.join(':')}: servername=hostname`);
    const lineOf = (total: number): string =>
      lineFor('postfix', secureLevel({ mx: [...names, 'c'.repeat(total - used)] }));
    assert.equal(size(lineOf(100_000)), 100_000);
    assert.match(lineOf(100_000), /^OK /);
    assert.match(lineOf(100_001), /^TEMP /);
  });
});

describe('writeReply, under hostile policies', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      'mx.d.test tafile=/etc/passwd',
      'a:b',
      'a,b',
      '} policy_type=sts {',
      '{ policy_string = x }',
      'mx.d.test\u2028match=*',
      'mx\0.d.test',
      'mx\v.d.test',
      'mx.d.test\fservername=evil',
      '\r\nOK none',
      '*.*.d.test',
      '*',
      '.d.test',
      '192.0.2.1',
      '[192.0.2.1]',
      'ñaca.test',
      'none',
      '',
    ),
    fc.constantFrom('mx1.d.test', '*.pool.test', 'MX2.D.TEST'),
  );
  const policy: fc.Arbitrary<StsPolicy> = fc.record({
    mode: fc.constantFrom<StsMode[]>('enforce', 'testing', 'none'),
    mx: fc.array(nasty, { maxLength: 6 }),
    maxAge: fc.constant(86_400),
    extensions: fc.constant([]),
    text: fc.array(nasty, { maxLength: 8 }).map((lines) => lines.join('\n')),
  });
  const level: fc.Arbitrary<DomainLevel> = fc
    .record({
      kind: fc.constantFrom('none', 'encrypt', 'dane', 'dane-only', 'secure', 'temp'),
      policy,
      policyDomain: nasty,
      detail: nasty,
      bound: fc.boolean(),
    })
    .map(({ kind, policy, policyDomain, detail, bound }): DomainLevel => {
      const sts = { policyDomain, policy };
      if (kind === 'temp') return { kind, failure: { ...FAILURE, detail } };
      if (kind === 'secure') return { kind, why: detail, match: policy.mx, sts };
      const enforced = bound && (kind === 'dane' || kind === 'dane-only');
      return { kind, why: detail, sts, ...(enforced ? { match: policy.mx } : {}) };
    });

  it('fuzz: C13, H21: Postfix reads every reply, and in it only what is meant', () => {
    fc.assert(
      fc.property(level, (level) => {
        for (const dialect of ['postfix', 'postfix-tlsrpt'] as const) {
          const reply = writeReply(dialect, level);
          if (reply.kind !== 'ok') continue;
          const policy = read(dialect, level);
          assert.ok(policy.valid, policy.valid ? '' : `${policy.why}: ${reply.text}`);
          assertMeant(policy, level);
        }
      }),
      { numRuns: 500 },
    );
  });

  function assertMeant(policy: Extract<PostfixPolicy, { valid: true }>, level: DomainLevel): void {
    assert.equal(policy.level, level.kind === 'none' ? 'dane' : level.kind);
    const names = policy.attributes.map(([name]) => name);
    for (const [name, value] of policy.attributes) {
      switch (name) {
        case 'match':
          for (const one of value.split(':')) assert.match(one.replace(/^\./, '*.'), NAME);
          break;
        case 'mx_host_pattern':
        case 'policy_domain':
          assert.match(value, NAME);
          break;
        case 'policy_string':
          assert.match(value, CALM);
          break;
        case 'servername':
          assert.equal(value, 'hostname');
          break;
        case 'policy_type':
          assert.equal(value, 'sts');
          break;
        default:
          assert.fail(`attribute ${name}`);
      }
    }
    if (names.includes('policy_type')) {
      assert.ok(names.includes('policy_string') && names.includes('mx_host_pattern'));
    }
  }

  it('fuzz: C13: every reply of every dialect is one printable line of known form', () => {
    const forms: Readonly<Record<Dialect, RegExp>> = {
      postfix: /^OK (?:encrypt|dane|dane-only|secure match=[a-z0-9._:-]+ servername=hostname)$/,
      'postfix-tlsrpt': /^OK [^\p{C}\p{Zl}\p{Zp}]+$/u,
      sendmail: /^OK secure match=[a-z0-9._:-]+ servername=hostname$/,
      exim: /^OK (?:encrypt|dane|dane-only|secure match=[a-z0-9.*_:-]+)$/,
      requiretls: /^OK enforce$/,
    };
    fc.assert(
      fc.property(level, fc.constantFrom(...DIALECTS), (level, dialect) => {
        const line = lineFor(dialect, level);
        const form = line.startsWith('OK ')
          ? forms[dialect]
          : /^(?:NOTFOUND |TEMP [^\p{C}\p{Zl}\p{Zp}]*)$/u;
        assert.match(line, form);
        assert.ok(Buffer.byteLength(line) <= 100_000);
      }),
      { numRuns: 500 },
    );
  });

  it('fuzz: every sound pattern of an enforced policy is in the reply, in file order', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const pattern = fc
      .tuple(fc.constantFrom('', '*.'), label)
      .map(([star, name]) => `${star}${name}.test`);
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { minLength: 1, maxLength: 20 }), (mx) => {
        const plain = read('postfix', secureLevel({ mx }));
        const match = plain.valid && plain.attributes.find(([name]) => name === 'match')?.[1];
        const dotted = mx.map((one) => one.replace(/^\*/, ''));
        assert.equal(match, dotted.join(':'));
        const tlsrpt = read('postfix-tlsrpt', secureLevel({ mx }));
        const filter = tlsrpt.valid
          ? tlsrpt.attributes.filter(([name]) => name === 'mx_host_pattern')
          : [];
        assert.deepEqual(
          filter.map(([, value]) => value),
          mx,
        );
      }),
      { numRuns: 200 },
    );
  });
});
