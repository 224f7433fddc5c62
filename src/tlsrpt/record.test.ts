import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { discoverTlsrpt } from './discover.ts';
import { lintTlsrptRecord } from './lint.ts';
import { readTlsrptRecord, selectTlsrptRecord, tlsrptRecordText } from './record.ts';
import type { TlsrptDiscovery } from './types.ts';

function targets(text: string): string[] | undefined {
  return readTlsrptRecord(text).value?.rua.map((target) =>
    target.kind === 'mailto' ? target.address : target.url,
  );
}

function codes(text: string, severity?: string): string[] {
  return readTlsrptRecord(text)
    .problems.filter((problem) => severity === undefined || problem.severity === severity)
    .map((problem) => problem.code);
}

function rua(value: string): string[] | undefined {
  return targets(`v=TLSRPTv1; rua=${value}`);
}

function short(discovery: TlsrptDiscovery): string {
  return discovery.kind === 'record'
    ? discovery.record.rua.map((target) => target.uri).join(' ')
    : `${discovery.kind} ${discovery.failure.code}`;
}

describe('readTlsrptRecord', () => {
  it('RPT-3-3: a plain record', () => {
    assert.deepEqual(readTlsrptRecord('v=TLSRPTv1; rua=mailto:Reports@Example.COM'), {
      value: {
        rua: [
          {
            kind: 'mailto',
            uri: 'mailto:Reports@Example.COM',
            address: 'Reports@example.com',
          },
        ],
        extensions: [],
      },
      problems: [],
    });
  });

  it('RPT-3-2: the version comes first, in exact case', () => {
    for (const version of [
      'v=tlsrptv1',
      'v=TSLRPTv1',
      'v=TLSRPTv10',
      'V=TLSRPTv1',
      ' v=TLSRPTv1',
    ]) {
      const text = `${version}; rua=mailto:a@b.example`;
      assert.deepEqual(codes(text, 'error'), ['TLSRPT_RECORD_VERSION'], text);
    }
    assert.deepEqual(codes('rua=mailto:a@b.example; v=TLSRPTv1'), ['TLSRPT_RECORD_VERSION']);
  });

  it('RPT-3-3: rua is required, and other schemes than mailto and https are ignored', () => {
    assert.deepEqual(codes('v=TLSRPTv1; rua=', 'error'), ['TLSRPT_RUA_MISSING']);
    assert.deepEqual(codes('v=TLSRPTv1; x=1', 'error'), ['TLSRPT_RUA_MISSING']);
    assert.deepEqual(codes('v=TLSRPTv1;', 'error'), ['TLSRPT_RECORD_NO_FIELDS']);
    assert.deepEqual(rua('http://x.example/,ftp://x.example/,https://y.example/r'), [
      'https://y.example/r',
    ]);
    assert.deepEqual(codes('v=TLSRPTv1; rua=ftp://x.example/'), [
      'TLSRPT_RUA_SCHEME',
      'TLSRPT_RUA_NONE_USABLE',
    ]);
    assert.deepEqual(rua('MAILTO:a@b.example'), ['a@b.example']);
  });

  it('RPT-3-4: a list with commas; "," "!" ";" inside are percent-encoded', () => {
    assert.deepEqual(rua('mailto:a@x.example,https://y.example/r'), [
      'a@x.example',
      'https://y.example/r',
    ]);
    assert.deepEqual(rua('mailto:a@x.example \t, mailto:b@x.example'), [
      'a@x.example',
      'b@x.example',
    ]);
    assert.deepEqual(rua('mailto:a@x.example!10m,mailto:b@x.example'), ['b@x.example']);
    assert.deepEqual(codes('v=TLSRPTv1; rua=mailto:a@x!10m', 'warning'), ['TLSRPT_RUA_URI']);
    assert.deepEqual(rua('mailto:a%21b%3Bc@x.example'), undefined, 'an unquoted ";" in an address');
    assert.deepEqual(rua('mailto:a%21b%2Bc@x.example'), ['a!b+c@x.example']);
    assert.deepEqual(rua('mailto:%22a%2Cb%22@x.example'), ['"a,b"@x.example']);
    assert.deepEqual(rua('https://y.example/r?a=b%3Bc&d=e'), ['https://y.example/r?a=b%3Bc&d=e']);
    assert.deepEqual(codes('v=TLSRPTv1; rua=mailto:a@x.example,,'), [
      'TLSRPT_RUA_URI',
      'TLSRPT_RUA_URI',
    ]);
  });

  it('ignores what is no address, with the place and a remedy', () => {
    for (const bad of [
      'a@b.example',
      'mailto:',
      'mailto:b.example',
      'mailto:@b.example',
      'mailto:a@',
      'mailto:a@[192.0.2.1]',
      'mailto:a@b..example',
      'mailto:a%0d%0aRCPT@b.example',
      'mailto:a%00@b.example',
      'mailto:a%@b.example',
      'mailto:%ff@b.example',
      'mailto:a b@b.example',
      'mailto:a%20b@b.example',
      `mailto:${'a'.repeat(65)}@b.example`,
      'https:',
      'https://',
      'https:///path',
      'https://user:secret@y.example/',
      'https://y.example:99999/',
    ]) {
      const { problems } = readTlsrptRecord(`v=TLSRPTv1; rua=mailto:ok@b.example, ${bad}`);
      const found = problems.map(({ code, column }) => [code, column]);
      assert.deepEqual(found, [['TLSRPT_RUA_URI', 38]], bad);
    }
  });

  it('the mend says what is wrong: quotes, a semicolon or a space for a comma, a password', () => {
    const first = (rua: string): string[] => {
      const [fault] = readTlsrptRecord(`v=TLSRPTv1; rua=${rua}`).problems;
      return [fault?.code ?? '', fault?.fix ?? ''];
    };
    assert.deepEqual(first('"mailto:a@b.c"'), [
      'TLSRPT_RUA_URI',
      'remove the quotes: write mailto:a@b.c',
    ]);
    const none = readTlsrptRecord('v=TLSRPTv1; rua="mailto:a@b.c"').problems.at(-1);
    assert.deepEqual(
      [none?.code, none?.fix],
      ['TLSRPT_RUA_NONE_USABLE', 'mend the places as it is said of each'],
    );
    assert.deepEqual(first('mailto:a@b.c;mailto:d@b.c'), [
      'TLSRPT_RECORD_FIELD',
      'use a comma between the places of one rua',
    ]);
    assert.deepEqual(first('mailto:a@b.c;https://b.c/?x=1'), [
      'TLSRPT_RECORD_FIELD',
      'use a comma between the places of one rua',
    ]);
    assert.deepEqual(first('mailto:a@b.c mailto:d@b.c'), [
      'TLSRPT_RUA_URI',
      'use a comma between the places',
    ]);
    const [login] = readTlsrptRecord('v=TLSRPTv1; rua=https://u:pw@b.c/x').problems;
    assert.match(login!.message, /has a user name/);
    assert.equal(login!.fix, 'write https://b.c/x');
    assert.ok(!login!.message.includes('pw'), 'a password is not repeated');
  });

  it('mailto:// is read as it stands, with a warning', () => {
    const { value, problems } = readTlsrptRecord('v=TLSRPTv1; rua=mailto://a@b.c');
    assert.equal(value?.rua.length, 1);
    assert.deepEqual(
      problems.map(({ code, severity, column, fix }) => [code, severity, column, fix]),
      [['TLSRPT_RUA_SLASHES', 'warning', 17, 'write mailto:a@b.c']],
    );
  });

  it('the mend of a wrong beginning keeps the places that are there', () => {
    const [fault] = readTlsrptRecord('V=TLSRPTv1; rua=mailto:a@b.c').problems;
    assert.equal(fault?.fix, 'write v=TLSRPTv1; rua=mailto:a@b.c;');
  });

  it('drops header fields and fragments', () => {
    assert.deepEqual(rua('mailto:a@b.example?subject=x'), ['a@b.example']);
    assert.deepEqual(rua('https://y.example/r#top'), ['https://y.example/r']);
  });

  it('RPT-3-8: unknown fields are ignored and kept', () => {
    const { value } = readTlsrptRecord('v=TLSRPTv1; x=1; rua=mailto:a@b.c; x=2');
    assert.deepEqual(value?.extensions, [['x', '1']]);
    assert.equal(value.rua.length, 1);
    assert.deepEqual(codes('v=TLSRPTv1; rua=mailto:a@b.c; x=a=b', 'error'), [
      'TLSRPT_RECORD_FIELD_VALUE',
    ]);
    const misspelt = readTlsrptRecord('v=TLSRPTv1; RUA=mailto:a@b.c');
    assert.equal(misspelt.value, undefined);
    assert.equal(misspelt.problems[0]?.fix, 'did you mean "rua"?');
  });

  it('RPT-3-R2: several rua fields make one list without doubles, of five at most', () => {
    assert.deepEqual(
      targets('v=TLSRPTv1; rua=mailto:a@x.example; rua=mailto:b@x.example,mailto:a@X.example'),
      ['a@x.example', 'b@x.example'],
    );
    const many = Array.from({ length: 7 }, (_, index) => `mailto:a${index}@x.example`).join(',');
    assert.equal(rua(many)?.length, 5);
    assert.deepEqual(codes(`v=TLSRPTv1; rua=${many}`), [
      'TLSRPT_RUA_TOO_MANY',
      'TLSRPT_RUA_TOO_MANY',
    ]);
  });

  it('finds faults of form like the MTA-STS reader', () => {
    assert.deepEqual(codes('v=TLSRPTv1;; rua=mailto:a@b.c', 'error'), [
      'TLSRPT_RECORD_EMPTY_FIELD',
    ]);
    assert.deepEqual(codes('v=TLSRPTv1; rua = mailto:a@b.c', 'error'), ['TLSRPT_RECORD_SPACE']);
    assert.deepEqual(codes('v=TLSRPTv1; rua=mailto:a@b.c ', 'error'), ['TLSRPT_RECORD_SPACE']);
    assert.deepEqual(codes('v=TLSRPTv1; rua=mailto:\u00e4@b.c', 'error'), [
      'TLSRPT_RECORD_NOT_ASCII',
      'TLSRPT_RUA_NONE_USABLE',
    ]);
  });

  it('fuzz: what is printed is read back', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,10}$/).map((label) => `${label}.example`);
    const local = fc.stringMatching(/^[a-zA-Z0-9+!#$%&'*/=?^_`{|}~-]{1,20}$/);
    const mailto = fc.tuple(local, name).map(([local, name]) => ({
      kind: 'mailto' as const,
      uri: `mailto:${encodeURIComponent(local).replaceAll('!', '%21')}@${name}`,
      address: `${local}@${name}`,
    }));
    const https = fc.tuple(name, fc.stringMatching(/^[a-z0-9/]{0,20}$/)).map(([name, path]) => ({
      kind: 'https' as const,
      uri: `https://${name}/${path}`,
      url: `https://${name}/${path}`,
    }));
    const records = fc.record(
      {
        rua: fc.uniqueArray(fc.oneof(mailto, https), {
          selector: ({ uri }) => uri,
          minLength: 1,
          maxLength: 5,
        }),
        extensions: fc.uniqueArray(
          fc.tuple(
            fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/).filter((name) => name !== 'rua'),
            fc.stringMatching(/^[!-:<>-~]{1,20}$/).filter((value) => !value.includes('=')),
          ),
          { selector: ([name]) => name, maxLength: 3 },
        ),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(records, (record) => {
        assert.deepEqual(readTlsrptRecord(tlsrptRecordText(record)).value, record);
      }),
      { numRuns: 200 },
    );
  });

  it('fuzz: never throws; no target has a control character or a space outside quotes', () => {
    const piece = fc.oneof(
      fc.constantFrom('mailto:', 'https://', '@', ',', '!', ';', 'rua=', '%0a', '%', '"', '[', ' '),
      fc.string({
        unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
        maxLength: 5,
      }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { value, problems } = readTlsrptRecord(`v=TLSRPTv1; rua=${pieces.join('')}`);
        const hasError = problems.some(({ severity }) => severity === 'error');
        assert.equal(value === undefined, hasError);
        for (const target of value?.rua ?? []) {
          const text = target.kind === 'mailto' ? target.address : target.url;
          assert.doesNotMatch(text, /[\x00-\x1f\x7f]/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('fuzz: 64 KiB of garbage takes linear time and gives a bounded list', () => {
    for (const unit of [',', ';', 'rua=', 'mailto:a@b.c,', 'a.', '!', '"', 'mailto:"\\', '%22']) {
      for (const start of ['', 'mailto:', 'https://']) {
        const started = performance.now();
        const { problems } = readTlsrptRecord(
          `v=TLSRPTv1;rua=${start}${unit.repeat(65_536 / unit.length)}`,
        );
        assert.ok(performance.now() - started < 1000, JSON.stringify([start, unit]));
        assert.ok(problems.length <= 101);
      }
    }
  });
});

describe('selectTlsrptRecord', () => {
  const select = (...records: string[]): string => short(selectTlsrptRecord(records));
  const RECORD = 'v=TLSRPTv1; rua=mailto:a@b.example';

  it('RPT-3-5: records that do not begin with v=TLSRPTv1; are dropped', () => {
    assert.equal(select('v=spf1 -all', RECORD), 'mailto:a@b.example');
    assert.equal(select('v=TLSRPTv10; rua=mailto:x@y.example', RECORD), 'mailto:a@b.example');
    assert.equal(select('v=spf1 -all'), 'absent TLSRPT_RECORD_NONE');
    assert.equal(select(), 'absent TLSRPT_RECORD_NONE');
    assert.equal(select('v=TLSRPTv1 ; rua=mailto:a@b.example'), 'mailto:a@b.example');
    assert.equal(select('v=TLSRPTv1 ; rua=mailto:c@d.example', RECORD), 'mailto:a@b.example');
  });

  it('RPT-3-6: more than one is none', () => {
    assert.equal(select(RECORD, RECORD), 'absent TLSRPT_RECORD_SEVERAL');
  });

  it('RPT-3-2, RPT-3-R1: a malformed one is none', () => {
    assert.equal(select('v=TLSRPTv1; rua'), 'absent TLSRPT_RECORD_INVALID');
    assert.equal(select('v=TSLRPTv1; rua=mailto:a@b.c'), 'absent TLSRPT_RECORD_INVALID');
    assert.equal(select('v=tlsrptv1; rua=mailto:a@b.c'), 'absent TLSRPT_RECORD_INVALID');
  });
});

describe('discoverTlsrpt', () => {
  it('RPT-3-1, RPT-1.1-1: asks at _smtp._tls under the policy domain, an MX host for DANE', async () => {
    const resolver = mapResolver({
      records: {
        '_smtp._tls.example.com': { TXT: ['v=TLSRPTv1; rua=mailto:a@example.com'] },
        '_smtp._tls.mx.host.example': { TXT: ['v=TLSRPTv1; rua=mailto:b@host.example'] },
      },
      failing: { '_smtp._tls.down.example': 'servfail' },
    });
    const find = async (policyDomain: string): Promise<string> =>
      short(await discoverTlsrpt({ resolver, policyDomain }));
    assert.equal(await find('Example.com.'), 'mailto:a@example.com');
    assert.equal(await find('mx.host.example'), 'mailto:b@host.example');
    assert.equal(await find('host.example'), 'absent TLSRPT_RECORD_NONE');
    assert.equal(await find('down.example'), 'failed DNS_SERVFAIL');
    assert.equal(await find('[192.0.2.1]'), 'absent DNS_NAME_INVALID');
    assert.equal(resolver.asked[0], '_smtp._tls.example.com/TXT');
  });
});

describe('lintTlsrptRecord', () => {
  it('RPT-3-7: joins the strings of a zone file with nothing between', () => {
    const { value } = lintTlsrptRecord('"v=TLSRPTv1; rua=mail" "to:a@b.example"\n');
    assert.equal(value?.rua[0]?.uri, 'mailto:a@b.example');
  });

  it('RPT-3-6: two records are none, and places are those of the file', () => {
    const RECORD = 'v=TLSRPTv1; rua=mailto:a@b.example';
    const { value, problems } = lintTlsrptRecord(`"${RECORD}"\n"${RECORD},ftp:x"\n`);
    assert.equal(value, undefined);
    assert.deepEqual(
      problems.map(({ code, line, column }) => [code, line, column]),
      [
        ['TLSRPT_RECORD_SEVERAL', 2, 2],
        ['TLSRPT_RUA_SCHEME', 2, 37],
      ],
    );
  });
});
