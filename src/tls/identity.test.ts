import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { issueLeaf } from '../lab/pki/ca.ts';
import { asciiName, matchIdentity, nameMismatch, presentedNames } from './identity.ts';

const certified = (...names: readonly string[]): X509Certificate =>
  new X509Certificate(issueLeaf({ names, subject: 'cn.example.test' }).der);

/** Does a certificate with these names carry the wanted one? */
const matches = (presented: readonly string[], wanted: string): boolean =>
  matchIdentity(certified(...presented), [wanted]) !== undefined;

describe('matchIdentity', () => {
  it('ID-9525-1, STS-4.2-3, STS-3.3-2: a common name is never a name', () => {
    assert.equal(matches([], 'cn.example.test'), false);
    // Only an address: OpenSSL would fall back to the common name by default.
    assert.equal(matches(['192.0.2.1'], 'cn.example.test'), false);
    assert.equal(matches(['other.example.test'], 'cn.example.test'), false);
  });

  it('ID-9525-6.1-1: the reference names decide, and the first that matches is named', () => {
    const certificate = certified('b.example.test', 'c.example.test');
    const wanted = ['a.example.test', 'c.example.test', 'b.example.test'];
    assert.equal(matchIdentity(certificate, wanted), 'c.example.test');
    assert.equal(matchIdentity(certificate, []), undefined);
  });

  it('STS-4.2-4: nothing but the name itself will do, not its parent and not its child', () => {
    assert.equal(matches(['mx.example.test'], 'mx.example.test'), true);
    assert.equal(matches(['example.test'], 'mx.example.test'), false);
    assert.equal(matches(['a.mx.example.test'], 'mx.example.test'), false);
    assert.equal(matches(['xmx.example.test'], 'mx.example.test'), false);
  });

  it('ID-9525-6.3-1: letter case does not matter, U-labels are compared as A-labels', () => {
    assert.equal(matches(['MX1.Example.TEST'], 'mx1.eXAMPLE.test'), true);
    assert.equal(matches(['mx.xn--bcher-kva.test'], 'mx.bücher.test'), true);
    assert.equal(matches(['mx.xn--bcher-kva.test'], 'mx.xn--BCHER-kva.test'), true);
    assert.equal(matches(['mx.bcher.test'], 'mx.bücher.test'), false);
  });

  it('ID-9525-6.3-1: a trailing dot of the reference name does not matter', () => {
    assert.equal(matches(['mx.example.test'], 'mx.example.test.'), true);
    assert.equal(matches(['mx.example.test'], 'mx.example.test..'), false);
  });

  it('ID-9525-6.3-2, STS-3.3-3: a wildcard is a whole first label and matches one label', () => {
    assert.equal(matches(['*.example.test'], 'mx.example.test'), true);
    assert.equal(matches(['*.example.test'], 'xn--bcher-kva.example.test'), true);
    assert.equal(matches(['*.example.test'], 'example.test'), false);
    assert.equal(matches(['*.example.test'], 'a.b.example.test'), false);
  });

  it('ID-9525-6.3-2, STS-3.3-3: any other star is ignored', () => {
    const ignored = ['m*.example.test', '*x.example.test', 'm*x.example.test', '**.example.test'];
    for (const presented of ignored) assert.equal(matches([presented], 'mx.example.test'), false);
    assert.equal(matches(['*.*.test'], 'mx.example.test'), false);
    assert.equal(matches(['mx.*.test'], 'mx.example.test'), false);
    assert.equal(matches(['*'], 'test'), false);
    assert.equal(matches(['*.test'], 'example.test'), false);
  });

  it('ID-9525-6.3-2: a star in the reference name is no wildcard', () => {
    assert.equal(matches(['mx.example.test'], '*.example.test'), false);
  });

  it('an address is no name: neither as reference nor in the certificate', () => {
    assert.equal(matches(['192.0.2.1'], '192.0.2.1'), false);
    assert.equal(matches(['2001:db8::1'], '2001:db8::1'), false);
    assert.equal(matches(['192.0.2.1', 'mx.example.test'], 'mx.example.test'), true);
  });

  it('a leading dot, an empty name and an empty label match nothing', () => {
    // OpenSSL takes a leading dot as "this domain and below".
    for (const wanted of ['.example.test', '', '.', 'mx..example.test']) {
      assert.equal(matches(['mx.example.test', '*.example.test'], wanted), false, wanted);
    }
  });

  it('fuzz: no text as reference name throws, and what matches is what was asked for', () => {
    const certificate = certified('mx.example.test', '*.wild.test');
    const words = ['mx', 'example', 'wild', 'test', '*', '', 'xn--bcher-kva'];
    const labels = fc
      .array(fc.constantFrom(...words), { maxLength: 5 })
      .map((all) => all.join('.'));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), labels), (name) => {
        const matched = matchIdentity(certificate, [name]);
        assert.ok(matched === undefined || matched === name);
        const expected = /^(mx\.example|[^.]+\.wild)\.test\.?$/.test(name);
        assert.equal(matched !== undefined, expected, name);
      }),
      { numRuns: 200 },
    );
  });
});

describe('presentedNames', () => {
  it('lists DNS names only, as they stand', () => {
    const names = ['MX.example.test', '192.0.2.1', '*.example.test'];
    assert.deepEqual(presentedNames(certified(...names)), ['MX.example.test', '*.example.test']);
    assert.deepEqual(presentedNames(certified()), []);
  });
});

describe('nameMismatch', () => {
  it('ID-9525-6.6-1: says what was wanted and what was found, as certificate-host-mismatch', () => {
    const failure = nameMismatch(certified('a.test', 'b.test'), ['mx.test'], 'mx.test (192.0.2.1)');
    assert.equal(failure.code, 'TLS_CERTIFICATE_NAME_MISMATCH');
    assert.equal(failure.resultType, 'certificate-host-mismatch');
    assert.match(failure.detail, /not for mx\.test: it is for a\.test, b\.test$/);
    assert.match(nameMismatch(certified(), ['mx.test'], 'mx').detail, /carries no DNS name/);
  });

  it('shows no control character of a hostile certificate, and not hundreds of names', () => {
    const many = Array.from({ length: 300 }, (_, index) => `n${index}.test`);
    const certificate = certified('evil\r\n250 ok.test', ...many);
    const { detail } = nameMismatch(certificate, ['mx.test'], 'mx.test');
    assert.doesNotMatch(detail, /[\r\n]/);
    assert.match(detail, /and 296 more$/);
  });
});

describe('asciiName', () => {
  it('gives the form in which names are compared and sent', () => {
    assert.equal(asciiName('MX.Example.TEST.'), 'mx.example.test');
    assert.equal(asciiName('mx.BÜCHER.test'), 'mx.xn--bcher-kva.test');
    assert.equal(asciiName('_dane.example.test'), '_dane.example.test');
    const noNames = [
      'mx.test/ä',
      'mx.test?ä',
      'mx.test:25ä',
      'ä@mx.test',
      '%6dx.ä.test',
      '１２７.0.0.1',
    ];
    for (const none of ['', '.', '192.0.2.1', '::1', 'a..b', '.a', ...noNames]) {
      assert.equal(asciiName(none), undefined, none);
    }
  });
});
