import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readConfig } from '../config/load-config.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { makeDkimKey } from '../reporting/mail/dkim-key.ts';
import { keyRecordText } from '../reporting/mail/key-record.ts';
import { realReporting } from './reporting-surroundings.ts';

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-reporting-surroundings-'));
});

after(() => rmSync(folder, { recursive: true }));

function reportingOf(
  yaml: string,
  records: Parameters<typeof mapResolver>[0]['records'] = {},
): ReturnType<typeof realReporting> {
  const { value } = readConfig(`reporting:\n${yaml}`);
  return realReporting(value!, mapResolver({ records }));
}

describe('TLS reporting as the doctor sees it', () => {
  it('S26: the key and its record: the verdicts are those of the service and of dkim-key --check', async () => {
    const key = makeDkimKey('ed25519', 2048);
    const path = join(folder, 'key.pem');
    writeFileSync(path, key.privateKeyPem, { mode: 0o600 });
    const yaml = `  send: { enabled: true, organization: X, contact: a@x.test, dkim: { key_file: "${path}" } }`;
    const record = keyRecordText({
      keyType: 'ed25519',
      publicKey: key.publicKey,
      services: 'tlsrpt',
    });
    const there = reportingOf(yaml, { 'tlsrpt._domainkey.x.test': { TXT: [record] } });
    assert.deepEqual(there.faults(), []);
    assert.deepEqual(there.loadKey(), { ok: true, value: 'tlsrpt._domainkey.x.test' });
    assert.equal((await there.checkKey()).verdict, 'fits');
    assert.equal((await reportingOf(yaml).checkKey()).verdict, 'wrong');
    const without = reportingOf('  send: { enabled: true }');
    assert.deepEqual(
      without.faults().map(({ code }) => code),
      ['REPORT_SEND_NO_IDENTITY', 'DKIM_KEY_NOT_SET'],
    );
    assert.equal(without.loadKey().ok, false);
  });

  it('certificate, Maildir, paths', () => {
    const { chain, key } = createLabCa().issue(['r.test']);
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'cert.key')];
    writeFileSync(certFile, chain);
    writeFileSync(keyFile, key);
    const yaml = (token: string): string =>
      `  receive: { https: { listen: "[::1]:0", token: "${token}", cert_file: "${certFile}", key_file: "${keyFile}" } }`;
    const there = reportingOf(yaml('abc'));
    assert.deepEqual(there.loadCertificate(), { ok: true, value: chain });
    assert.equal(there.reportsPath, '/v1/reports/abc');
    assert.equal(reportingOf(yaml('')).reportsPath, '/v1/reports');
    assert.equal(reportingOf('  send: { enabled: false }').loadCertificate().ok, false);
    assert.equal(there.checkMaildir(folder).ok, false);
    for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(folder, name));
    assert.equal(there.checkMaildir(folder).ok, true);
    const kinds = [folder, certFile, join(folder, 'none')].map((path) => there.fileAt(path).kind);
    assert.deepEqual(kinds, ['folder', 'other', 'missing']);
    const queue = there.datagramQueue();
    assert.ok(queue === undefined || queue > 0);
  });
});
