import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Authenticity } from '../types.ts';
import { bodyForm } from './canonical.ts';
import { createSigner } from './dkim-signer.ts';
import { bigMail, BIG, forwarded, officeMail, postMail } from './report-mails.fixture.ts';
import { readReportMail } from './read-report-mail.ts';
import { keyResolver, signedByNodemailer, testKey } from './signed-mails.fixture.ts';
import { verifyReportMail, type VerifyOptions } from './verify-mail.ts';

const NOW = Date.UTC(2026, 2, 5, 12);
const KEY = testKey();

/** A record for {@link KEY}. */
function record(tags = 's=tlsrpt; '): string {
  return `v=DKIM1; k=rsa; ${tags}p=${KEY.publicKey}`;
}

type Published = Parameters<typeof keyResolver>[0];

async function verify(
  message: Uint8Array,
  published: Published,
  more: Partial<VerifyOptions> = {},
): Promise<Authenticity> {
  return await verifyReportMail({
    message,
    resolver: keyResolver(published),
    submitters: ['bigmail.example'],
    requireTlsrptKey: false,
    now: NOW,
    ...more,
  });
}

async function signed(
  message = bigMail(),
  domain = 'bigmail.example',
  selector = 'sel',
): Promise<Buffer> {
  return await signedByNodemailer(message, [{ domain, selector, pem: KEY.pem }]);
}

const AT = 'sel._domainkey.bigmail.example';

function codes({ notes }: Authenticity): readonly (string | undefined)[] {
  return notes.map((note) => /\((\w+)\)$/.exec(note)?.[1]);
}

describe('verifyReportMail: keys', () => {
  it('I10, RPT-3-19: a key for tlsrpt passes without a note', async () => {
    assert.deepEqual(await verify(await signed(), { [AT]: record() }), {
      kind: 'verified',
      domain: 'bigmail.example',
      selector: 'sel',
      notes: [],
    });
    const both = await verify(await signed(), { [AT]: record('s=email : TLSRPT;') });
    assert.deepEqual([both.kind, both.notes], ['verified', []]);
  });

  it('I10, S2: keys for email, for everything and without s= pass with a note', async () => {
    for (const tags of ['s=email;', 's=*;', '']) {
      const result = await verify(await signed(), { [AT]: record(tags) });
      assert.deepEqual([result.kind, codes(result)], ['verified', ['DKIM_KEY_NOT_TLSRPT']]);
    }
  });

  it('RPT-3-20: where a key for tlsrpt is asked for, others do not pass', async () => {
    const message = await signed();
    const strict = { requireTlsrptKey: true };
    const other = await verify(message, { [AT]: record('s=email;') }, strict);
    assert.deepEqual([other.kind, codes(other)], ['broken', ['DKIM_KEY_NOT_TLSRPT']]);
    assert.equal((await verify(message, { [AT]: record() }, strict)).kind, 'verified');
  });

  it('S8: a key for another service does not pass', async () => {
    const result = await verify(await signed(), { [AT]: record('s=other;') });
    assert.deepEqual([result.kind, codes(result)], ['broken', ['DKIM_KEY_OTHER_SERVICE']]);
  });

  it('S8: no key, a revoked one, text that is no key, another key', async () => {
    const message = await signed();
    const other = `v=DKIM1; p=${testKey(1024, 'other').publicKey}`;
    const cases: readonly (readonly [Published, string])[] = [
      [{}, 'DKIM_KEY_MISSING'],
      [{ [AT]: 'v=DKIM1; p=' }, 'DKIM_KEY_REVOKED'],
      [{ [AT]: 'hello' }, 'DKIM_KEY_MALFORMED'],
      [{ [AT]: 'v=DKIM1; p=AAAA' }, 'DKIM_KEY_MALFORMED'],
      [{ [AT]: other }, 'DKIM_SIGNATURE_INVALID'],
    ];
    for (const [published, code] of cases) {
      const result = await verify(message, published);
      assert.deepEqual([result.kind, codes(result)], ['broken', [code]], code);
    }
    const spf = await verify(message, { [AT]: ['v=spf1 -all', record()] });
    assert.equal(spf.kind, 'verified');
  });

  it('tells of a key that is only tried out', async () => {
    const result = await verify(await signed(), { [AT]: record('s=tlsrpt; t=y; ') });
    assert.deepEqual([result.kind, codes(result)], ['verified', ['DKIM_KEY_TESTING']]);
  });

  it('I11: RSA of 1024 bits and Ed25519 pass, RSA of 512 does not', async () => {
    const { pem, publicKey } = testKey('ed25519');
    const signer = createSigner({ privateKeyPem: pem, domain: BIG.submitter, selector: 'sel' });
    const message = await signer.sign(Buffer.from(bigMail()), NOW);
    const ed = await verify(message, { [AT]: `v=DKIM1; k=ed25519; s=tlsrpt; p=${publicKey}` });
    assert.equal(ed.kind, 'verified');
    const small = testKey(512);
    const weak = await signedByNodemailer(bigMail(), [
      { domain: 'bigmail.example', selector: 'sel', pem: small.pem },
    ]);
    const result = await verify(weak, { [AT]: `v=DKIM1; s=tlsrpt; p=${small.publicKey}` });
    assert.deepEqual([result.kind, codes(result)], ['broken', ['DKIM_KEY_WEAK']]);
  });

  it('DNS trouble is for now only', async () => {
    const resolver = keyResolver({});
    resolver.world.failing = { [AT]: 'timeout' };
    const result = await verify(await signed(), {}, { resolver });
    assert.deepEqual([result.kind, codes(result)], ['temporary', ['DKIM_KEY_UNREACHABLE']]);
    // A signature that could not count anyway is not worth another try.
    const stranger = await verify(await signed(), {}, { resolver, submitters: ['x.example'] });
    assert.equal(stranger.kind, 'broken');
  });
});

describe('verifyReportMail: alignment', () => {
  it('I10: a sub-domain of the same organisation is aligned', async () => {
    const name = 'sel._domainkey.corp.post.example';
    const message = await signed(postMail(), 'corp.post.example');
    const submitters = ['post.example', 'corp.post.example'];
    const result = await verify(message, { [name]: record() }, { submitters });
    assert.deepEqual(
      [result.kind, result.kind === 'verified' && result.domain],
      ['verified', 'corp.post.example'],
    );
  });

  it('I10, S8, RPT-3-17: somebody else may sign, but not for the reporter', async () => {
    const message = await signed(bigMail(), 'evil.example');
    const published = { 'sel._domainkey.evil.example': record() };
    const result = await verify(message, published);
    assert.deepEqual([result.kind, codes(result)], ['unaligned', ['DKIM_NOT_ALIGNED']]);
    // From and signature agree, the report names another.
    const own = await signed(
      bigMail().replace('noreply-tls@bigmail', 'noreply-tls@evil'),
      'evil.example',
    );
    for (const submitters of [['bigmail.example'], ['evil.example', 'bigmail.example'], ['?']]) {
      assert.equal((await verify(own, published, { submitters })).kind, 'unaligned');
    }
    assert.equal((await verify(own, published, { submitters: ['evil.example'] })).kind, 'verified');
  });

  it('S8: neighbours under a public suffix are strangers', async () => {
    const message = await signed(
      bigMail().replace('noreply-tls@bigmail.example', 'a@one.co.uk'),
      'two.co.uk',
    );
    const published = { 'sel._domainkey.two.co.uk': record() };
    const result = await verify(message, published, { submitters: ['one.co.uk'] });
    assert.equal(result.kind, 'unaligned');
  });

  it('I12: two authors, two From fields, none: never verified', async () => {
    const from = 'From: noreply-tls@bigmail.example\n';
    for (const field of [
      'From: noreply-tls@bigmail.example, b@bigmail.example\n',
      `${from}${from}`,
      `${from}From\n : x@bigmail.example\n`,
    ]) {
      const message = await signed(bigMail().replace(from, field));
      assert.notEqual((await verify(message, { [AT]: record() })).kind, 'verified', field);
    }
    const none = await signed(bigMail().replace(from, ''));
    const result = await verify(none, { [AT]: record() });
    assert.notEqual(result.kind, 'verified');
    assert.ok(codes(result).includes('DKIM_FROM'));
  });
});

describe('verifyReportMail: signatures', () => {
  it('I10, RPT-3-17: none, a broken body, a broken header', async () => {
    const none = await verify(Buffer.from(bigMail()), {});
    assert.deepEqual([none.kind, codes(none)], ['unsigned', ['DKIM_SIGNATURE_MISSING']]);
    const text = (await signed()).toString('latin1');
    const body = await verify(Buffer.from(text.replace('Aggregate', 'BANNER Aggregate')), {
      [AT]: record(),
    });
    assert.deepEqual([body.kind, codes(body)], ['broken', ['DKIM_BODY_CHANGED']]);
    const header = await verify(Buffer.from(text.replace('To: tls', 'To: xls')), {
      [AT]: record(),
    });
    assert.deepEqual([header.kind, codes(header)], ['broken', ['DKIM_SIGNATURE_INVALID']]);
  });

  it('S9: fields that the signature does not cover may change, they are hints', async () => {
    const text = (await signed(officeMail(), 'office.example')).toString('latin1');
    const changed = Buffer.from(
      text.replace('TLS-Report-Domain: reported', 'TLS-Report-Domain: other'),
    );
    const published = { 'sel._domainkey.office.example': record() };
    const result = await verify(changed, published, { submitters: ['office.example'] });
    assert.equal(result.kind, 'verified');
  });

  it('I10, RPT-3-18: a signature with l= is refused before anything is looked up', async () => {
    for (const tag of ['l=5', 'l=', ' L = 999999']) {
      const text = (await signed()).toString('latin1').replace('v=1; ', `v=1; ${tag}; `);
      const resolver = keyResolver({ [AT]: record() });
      const result = await verify(Buffer.from(text, 'latin1'), {}, { resolver });
      assert.deepEqual([result.kind, codes(result)], ['broken', ['DKIM_LENGTH_TAG']]);
      assert.deepEqual(resolver.asked, []);
    }
  });

  it('I10: of two signatures one good and aligned is enough, in any order', async () => {
    const pem = KEY.pem;
    const own = { domain: 'bigmail.example', selector: 'sel', pem };
    const other = { domain: 'relay.example', selector: 'sel', pem };
    for (const signatures of [
      [own, other],
      [other, own],
    ]) {
      const message = await signedByNodemailer(bigMail(), signatures);
      assert.equal((await verify(message, { [AT]: record() })).kind, 'verified');
    }
  });

  it('looks at five signatures, those of the sender first, and at each key once', async () => {
    const text = (await signed()).toString('latin1');
    const strange = Array.from(
      { length: 30 },
      (_, at) => `DKIM-Signature: v=1; a=rsa-sha256; d=s${at}.example; s=a; h=from; bh=x; b=x\r\n`,
    );
    const crowded = Buffer.from(strange.join('') + text, 'latin1');
    assert.equal((await verify(crowded, { [AT]: record() })).kind, 'verified');
    const bh = /bh=[^;]+/.exec(text)![0];
    const same = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=bigmail.example; s=a; h=from; ${bh}; b=x\r\n`;
    const resolver = keyResolver({});
    const result = await verify(Buffer.from(same.repeat(30) + text, 'latin1'), {}, { resolver });
    assert.equal(result.kind, 'broken');
    assert.ok(codes(result).includes('DKIM_TOO_MANY_SIGNATURES'));
    assert.equal(resolver.asked.length, 1);
  });

  it('S7: keys are looked up side by side, and nobody waits longer than is given', async () => {
    const own = (at: number): { domain: string; selector: string; pem: string } => ({
      domain: 'bigmail.example',
      selector: `s${at}`,
      pem: KEY.pem,
    });
    const signatures = [0, 1, 2].map(own);
    const message = await signedByNodemailer(bigMail(), [
      ...signatures,
      { ...own(3), domain: 'relay.example' },
    ]);
    const asked: string[] = [];
    const resolver: VerifyOptions['resolver'] = {
      lookup: async (name) => {
        asked.push(name);
        return await new Promise<never>(() => undefined);
      },
    };
    const over = new AbortController();
    const waiting = verify(message, {}, { resolver, signal: over.signal });
    assert.equal(asked.length, 3, 'those of the sender, at once');
    over.abort();
    const result = await waiting;
    assert.deepEqual(
      [result.kind, new Set(codes(result))],
      ['temporary', new Set(['DKIM_KEY_UNREACHABLE'])],
    );
    assert.equal(asked.length, 3, 'and no more when the time is over');
    const late = await verify(message, {}, { resolver, signal: over.signal });
    assert.equal(late.kind, 'temporary');
  });

  it('looks at the signatures of others only where none of the sender is valid', async () => {
    const pem = KEY.pem;
    const message = await signedByNodemailer(bigMail(), [
      { domain: 'relay.example', selector: 'sel', pem },
      { domain: 'bigmail.example', selector: 'sel', pem },
    ]);
    const resolver = keyResolver({ [AT]: record() });
    assert.equal((await verify(message, {}, { resolver })).kind, 'verified');
    assert.equal(resolver.asked.length, 1);
    const none = keyResolver({});
    assert.equal((await verify(message, {}, { resolver: none })).kind, 'broken');
    assert.equal(none.asked.length, 2);
  });

  it('S8: an expired signature, sha1, an unknown algorithm, no selector', async () => {
    const text = (await signed()).toString('latin1');
    const tried = async (from: string | RegExp, to: string): Promise<unknown> => {
      const result = await verify(Buffer.from(text.replace(from, to), 'latin1'), {
        [AT]: record(),
      });
      return [result.kind, codes(result)[0]];
    };
    const malformed = ['broken', 'DKIM_SIGNATURE_MALFORMED'];
    assert.deepEqual(await tried('a=rsa-sha256', 'a=rsa-sha1'), malformed);
    assert.deepEqual(await tried('c=relaxed/relaxed', 'c=relaxed/loose'), malformed);
    assert.deepEqual(await tried('a=rsa-sha256', 'a=foo-bar'), malformed);
    assert.deepEqual(await tried('s=sel', 's='), malformed);
    assert.deepEqual(await tried('d=bigmail.example', 'd=..'), malformed);
    assert.deepEqual(await tried(/\bh=[^;]*;/, 'h=to;'), malformed);
  });

  it('S8: x= is held against the time of the call', async () => {
    const { dkimSign } = await import('mailauth/lib/dkim/sign.js');
    const signer = { signingDomain: 'bigmail.example', selector: 'sel', privateKey: KEY.pem };
    const { signatures } = await dkimSign(bigMail().replaceAll('\n', '\r\n'), {
      canonicalization: 'relaxed/relaxed',
      signTime: new Date(NOW),
      expires: new Date(NOW + 1000),
      ...signer,
      signatureData: [signer],
    });
    const message = Buffer.from(signatures + bigMail());
    assert.equal((await verify(message, { [AT]: record() })).kind, 'verified');
    const late = await verify(message, { [AT]: record() }, { now: NOW + 2000 });
    assert.deepEqual([late.kind, codes(late)], ['broken', ['DKIM_SIGNATURE_EXPIRED']]);
  });

  it('S8: a second field that decides how the mail is read, on top of the signed one', async () => {
    const text = (await signed()).toString('latin1');
    for (const field of [
      'Content-Type: multipart/mixed; boundary=other\r\n',
      ' content-type : text/plain\r\n',
      'X: y\r\nContent-Type\r\n : text/plain\r\n',
      'Content-Transfer-Encoding: base64\r\ncontent-transfer-encoding: 7bit\r\n',
    ]) {
      const result = await verify(Buffer.from(field + text, 'latin1'), { [AT]: record() });
      assert.equal(result.kind, 'unaligned', field);
      assert.ok(codes(result).includes('DKIM_FIELD_TWICE'));
    }
  });

  it('I4: the signature of a forwarded mail is still good', async () => {
    const inner = (await signed()).toString('latin1').replaceAll('\r\n', '\n');
    const read = await readReportMail(Buffer.from(forwarded(inner), 'latin1'));
    assert.ok(read.ok);
    assert.equal((await verify(read.value.message, { [AT]: record() })).kind, 'verified');
  });

  it('S7: a mail of 3 MB full of blanks with five signatures takes no longer than a moment', async () => {
    const start = performance.now();
    const body = 'x  y \t\r\n'.repeat(400_000);
    const { hash } = bodyForm(Buffer.from(body), 'relaxed');
    const field = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=bigmail.example; s=sel;\r\n h=from; bh=${hash}; b=x\r\n`;
    const message = Buffer.from(`${field.repeat(5)}From: a@bigmail.example\r\n\r\n${body}`);
    const result = await verify(message, { [AT]: record() });
    assert.deepEqual(new Set(codes(result)), new Set(['DKIM_SIGNATURE_INVALID']));
    assert.ok(performance.now() - start < 5_000);
  });

  it('fuzz: never rejects', async () => {
    const text = (await signed()).toString('latin1');
    const edit = fc.record({
      at: fc.nat(text.length),
      cut: fc.nat(30),
      put: fc.oneof(fc.string(), fc.constantFrom('\r\n', '\n\n', ';', '=', ':', '\0', '"')),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, cut, put }) => {
        const message = Buffer.from(text.slice(0, at) + put + text.slice(at + cut), 'latin1');
        const result = await verify(message, { [AT]: record() });
        assert.equal(typeof result.kind, 'string');
        assert.ok(result.notes.every((note) => !/[\0-\x1f]/.test(note)));
      }),
      { numRuns: 150 },
    );
  });
});
