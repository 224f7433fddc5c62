import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readConfig } from '../config/load-config.ts';
import { collectingLog, type Line } from './intake/intake.fixture.ts';
import { makeDkimKey } from './mail/dkim-key.ts';
import { settingsFaults, tellSettingsFaults } from './settings-faults.ts';

let folder: string;
let keyFile: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'smtp-sts-settings-faults-'));
  keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, makeDkimKey('ed25519', 2048).privateKeyPem, { mode: 0o600 });
});

after(() => rmSync(folder, { recursive: true }));

/** `code` or `code!`, an error. */
function faultsOf(yaml: string): readonly string[] {
  const { value, problems } = readConfig(`reporting:\n${yaml}`);
  assert.ok(value !== undefined, JSON.stringify(problems));
  return settingsFaults(value.reporting).map(
    ({ code, level }) => `${code}${level === 'error' ? '!' : ''}`,
  );
}

const send = (more: string): string => `  send: { enabled: true, ${more} }`;
const WHO = 'organization: Example, contact: tls@example.test';

describe('settings of TLS reporting that cannot do what they are for', () => {
  it('nothing is said of what is off, or well set up', () => {
    assert.deepEqual(faultsOf('  send: { enabled: false }'), []);
    assert.deepEqual(faultsOf(send(`${WHO}, dkim: { key_file: "${keyFile}" }`)), []);
    const receive =
      '  receive: { domains: [example.test], https: { listen: "127.0.0.1:0", token: abc } }';
    assert.deepEqual(faultsOf(receive), []);
  });

  it('sending without an organisation, or without a contact', () => {
    const key = `dkim: { key_file: "${keyFile}" }`;
    const none = ['REPORT_SEND_NO_IDENTITY!'];
    assert.deepEqual(faultsOf(send(`contact: tls@example.test, ${key}`)), none);
    assert.deepEqual(faultsOf(send(`organization: X, contact: '', ${key}`)), none);
    const lost = send("organization: X, contact: '', dkim: { key_file: /nonexistent/key }");
    assert.deepEqual(faultsOf(lost), [...none, 'DKIM_KEY_FILE!'], 'both at once');
  });

  it('S26: the key is not set, missing, exposed, garbage, of another organisation', () => {
    const withKey = (path: string, more = ''): readonly string[] =>
      faultsOf(send(`${WHO}, dkim: { key_file: "${path}"${more} }`));
    assert.deepEqual(faultsOf(send(WHO)), ['DKIM_KEY_NOT_SET']);
    assert.deepEqual(withKey(join(folder, 'none.pem')), ['DKIM_KEY_FILE!']);
    const garbage = join(folder, 'garbage.pem');
    writeFileSync(garbage, 'garbage', { mode: 0o600 });
    assert.deepEqual(withKey(garbage), ['DKIM_KEY_FILE!']);
    chmodSync(garbage, 0o644);
    assert.deepEqual(withKey(garbage), ['DKIM_KEY_FILE_EXPOSED!']);
    assert.deepEqual(withKey(keyFile, ', domain: other.test'), ['DKIM_DOMAIN!']);
  });

  it('alerts by mail need an address to come from', () => {
    const alerts = '  alerts: { mail_to: [ops@example.test] }';
    assert.deepEqual(faultsOf(alerts), ['ALERT_NO_SENDER!']);
    assert.deepEqual(faultsOf(`${alerts}\n  send: { contact: tls@example.test }`), []);
    const own = '  alerts: { mail_to: [ops@example.test], mail_from: a@example.test }';
    assert.deepEqual(faultsOf(own), []);
  });

  it('receiving: no domains, clear text beyond loopback, an empty token', () => {
    const https = (more: string): string => `  receive: { domains: ['*'], https: { ${more} } }`;
    assert.deepEqual(faultsOf('  receive: { smtp: { listen: "127.0.0.1:0" } }'), [
      'REPORT_RECEIVER_NO_DOMAINS',
    ]);
    for (const where of ['0.0.0.0:8443', '[::]:8443', '192.0.2.1:8443']) {
      assert.deepEqual(faultsOf(https(`listen: "${where}", token: abc`)), [
        'REPORT_RECEIVER_CLEAR_TEXT',
      ]);
    }
    assert.deepEqual(faultsOf(https('listen: "127.0.0.1:0"')), ['REPORT_RECEIVER_NO_TOKEN']);
    assert.deepEqual(
      faultsOf(https('listen: "0.0.0.0:1", token: a, cert_file: /c, key_file: /k')),
      [],
    );
  });

  it('each is one line with its code, and how to mend it', () => {
    const lines: Line[] = [];
    const { value } = readConfig('reporting:\n  send: { enabled: true }');
    tellSettingsFaults(value!.reporting, collectingLog(lines));
    const [first] = lines;
    assert.equal(first?.level, 'error');
    assert.equal(first.fields['event'], 'reporting-settings');
    assert.equal(first.fields['code'], 'REPORT_SEND_NO_IDENTITY');
    assert.match(first.message, /organization.*contact.*\. Set `reporting\.send\.organization`/);
  });
});
