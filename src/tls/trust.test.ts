import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createLabCa } from '../lab/pki/ca.ts';
import { loadCaFile } from './trust.ts';

describe('loadCaFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trust-'));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'ca.pem');
  const load = (text: string | Uint8Array): ReturnType<typeof loadCaFile> => {
    writeFileSync(path, text);
    return loadCaFile(path);
  };
  const { rootPem, rootDer } = createLabCa();

  it('reads one or many certificates, with text around them', () => {
    const one = load(rootPem);
    assert.deepEqual(one.ok ? one.value : [], [rootPem]);
    const many = load(`# my roots\n${rootPem}\n# another\r\n${rootPem.replaceAll('\n', '\r\n')}`);
    assert.equal(many.ok ? many.value.length : 0, 2);
  });

  it('says that a file is not there', () => {
    const outcome = loadCaFile(join(folder, 'missing.pem'));
    assert.equal(outcome.ok ? '' : outcome.failure.code, 'TLS_CA_FILE_UNREADABLE');
    assert.match(outcome.ok ? '' : outcome.failure.detail, /missing\.pem: ENOENT/);
  });

  it('says that a file holds no certificate: empty, DER, a key', () => {
    for (const text of [
      '',
      rootDer,
      '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----',
    ]) {
      const outcome = load(text);
      assert.equal(outcome.ok ? '' : outcome.failure.code, 'TLS_CA_FILE_EMPTY');
    }
  });

  it('says which certificate is broken, and where it begins', () => {
    const cut = rootPem.slice(0, 100);
    const outcome = load(`# roots\n${rootPem}${cut}`);
    assert.equal(outcome.ok ? '' : outcome.failure.code, 'TLS_CA_FILE_BROKEN');
    const line = 2 + rootPem.split('\n').length - 1;
    assert.match(
      outcome.ok ? '' : outcome.failure.detail,
      new RegExp(`certificate 2 .*line ${line},`),
    );
    const garbled = load(rootPem.replace('MII', 'MJI'));
    assert.equal(garbled.ok ? '' : garbled.failure.code, 'TLS_CA_FILE_BROKEN');
  });

  it('fuzz: no file throws', () => {
    const lines = fc.constantFrom(
      '-----BEGIN CERTIFICATE-----',
      '-----END CERTIFICATE-----',
      'MIIB',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(lines, fc.string()), { maxLength: 8 }), (text) => {
        load(text.join('\n'));
      }),
    );
  });
});
