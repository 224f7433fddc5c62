import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AT, bytes, datagram, failed, only, read, refusal, STS } from './datagram.fixture.ts';
import { MAX_DATAGRAM_BYTES, readDatagram } from './datagram.ts';

describe('lenience', () => {
  it('C10: any version is read, an unknown one with a note', () => {
    const notes = (more: object): readonly string[] =>
      read(datagram([{ ...STS, f: 0 }], more)).notes;
    assert.deepEqual(notes({ dpv: undefined }), []);
    assert.deepEqual(notes({ dpv: 1 }), []);
    assert.deepEqual(notes({ dpv: '2' }), ['DATAGRAM_VERSION']);
  });

  it('C15: all spellings of a domain are one', () => {
    for (const d of ['Harbour.Example.', 'harbour.example', 'HARBOUR.example']) {
      assert.equal(only(datagram([{ ...STS, f: 0 }], { d })).recipientDomain, 'harbour.example');
    }
    assert.equal(
      only(datagram([{ ...STS, f: 0 }], { d: 'Häfen.example' })).recipientDomain,
      'xn--hfen-loa.example',
    );
  });

  it('C19: TLSA with mx-host, STS without strings', () => {
    const tlsa = {
      'policy-type': 1,
      'policy-domain': 'mx.quay.example',
      'mx-host': ['x.example'],
      f: 0,
    };
    assert.deepEqual(only(datagram([tlsa])).policy.mxHosts, []);
    const sts = { 'policy-type': 2, 'policy-domain': 'harbour.example', t: 0, f: 0 };
    const { results, notes } = read(datagram([sts]));
    assert.deepEqual(results[0]?.policy.strings, []);
    assert.deepEqual(notes, []);
  });

  it('takes a missing policy domain from what is near, with a note', () => {
    const tlsa = { 'policy-type': 1, 'failure-details': [{ c: 304, n: 'mx7.quay.example' }], f: 1 };
    const first = read(datagram([tlsa]));
    assert.equal(first.results[0]?.policy.domain, 'mx7.quay.example');
    assert.deepEqual(first.notes, ['DATAGRAM_POLICY_DOMAIN']);
    const second = read(datagram([{ 'policy-type': 2, 'policy-domain': '..', f: 0 }]));
    assert.equal(second.results[0]?.policy.domain, 'harbour.example');
    assert.deepEqual(second.notes, ['DATAGRAM_POLICY_DOMAIN']);
  });

  it('leaves out values that are not what their key promises', () => {
    const { results, notes } = read(
      failed({
        c: 204,
        s: '[192.0.2.7]',
        r: 'x.x.x.x',
        n: 'no host!',
        a: 'see above',
        h: ' \r\n',
        f: 7,
      }),
    );
    assert.deepEqual(results[0]?.failures, [
      { resultType: 'certificate-expired', sendingMtaIp: '192.0.2.7' },
    ]);
    assert.deepEqual(notes, ['DATAGRAM_VALUE_DROPPED']);
    const hosts = {
      ...STS,
      'mx-host': ['A.harbour.example', '*.*.harbour.example', 'häfen.example'],
    };
    const policy = read(datagram([{ ...hosts, f: 0 }]));
    assert.deepEqual(policy.results[0]?.policy.mxHosts, [
      'a.harbour.example',
      'xn--hfen-loa.example',
    ]);
    assert.deepEqual(policy.notes, ['DATAGRAM_VALUE_DROPPED']);
  });

  it('makes one line of each policy string, and cuts what no policy has', () => {
    const joined = { ...STS, 'policy-string': 'version: STSv1\r\nmode: none\ud800' };
    assert.deepEqual(only(datagram([{ ...joined, f: 0 }])).policy.strings, [
      'version: STSv1',
      'mode: none\ufffd',
    ]);
    const long = { ...STS, 'policy-string': ['a'.repeat(5000), 7, 'mode: none'], f: 0 };
    const { results, notes } = read(datagram([long]));
    assert.deepEqual(results[0]?.policy.strings, ['mode: none']);
    assert.deepEqual(notes, ['DATAGRAM_CUT']);
    const many = read(
      failed(...Array.from({ length: 50 }, (_, index) => ({ c: 204, f: `${index}` }))),
    );
    assert.equal(many.results[0]?.failures.length, 32);
    assert.deepEqual(many.notes, ['DATAGRAM_CUT']);
  });

  it('goes on without the record, which is looked up again', () => {
    const reading = read(datagram([{ ...STS, f: 0 }], { pr: 5 }));
    assert.equal(reading.record, '');
    assert.deepEqual(reading.notes, ['DATAGRAM_NO_RECORD']);
  });

  it('skips a policy that it cannot name', () => {
    const { results, notes } = read(datagram([{ 'policy-type': 4, f: 0 }, 5, { ...STS, f: 0 }]));
    assert.equal(results.length, 1);
    assert.deepEqual(notes, ['DATAGRAM_POLICY_UNKNOWN']);
  });
});

describe('what is no datagram of libtlsrpt', () => {
  const cases: readonly (readonly [name: string, input: string | Uint8Array, code: string])[] = [
    ['nothing', '', 'DATAGRAM_EMPTY'],
    ['a letter', 'x', 'DATAGRAM_NOT_JSON'],
    ['NaN', '{"d":NaN}', 'DATAGRAM_NOT_JSON'],
    ['half a datagram', datagram([STS]).slice(0, 80), 'DATAGRAM_NOT_JSON'],
    ['a NUL behind it', Buffer.concat([datagram([STS]), Buffer.from([0])]), 'DATAGRAM_NOT_JSON'],
    ['a number', '5', 'DATAGRAM_NOT_OBJECT'],
    ['a text', '"s"', 'DATAGRAM_NOT_OBJECT'],
    ['null', 'null', 'DATAGRAM_NOT_OBJECT'],
    ['a list', '[]', 'DATAGRAM_NOT_OBJECT'],
    ['bad UTF-8 for a domain', Buffer.from('{"d":"\xff"}', 'latin1'), 'DATAGRAM_NO_DOMAIN'],
    ['no domain', bytes({ policies: [{ ...STS, f: 0 }] }), 'DATAGRAM_NO_DOMAIN'],
    ['policies that are a number', datagram(5), 'DATAGRAM_NO_POLICIES'],
    ['no policies', datagram([]), 'DATAGRAM_NO_POLICIES'],
    ['policies of nothing', datagram([5, null, {}]), 'DATAGRAM_NO_POLICIES'],
    ['33 policies', datagram(Array.from({ length: 33 }, () => STS)), 'DATAGRAM_TOO_MANY_POLICIES'],
    ['100,000 levels', '['.repeat(100_000), 'DATAGRAM_TOO_DEEP'],
    ['33 levels in an unknown key', datagram([STS], { x: deep(32) }), 'DATAGRAM_TOO_DEEP'],
    ['200 kB of nothing', 'x'.repeat(200_000), 'DATAGRAM_NOT_JSON'],
    ['64 kB and one', Buffer.alloc(65_537, 0x20), 'DATAGRAM_NOT_JSON'],
    ['more than is read', Buffer.alloc(MAX_DATAGRAM_BYTES + 1), 'DATAGRAM_TOO_LARGE'],
  ];
  for (const [name, input, code] of cases) {
    it(`C11: ${name}`, () => {
      assert.equal(refusal(typeof input === 'string' ? bytes(input) : input), code);
    });
  }

  it('C11: brackets in a text are no levels, large is not wrong', () => {
    const text = '[{"\\'.repeat(100);
    assert.equal(read(datagram([{ ...STS, f: 0 }], { x: text, y: deep(31) })).results.length, 1);
    const large = datagram([{ ...STS, f: 0 }], { x: 'x'.repeat(100_000) });
    assert.equal(read(large).results.length, 1);
  });

  it('C11: keys with a meaning in JavaScript have none here', () => {
    const text = `{"__proto__":{"d":"harbour.example"},"policies":[{"policy-type":9,"f":0}]}`;
    assert.equal(refusal(bytes(text)), 'DATAGRAM_NO_DOMAIN');
  });

  it('the failure is one line without anything that moves a cursor', () => {
    const reading = readDatagram(bytes('\u001b[2J\n'), AT);
    assert.match(reading.kind === 'invalid' ? reading.failure.detail : '', /^[\u0020-\u007e]+$/);
  });
});

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
