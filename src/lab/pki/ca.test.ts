import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createAuthority, createLabCa, issueLeaf } from './ca.ts';
import { certificatePem } from './certificate.ts';
import { element, integer, oid, time } from './der.ts';
import type { CertificateKind } from '../types.ts';

/** What `openssl verify` says: 'OK' or its complaint. */
function opensslVerdict(files: { root: string; intermediate?: string; leaf: string }): string {
  const folder = mkdtempSync(join(tmpdir(), 'lab-pki-'));
  try {
    const path = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver'];
    args.push('-CAfile', path('root.pem', files.root));
    if (files.intermediate !== undefined) {
      args.push('-untrusted', path('intermediate.pem', files.intermediate));
    }
    execFileSync('openssl', [...args, path('leaf.pem', files.leaf)], { stdio: 'pipe' });
    return 'OK';
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('lab certificate authority', () => {
  const ca = createLabCa();
  const intermediate = certificatePem(ca.intermediateDer);
  const verify = (leaf: string): string => opensslVerdict({ root: ca.rootPem, intermediate, leaf });

  it('writes certificates that OpenSSL takes under -x509_strict', () => {
    for (const kind of [
      'valid',
      'wildcard',
      'cn-only',
      'wrong-name',
      'partial-wildcard',
    ] as const) {
      assert.equal(verify(ca.issue(['mx1.example.test'], kind).leaf), 'OK', kind);
    }
  });

  it('writes wrong certificates that OpenSSL refuses for the reason in their name', () => {
    const complaint: Partial<Record<CertificateKind, RegExp>> = {
      expired: /certificate has expired/,
      'not-yet-valid': /not yet valid/,
      'self-signed': /self[- ]signed certificate/,
      'untrusted-ca': /unable to get local issuer certificate/,
    };
    for (const [kind, expected] of Object.entries(complaint)) {
      assert.match(verify(ca.issue(['mx.example.test'], kind as CertificateKind).leaf), expected);
    }
  });

  it('puts the names where each kind says', () => {
    const san = (kind: CertificateKind): string | undefined =>
      new X509Certificate(ca.issue(['mx1.example.test'], kind).leaf).subjectAltName;
    assert.equal(san('valid'), 'DNS:mx1.example.test');
    assert.equal(san('wildcard'), 'DNS:*.example.test');
    assert.equal(san('partial-wildcard'), 'DNS:mx*.example.test');
    assert.equal(san('wrong-name'), 'DNS:some-other-host.test');
    assert.equal(san('cn-only'), undefined);
    assert.match(new X509Certificate(ca.issue(['a.test'], 'cn-only').leaf).subject, /CN=a\.test/);
  });

  it('writes addresses as iPAddress entries', () => {
    const { leaf } = ca.issue(['192.0.2.1', '2001:db8::1', '::1']);
    const certificate = new X509Certificate(leaf);
    for (const address of ['192.0.2.1', '2001:db8::1', '::1']) {
      assert.equal(certificate.checkIP(address), address);
    }
  });

  it('sends the intermediate along, except when it is to be missing', () => {
    const count = (chain: string): number => chain.split('BEGIN CERTIFICATE').length - 1;
    assert.equal(count(ca.issue(['a.test']).chain), 2);
    assert.equal(count(ca.issue(['a.test'], 'missing-intermediate').chain), 1);
    assert.equal(count(ca.issue(['a.test'], 'self-signed').chain), 1);
  });

  it('gives each leaf its own key, and the SPKI and DER that TLSA records need', () => {
    const one = ca.issue(['a.test']);
    const two = ca.issue(['b.test']);
    assert.notDeepEqual(one.spki, two.spki);
    const certificate = new X509Certificate(one.leaf);
    assert.deepEqual(new Uint8Array(certificate.raw), one.der);
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
    assert.deepEqual(new Uint8Array(spki), one.spki);
  });

  it('lets OpenSSL enforce path length, name constraints and purpose as written', () => {
    const tight = createAuthority({
      name: 'Tight Root',
      pathLength: 0,
      nameConstraints: { permitted: ['example.test'], excluded: ['bad.example.test'] },
    });
    const verdict = (name: string): string =>
      opensslVerdict({ root: tight.pem, leaf: issueLeaf({ names: [name], issuer: tight }).leaf });
    assert.equal(verdict('mx.example.test'), 'OK');
    assert.match(verdict('mx.other.test'), /permitted subtree/);
    assert.match(verdict('mx.bad.example.test'), /excluded subtree/);

    const below = createAuthority({ name: 'Below', issuer: tight });
    const deep = issueLeaf({ names: ['mx.example.test'], issuer: below });
    assert.match(
      opensslVerdict({ root: tight.pem, intermediate: below.pem, leaf: deep.leaf }),
      /path length/,
    );
    const client = issueLeaf({ names: ['mx.example.test'], issuer: tight, purpose: 'clientAuth' });
    assert.match(opensslVerdict({ root: tight.pem, leaf: client.leaf }), /purpose/);
  });
});

describe('DER writer', () => {
  it('writes lengths in their shortest form', () => {
    assert.deepEqual([...element(4, Buffer.alloc(127))].slice(0, 2), [4, 127]);
    assert.deepEqual([...element(4, Buffer.alloc(128))].slice(0, 3), [4, 0x81, 128]);
    assert.deepEqual([...element(4, Buffer.alloc(256))].slice(0, 4), [4, 0x82, 1, 0]);
  });

  it('writes object identifiers and times in their known forms', () => {
    assert.equal(oid('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302');
    assert.equal(time(Date.UTC(2049, 11, 31)).toString('latin1', 2), '491231000000Z');
    assert.equal(time(Date.UTC(2050, 0, 1)).toString('latin1', 2), '20500101000000Z');
  });

  it('fuzz: integers are positive and minimal', () => {
    fc.assert(
      fc.property(fc.nat(), (value) => {
        const content = integer(value).subarray(2);
        assert.equal(Number.parseInt(content.toString('hex'), 16), value);
        assert.ok(content[0]! < 0x80);
        assert.ok(content.length === 1 || content[0] !== 0 || content[1]! >= 0x80);
      }),
    );
  });
});
