import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readStsPolicy } from './policy.ts';
import type { StsPolicy } from './types.ts';

const GOOD = ['version: STSv1', 'mode: enforce', 'mx: mx1.d.test', 'max_age: 604800'];

/** Lines to a text with CR LF ends. */
function text(...lines: string[]): string {
  return lines.map((line) => `${line}\r\n`).join('');
}

/** The good policy with one line replaced: the key says which. */
function withLine(line: string): string {
  const key = line.slice(0, line.indexOf(':'));
  const lines = GOOD.map((good) => (good.startsWith(`${key}:`) ? line : good));
  return text(...(lines.includes(line) ? lines : [...lines, line]));
}

function without(key: string): string {
  return text(...GOOD.filter((line) => !line.startsWith(`${key}:`)));
}

function codes(body: Uint8Array | string, severity?: string): string[] {
  return readStsPolicy(body)
    .problems.filter((problem) => severity === undefined || problem.severity === severity)
    .map((problem) => problem.code);
}

function errors(body: Uint8Array | string): string[] {
  const found = codes(body, 'error');
  assert.equal(readStsPolicy(body).value === undefined, found.length > 0);
  return found;
}

function read(body: Uint8Array | string): StsPolicy {
  const { value, problems } = readStsPolicy(body);
  assert.ok(value !== undefined, JSON.stringify(problems));
  return value;
}

describe('readStsPolicy', () => {
  it('STS-3.2-4, C5: the three keys are required, the order is free', () => {
    assert.deepEqual(readStsPolicy(text(...GOOD)), {
      value: {
        mode: 'enforce',
        mx: ['mx1.d.test'],
        maxAge: 604_800,
        extensions: [],
        text: text(...GOOD),
      },
      problems: [],
    });
    assert.equal(read(text(...GOOD.toReversed())).mode, 'enforce');
    assert.deepEqual(errors(without('version')), ['STS_POLICY_VERSION_MISSING']);
    assert.deepEqual(errors(without('mode')), ['STS_POLICY_MODE_MISSING']);
    assert.deepEqual(errors(without('max_age')), ['STS_POLICY_MAX_AGE_MISSING']);
  });

  it('STS-3.2-5, C4: the version is STSv1 in that spelling', () => {
    for (const version of ['STSv2', 'stsv1', 'STSv1 x', '']) {
      assert.deepEqual(errors(withLine(`version: ${version}`)), ['STS_POLICY_VERSION_INVALID']);
    }
  });

  it('STS-3.2-6, C9: modes and keys are in lower case', () => {
    for (const mode of ['enforce', 'testing', 'none'] as const) {
      assert.equal(read(withLine(`mode: ${mode}`)).mode, mode);
    }
    for (const mode of ['Enforce', 'report', 'doubt', '']) {
      assert.deepEqual(errors(withLine(`mode: ${mode}`)), ['STS_POLICY_MODE_INVALID'], mode);
    }
    const reading = readStsPolicy(text('version: STSv1', 'Mode: enforce', ...GOOD.slice(2)));
    assert.equal(reading.value, undefined);
    assert.deepEqual(
      reading.problems.map(({ code, fix }) => [code, fix]),
      [['STS_POLICY_KEY_MISSPELT', 'write mode: enforce']],
    );
    assert.match(reading.problems[0]!.message, /no mode.*"Mode"/);
  });

  it('STS-3.2-7, C10: max_age is 1 to 10 digits, up to a year', () => {
    assert.equal(read(withLine('max_age: 0')).maxAge, 0);
    assert.equal(read(withLine('max_age: 31557600')).maxAge, 31_557_600);
    assert.equal(read(withLine('max_age: 0000604800')).maxAge, 604_800);
    for (const bad of [
      '',
      '-1',
      '1d',
      '+5',
      '1.5',
      'xxx',
      '8_6400',
      '1e5',
      '12345678901',
      '\u0661',
    ]) {
      assert.deepEqual(errors(withLine(`max_age: ${bad}`)), ['STS_POLICY_MAX_AGE_INVALID'], bad);
    }
    for (const bad of ['31557601', '9999999999']) {
      assert.deepEqual(errors(withLine(`max_age: ${bad}`)), ['STS_POLICY_MAX_AGE_TOO_LARGE'], bad);
    }
  });

  it('STS-10.2-1: a short life is a trap', () => {
    assert.deepEqual(codes(withLine('max_age: 86399'), 'warning'), ['STS_POLICY_MAX_AGE_SHORT']);
    assert.deepEqual(codes(withLine('max_age: 86400')), ['STS_POLICY_MAX_AGE_UNDER_WEEK']);
    assert.deepEqual(codes(withLine('max_age: 604799'), 'info'), ['STS_POLICY_MAX_AGE_UNDER_WEEK']);
    assert.deepEqual(codes(text('version: STSv1', 'mode: none', 'max_age: 60')), []);
  });

  it('STS-3.2-9, C7, C8: mx is needed unless the mode is none', () => {
    assert.deepEqual(errors(without('mx')), ['STS_POLICY_MX_MISSING']);
    assert.deepEqual(
      errors(text('version: STSv1', 'mode: testing', 'nmx: mx.d.test', 'max_age: 604800')),
      ['STS_POLICY_KEY_MISSPELT'],
    );
    assert.deepEqual(read(text('version: STSv1', 'mode: none', 'max_age: 604800')).mx, []);
    assert.deepEqual(codes(withLine('mode: none'), 'info'), ['STS_POLICY_MX_UNUSED']);
  });

  it('STS-3.2-10: one pattern a line', () => {
    assert.deepEqual(errors(withLine('mx: a.example, b.example')), ['STS_POLICY_MX_INVALID']);
    assert.deepEqual(errors(withLine('mx: a.example b.example')), ['STS_POLICY_MX_INVALID']);
    assert.deepEqual(read(text(...GOOD, 'mx: mx2.d.test')).mx, ['mx1.d.test', 'mx2.d.test']);
  });

  it('STS-3.2-11: names are A-labels, and the remedy writes them', () => {
    assert.deepEqual(read(withLine('mx: mail.xn--bcher-kva.example')).mx, [
      'mail.xn--bcher-kva.example',
    ]);
    const [problem] = readStsPolicy(withLine('mx: *.b\u00fccher.example')).problems;
    assert.equal(problem?.code, 'STS_POLICY_MX_INVALID');
    assert.equal(problem.fix, 'write mx: *.xn--bcher-kva.example');
  });

  it('STS-3.2-12, C12, C13: a pattern is a name, or "*." and a name', () => {
    assert.deepEqual(read(withLine('mx: *.example.net')).mx, ['*.example.net']);
    const bad = [
      '*',
      '*.',
      'm*.example.net',
      'a.*.example.net',
      '*.*.d.test',
      '.example.net',
      'mail.example.com.',
      '[192.0.2.1]',
      '192.0.2.1',
      '*.192.0.2.1',
      '[IPv6:2001:db8::1]',
      'mx_1.example.com',
      '-a.example.com',
      'a-.example.com',
      'a..example.com',
      'mx.d.test tafile=/etc/passwd',
      'a:b',
      'a;b',
      'a\u2028b',
      'a\u0000b',
      'a\u000bb',
      `${'a'.repeat(64)}.example`,
      Array.from({ length: 128 }, () => 'a').join('.'),
      '',
    ];
    for (const pattern of bad) {
      assert.deepEqual(errors(withLine(`mx: ${pattern}`)), ['STS_POLICY_MX_INVALID'], pattern);
    }
  });

  it('STS-3.2-13, C1: LF, CR LF, mixed, with and without an end give the same policy', () => {
    const expected = { ...read(text(...GOOD)), text: '' };
    for (const body of [
      GOOD.join('\n'),
      `${GOOD.join('\n')}\n`,
      GOOD.join('\r\n'),
      `${GOOD.join('\r\n')}\r\n`,
      `${GOOD[0]}\n${GOOD[1]}\r\n${GOOD[2]}\n${GOOD[3]}`,
    ]) {
      const policy = read(body);
      assert.equal(policy.text, body);
      assert.deepEqual({ ...policy, text: '' }, expected);
      assert.deepEqual(codes(body, 'info'), /[^\r]\n/.test(body) ? ['STS_POLICY_LF'] : []);
    }
  });

  it('STS-3.2-13: a carriage return alone ends no line', () => {
    assert.ok(errors(GOOD.join('\r')).includes('STS_POLICY_CR_ALONE'));
    assert.ok(errors(`${GOOD.join('\r\n')}\r`).includes('STS_POLICY_CR_ALONE'));
    assert.deepEqual(errors(`${text(...GOOD)}x: a\rb\r\n`), ['STS_POLICY_CR_ALONE']);
  });

  it('STS-3.2-14, C3: spaces and tabs stand after the colon and at the end of a line only', () => {
    const body = text('version:STSv1', 'mode:\t enforce  ', 'mx:mx1.d.test\t', 'max_age: 604800 ');
    assert.equal(read(body).mode, 'enforce');
    assert.deepEqual(errors(withLine('mode : enforce')), ['STS_POLICY_SPACE']);
    assert.deepEqual(errors(text('version: STSv1', ' mode: enforce', ...GOOD.slice(2))), [
      'STS_POLICY_SPACE',
    ]);
  });

  it('STS-3.2-15, C11: unknown keys are ignored and kept', () => {
    const policy = read(text(...GOOD, 'x-note: hello w\u00f6rld', 'note: https://x'));
    assert.deepEqual(policy.extensions, [
      ['x-note', 'hello w\u00f6rld'],
      ['note', 'https://x'],
    ]);
    assert.deepEqual(errors(text(...GOOD, `${'k'.repeat(33)}: x`)), ['STS_POLICY_KEY']);
    assert.deepEqual(errors(text(...GOOD, '_k: x')), ['STS_POLICY_KEY']);
    assert.equal(read(text(...GOOD, `${'k'.repeat(32)}: x`)).extensions.length, 1);
  });

  it('STS-3.2-16, C6: of two equal keys the first counts, with a warning', () => {
    const policy = read(text(...GOOD, 'mode: none', 'max_age: 1', 'x: 1', 'x: 2'));
    assert.equal(policy.mode, 'enforce');
    assert.equal(policy.maxAge, 604_800);
    assert.deepEqual(policy.extensions, [['x', '1']]);
    assert.deepEqual(codes(text(...GOOD, 'mode: none'), 'warning'), ['STS_POLICY_KEY_DUPLICATE']);
  });

  it('STS-3.2-17, C13: no control characters, no bad UTF-8, no empty value', () => {
    for (const value of ['a\tb', 'a\u0000b', 'a\u000bb', 'a\u007fb']) {
      assert.deepEqual(errors(text(...GOOD, `x: ${value}`)), ['STS_POLICY_CONTROL_CHARACTER']);
    }
    assert.deepEqual(errors(text(...GOOD, 'x: ')), ['STS_POLICY_VALUE_EMPTY']);
    const bad = Buffer.concat([
      Buffer.from(text(...GOOD, 'x: ok')),
      Buffer.from('x: \xfc', 'latin1'),
    ]);
    const [problem] = readStsPolicy(bad).problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      [problem?.code, problem?.line, problem?.column],
      ['STS_POLICY_NOT_UTF8', 6, 4],
    );
    assert.deepEqual(errors(`${text(...GOOD)}x: \ud800`), ['STS_POLICY_NOT_UTF8']);
    assert.deepEqual(errors(text(...GOOD, 'x: \ufffd')), []);
  });

  it('STS-3.2-R1, C2: trailing blank lines are forgiven, inner ones and garbage are not', () => {
    assert.deepEqual(codes(`${text(...GOOD)}\r\n`), ['STS_POLICY_TRAILING_BLANK_LINE']);
    assert.equal(read(`${text(...GOOD)}\r\n \t\r\n\r\n`).mode, 'enforce');
    assert.deepEqual(errors(text(GOOD[0]!, '', ...GOOD.slice(1))), ['STS_POLICY_BLANK_LINE']);
    assert.deepEqual(errors(text('', ...GOOD)), ['STS_POLICY_BLANK_LINE']);
    assert.deepEqual(errors(text(...GOOD, '# a comment')), ['STS_POLICY_LINE']);
    assert.deepEqual(errors(''), ['STS_POLICY_EMPTY']);
    assert.deepEqual(errors('\r\n \r\n'), ['STS_POLICY_EMPTY']);
  });

  it('STS-3.2-R2: a malformed known key makes the policy invalid, first or not', () => {
    assert.deepEqual(errors(text(...GOOD, 'mx: .example.com')), ['STS_POLICY_MX_INVALID']);
    assert.deepEqual(errors(text(...GOOD, 'mode: foo')), ['STS_POLICY_MODE_INVALID']);
    assert.deepEqual(errors(text(...GOOD, 'version: x')), ['STS_POLICY_VERSION_INVALID']);
    assert.deepEqual(errors(text(...GOOD, 'max_age: x')), ['STS_POLICY_MAX_AGE_INVALID']);
  });

  it('STS-3.2-R3, C2: a byte order mark has a fault of its own', () => {
    assert.deepEqual(errors(`\ufeff${text(...GOOD)}`), ['STS_POLICY_BOM']);
    assert.deepEqual(errors(Buffer.from(`\ufeff${text(...GOOD)}`)), ['STS_POLICY_BOM']);
  });

  it('STS-3.2-R4: the text is kept as it came', () => {
    const body = `${GOOD.join('\n')}\nmx:  MX1.D.Test \t\n\n`;
    assert.equal(read(body).text, body);
    assert.equal(read(Buffer.from(body)).text, body);
  });

  it('C14, C16: patterns are in lower case, in file order, each once', () => {
    const policy = read(
      text(...GOOD, 'mx: B.d.test', 'mx: MX1.d.test', 'mx: a.d.test', 'mx: b.D.test'),
    );
    assert.deepEqual(policy.mx, ['mx1.d.test', 'b.d.test', 'a.d.test']);
  });

  it('C15: thousands of patterns within 64 KiB', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `mx: m${index}.d.test`);
    assert.equal(read(text(...GOOD, ...names)).mx.length, 3001);
  });

  it('STS-3.3-11: a text over 64 KiB is not read', () => {
    const filler = `x: ${'y'.repeat(65_536 - text(...GOOD).length - 3)}`;
    assert.equal(read(text(...GOOD) + filler).mode, 'enforce');
    assert.deepEqual(errors(`${text(...GOOD)}${filler}y`), ['STS_POLICY_TOO_LARGE']);
    assert.deepEqual(errors(Buffer.alloc(65_537)), ['STS_POLICY_TOO_LARGE']);
  });

  it('tells wildcards that cover a whole domain', () => {
    assert.deepEqual(codes(withLine('mx: *.d.test'), 'info'), ['STS_POLICY_MX_WILDCARD']);
    assert.deepEqual(codes(withLine('mx: *.test'), 'warning'), ['STS_POLICY_MX_WILDCARD']);
    assert.deepEqual(codes(withLine('mx: *.mx.d.test')), []);
  });

  it('a key that is misspelt and missing is one fault; beside the right one it is a hint', () => {
    assert.deepEqual(errors(text('version: STSv1', 'Mode: none', 'max_age: 604800')), [
      'STS_POLICY_KEY_MISSPELT',
    ]);
    assert.deepEqual(errors(text(...GOOD.slice(0, 2), 'MX: mx1.d.test', GOOD[3]!)), [
      'STS_POLICY_KEY_MISSPELT',
    ]);
    assert.deepEqual(codes(text(...GOOD, 'Mode: none')), ['STS_POLICY_KEY_UNKNOWN']);
    const [equals, ...others] = readStsPolicy(text('version=STSv1', ...GOOD.slice(1))).problems;
    assert.deepEqual([equals?.code, equals?.fix], ['STS_POLICY_LINE', 'write version: STSv1']);
    assert.deepEqual(others, []);
  });

  it('the mend of an mx value says what to write', () => {
    const mend = (value: string): string | undefined =>
      readStsPolicy(withLine(`mx: ${value}`)).problems.find(
        ({ code }) => code === 'STS_POLICY_MX_INVALID',
      )?.fix;
    assert.equal(mend('10 mx1.d.test.'), 'write mx: mx1.d.test');
    assert.equal(mend('mx1.d.test:25'), 'write mx: mx1.d.test');
    assert.equal(mend('https://mx1.d.test/'), 'write mx: mx1.d.test');
    assert.equal(mend('"mx1.d.test"'), 'write mx: mx1.d.test');
    assert.equal(mend('"*.d.test"'), 'write mx: *.d.test');
    assert.equal(mend('mx1.d.test # the first'), 'write mx: mx1.d.test');
    assert.equal(mend('mx1.d.test.'), 'write mx: mx1.d.test');
    assert.equal(mend('mx1.d.test, mx2.d.test'), 'write one mx line for each name');
    assert.equal(mend('*.'), 'write *.example.com for all hosts directly below example.com');
    assert.deepEqual(codes(withLine('mx: *.')), ['STS_POLICY_MX_INVALID']);
  });

  it('a policy has no comments', () => {
    const mend = (line: string): string | undefined =>
      readStsPolicy(withLine(line)).problems.find(({ severity }) => severity === 'error')?.fix;
    assert.equal(mend('mode: enforce # at last'), 'write mode: enforce; a policy has no comments');
    assert.equal(mend('max_age: 604800 #week'), 'write max_age: 604800; a policy has no comments');
    const misspelt = readStsPolicy(text(GOOD[0]!, 'Mode: none # x', ...GOOD.slice(2))).problems;
    assert.equal(misspelt[0]?.fix, 'write mode: none; a policy has no comments');
    assert.equal(mend('version: STSv1 # 1'), 'write version: STSv1; a policy has no comments');
    for (const comment of ['# a comment', '# note: x', '; x']) {
      const { problems } = readStsPolicy(text(comment, ...GOOD));
      assert.equal(problems[0]?.fix, 'remove the line; a policy has no comments', comment);
    }
  });

  it('an mx of one label is hardly a host that the world can reach', () => {
    assert.deepEqual(codes(withLine('mx: mail')), ['STS_POLICY_MX_ONE_LABEL']);
    assert.deepEqual(codes(withLine('mx: *.test'), 'warning'), ['STS_POLICY_MX_WILDCARD']);
  });

  it('a blank line says where it stands', () => {
    const message = (...lines: string[]): string =>
      readStsPolicy(text(...lines)).problems[0]!.message;
    assert.match(message('', ...GOOD), /^a blank line stands before the first key/);
    assert.match(message(GOOD[0]!, '', ...GOOD.slice(1)), /^a blank line stands between/);
  });

  it('finds every fault, each with its place, its rule and its remedy', () => {
    const { value, problems } = readStsPolicy(
      text(
        'version: STSv2',
        '',
        'mode : Enforce',
        'mx: .d.test',
        'x: \u{1f600}\u0001',
        'maxage: 1',
      ),
    );
    assert.equal(value, undefined);
    assert.deepEqual(
      problems.map(({ code, line, column }) => [code, line, column]),
      [
        ['STS_POLICY_VERSION_INVALID', 1, 10],
        ['STS_POLICY_BLANK_LINE', 2, 1],
        ['STS_POLICY_SPACE', 3, 5],
        ['STS_POLICY_MODE_INVALID', 3, 8],
        ['STS_POLICY_MX_INVALID', 4, 5],
        ['STS_POLICY_KEY_UNKNOWN', 5, 1],
        ['STS_POLICY_CONTROL_CHARACTER', 5, 5],
        ['STS_POLICY_KEY_MISSPELT', 6, 1],
      ],
    );
    assert.equal(problems.find(({ line }) => line === 6)?.fix, 'write max_age: 1');
    for (const problem of problems) assert.match(problem.message, /RFC 8461 §/);
  });
});
