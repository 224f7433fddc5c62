import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { checkKey, type KeyCheck } from './check-key.ts';
import { isSamePublicKey, makeDkimKey, publicKeyText, readPrivateKey } from './dkim-key.ts';
import { keyRecordText, readKeyRecord, withoutServices } from './key-record.ts';
import { isSameOrganization, organizationalDomain } from './organizational-domain.ts';
import { keyResolver, testKey } from './signed-mails.fixture.ts';

describe('readKeyRecord', () => {
  it('S26, RPT-3-19: tells which service a key is for', () => {
    const service = (tags: string): string | undefined => readKeyRecord(`${tags}p=AA`)?.service;
    assert.equal(service('v=DKIM1; s=tlsrpt; '), 'tlsrpt');
    assert.equal(service('S=Email : TlsRpt;'), 'tlsrpt');
    assert.equal(service(''), 'mail');
    assert.equal(service('s=*; '), 'mail');
    assert.equal(service('s=email;'), 'mail');
    assert.equal(service('s=other;'), 'other');
    assert.equal(service('s=;'), 'other');
  });

  it('takes no other text for a key', () => {
    for (const text of ['', 'v=spf1 -all', 'v=DKIM2; p=AA', `p=${'A'.repeat(9000)}`]) {
      assert.equal(readKeyRecord(text), undefined);
    }
    assert.deepEqual(readKeyRecord('p='), {
      publicKey: '',
      keyType: 'rsa',
      service: 'mail',
      services: undefined,
      isTesting: false,
    });
  });

  it('takes s= out of a record and leaves the rest', () => {
    assert.equal(withoutServices('v=DKIM1; s=tlsrpt; k=rsa; p=s=A'), 'v=DKIM1; k=rsa; p=s=A');
  });

  it('fuzz: never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        readKeyRecord(text);
        withoutServices(text);
      }),
      { numRuns: 500 },
    );
  });
});

describe('organizationalDomain', () => {
  it('I10: one label below the public suffix, those of hosters too', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['corp.post.example', 'post.example'],
      ['A.B.Example.CO.UK.', 'example.co.uk'],
      ['co.uk', 'co.uk'],
      ['one.github.io', 'one.github.io'],
      ['mx.bücher.example', 'xn--bcher-kva.example'],
      ['localhost', 'localhost'],
      ['192.0.2.1', '192.0.2.1'],
      ['not a name', 'not a name'],
    ];
    for (const [name, organization] of cases)
      assert.equal(organizationalDomain(name), organization);
    assert.ok(isSameOrganization('a.post.example', 'B.POST.example'));
    assert.ok(!isSameOrganization('a.github.io', 'b.github.io'));
    assert.ok(!isSameOrganization('', ''));
  });
});

describe('makeDkimKey', () => {
  it('makes keys that can be read again', () => {
    for (const algorithm of ['rsa', 'ed25519'] as const) {
      const { privateKeyPem, publicKey } = makeDkimKey(algorithm, 1024);
      const read = readPrivateKey(privateKeyPem);
      assert.ok(read.ok);
      assert.equal(publicKeyText(createPublicKey(read.value)), publicKey);
    }
    assert.equal(Buffer.from(makeDkimKey('ed25519', 0).publicKey, 'base64').length, 32);
  });

  it('knows a key with and without its wrapping', () => {
    const { pem, publicKey } = testKey();
    const bare = createPublicKey(createPrivateKey(pem)).export({ type: 'pkcs1', format: 'der' });
    assert.ok(isSamePublicKey(publicKey, bare.toString('base64')));
    assert.ok(!isSamePublicKey(publicKey, testKey(1024, 'other').publicKey));
    assert.ok(!isSamePublicKey(publicKey, 'AAAA'));
  });
});

describe('checkKey', () => {
  const { publicKey } = testKey();
  const check = async (texts: readonly string[], failing = false): Promise<unknown> => {
    const name = 'tlsrpt._domainkey.mail.example';
    const resolver = keyResolver(texts.length === 0 ? {} : { [name]: texts });
    if (failing) resolver.world.failing = { [name]: 'servfail' };
    const place = { resolver, domain: 'mail.example', selector: 'tlsrpt' };
    const result: KeyCheck = await checkKey({ ...place, algorithm: 'rsa', publicKey });
    return [result.verdict, ...result.findings.map(({ code }) => code)];
  };
  const record = (services: string): string =>
    keyRecordText({ keyType: 'rsa', publicKey, services });

  it('S26: fits, or says what is wrong', async () => {
    assert.deepEqual(await check([record('tlsrpt')]), ['fits']);
    assert.deepEqual(await check([record('tlsrpt:email')]), ['fits']);
    assert.deepEqual(await check([record('email')]), ['fits', 'DKIM_KEY_NOT_TLSRPT']);
    assert.deepEqual(await check([`t=y; ${record('tlsrpt')}`.replace('v=DKIM1; ', '')]), [
      'fits',
      'DKIM_KEY_TESTING',
    ]);
    assert.deepEqual(await check([record('other')]), ['wrong', 'DKIM_KEY_OTHER_SERVICE']);
    assert.deepEqual(await check([]), ['wrong', 'DKIM_KEY_MISSING']);
    assert.deepEqual(await check(['v=DKIM1; p=']), ['wrong', 'DKIM_KEY_REVOKED']);
    const other = `v=DKIM1; s=tlsrpt; p=${testKey(1024, 'other').publicKey}`;
    assert.deepEqual(await check([other]), ['wrong', 'DKIM_KEY_DIFFERS']);
    const two = [record('tlsrpt'), record('tlsrpt')];
    assert.deepEqual(await check(two), ['wrong', 'DKIM_KEY_SEVERAL_RECORDS']);
    assert.deepEqual(await check([], true), ['unknown', 'DKIM_KEY_UNREACHABLE']);
  });
});
