import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { createSigner, loadSigner, type Signer } from './dkim-signer.ts';
import { readKeyFile } from './key-file.ts';
import { keyRecordText } from './key-record.ts';
import { bigMail } from './report-mails.fixture.ts';
import { keyResolver, testKey } from './signed-mails.fixture.ts';
import { verifyReportMail } from './verify-mail.ts';

const NOW = Date.UTC(2026, 2, 5, 12);
const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-dkim-'));

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function signerOf(kind: 'ed25519' | number): Signer {
  const { pem } = testKey(kind);
  return createSigner({ privateKeyPem: pem, domain: 'BigMail.example', selector: 'sel' });
}

function recordOf({ algorithm, publicKey }: Signer, services = 'tlsrpt'): string {
  return keyRecordText({ keyType: algorithm, publicKey, services });
}

/** The verifier library by itself, as other receivers use it, strictly by the RFCs. */
async function libraryVerdict(message: Uint8Array, record: string): Promise<string | undefined> {
  const { results } = await dkimVerify(Buffer.from(message), {
    strict: true,
    resolver: async () => await Promise.resolve([[record]]),
    curTime: new Date(NOW),
  });
  return results[0]?.status.result;
}

describe('createSigner', () => {
  for (const kind of [1024, 'ed25519'] as const) {
    it(`S2, RPT-3-16: ${kind}: valid for our own verifier and for another`, async () => {
      const signer = signerOf(kind);
      const message = await signer.sign(Buffer.from(bigMail()), NOW);
      assert.equal(await libraryVerdict(message, recordOf(signer, 'email')), 'pass');
      const authenticity = await verifyReportMail({
        message,
        resolver: keyResolver({ 'sel._domainkey.bigmail.example': recordOf(signer) }),
        submitters: ['bigmail.example'],
        requireTlsrptKey: true,
        now: NOW,
      });
      const { domain, selector } = signer;
      assert.deepEqual(authenticity, { kind: 'verified', domain, selector, notes: [] });
    });
  }

  it('RPT-3-18, RPT-5.3-5: no l=, the report fields signed, From named twice', async () => {
    const message = Buffer.from(await signerOf(1024).sign(Buffer.from(bigMail()), NOW)).toString();
    const field = message.slice(0, message.indexOf('\r\nMIME-Version')).replaceAll(/\s+/g, '');
    assert.match(
      field,
      /^DKIM-Signature:v=1;a=rsa-sha256;c=relaxed\/relaxed;d=bigmail\.example;s=sel;/,
    );
    assert.match(field, /;t=1772712000;/);
    assert.doesNotMatch(field, /;l=/);
    const names = /;h=([^;]*);/.exec(field)![1]!.split(':');
    for (const name of ['From', 'TLS-Report-Domain', 'TLS-Report-Submitter', 'Content-Type']) {
      assert.equal(names.filter((each) => each === name).length, 2, name);
    }
    assert.ok(['To', 'Subject', 'Date', 'Message-ID'].every((name) => names.includes(name)));
    assert.ok(message.split('\r\n').every((line) => line.length <= 998));
  });

  it('S2: nobody can add, change or take away what is signed', async () => {
    const signer = signerOf(1024);
    const record = recordOf(signer, 'email');
    const text = Buffer.from(await signer.sign(Buffer.from(bigMail()), NOW)).toString();
    const changed = [
      `From: a@evil.example\r\n${text}`,
      `TLS-Report-Submitter: evil.example\r\n${text}`,
      `Content-Type: text/plain\r\n${text}`,
      text.replace('TLS-Report-Domain: reported', 'TLS-Report-Domain: other'),
      text.replace(/TLS-Report-Submitter: bigmail\.example\r\n/, ''),
      `${text}more`,
    ];
    for (const message of changed) {
      assert.notEqual(await libraryVerdict(Buffer.from(message), record), 'pass');
    }
    assert.equal(await libraryVerdict(Buffer.from(text), record), 'pass');
  });

  it('fuzz: any header and body is signed so that another verifier agrees', async () => {
    const signer = signerOf('ed25519');
    const record = recordOf(signer, 'email');
    const text = fc.string({
      unit: fc.constantFrom('a', ' ', '\t', '\n', '\r\n', '=', 'é', '.', ':'),
    });
    await fc.assert(
      fc.asyncProperty(text, text, async (subject, body) => {
        const folded = subject.replaceAll(/\r?\n/g, '\r\n ');
        const message = `From: a@bigmail.example\r\nSubject: x${folded}\r\n\r\n${body}`;
        const signed = await signer.sign(Buffer.from(message), NOW);
        assert.equal(await libraryVerdict(signed, record), 'pass');
      }),
      { numRuns: 150 },
    );
  });

  it('throws for a key or a name that cannot sign', () => {
    const { pem } = testKey(1024);
    assert.throws(() => createSigner({ privateKeyPem: 'x', domain: 'a.example', selector: 's' }));
    assert.throws(() => createSigner({ privateKeyPem: pem, domain: 'a b', selector: 's' }));
    assert.throws(() => createSigner({ privateKeyPem: pem, domain: 'a.example', selector: '' }));
  });
});

describe('loadSigner', () => {
  const file = (name: string, content: string, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const load = (keyFile: string, domain = '', from = 'tls@Mail.example'): string => {
    const loaded = loadSigner({ keyFile, domain, selector: 'tlsrpt' }, from);
    return loaded.ok ? `${loaded.value.selector} ${loaded.value.domain}` : loaded.failure.code;
  };
  const { pem } = testKey(1024);

  it('signs for the domain of From, or one of the same organisation', () => {
    const path = file('good.pem', pem, 0o640);
    assert.equal(load(path), 'tlsrpt mail.example');
    assert.equal(load(path, 'sub.mail.example'), 'tlsrpt sub.mail.example');
    assert.equal(load(path, 'other.example'), 'DKIM_DOMAIN');
    assert.equal(load(path, '', 'nobody'), 'DKIM_DOMAIN');
  });

  it('S26: says what is wrong with the file', () => {
    assert.equal(load(''), 'DKIM_KEY_NOT_SET');
    assert.equal(load(join(folder, 'none.pem')), 'DKIM_KEY_FILE');
    assert.equal(load(folder), 'DKIM_KEY_FILE');
    const open = file('open.pem', pem, 0o644);
    assert.equal(load(open), 'DKIM_KEY_FILE_EXPOSED');
    const exposed = readKeyFile(open);
    assert.ok(!exposed.ok && exposed.failure.detail.endsWith(`: chmod 600 ${open}`));
    assert.equal(load(file('text.pem', 'no key')), 'DKIM_KEY_FILE');
    assert.equal(load(file('long.pem', 'x'.repeat(20_000))), 'DKIM_KEY_FILE');
    assert.equal(load(file('weak.pem', testKey(512).pem)), 'DKIM_KEY_WEAK');
  });
});
