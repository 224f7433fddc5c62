import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { fail, ok } from '../failure.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { examineReporting } from './doctor-reporting.ts';
import type { ReportingSurroundings } from './doctor-reporting-types.ts';
import type { Surroundings } from './doctor-types.ts';
import { healthy } from './surroundings.fixture.ts';

type Change = Partial<ReportingSurroundings>;

function around(yaml: string, change: Change = {}, more: Partial<Surroundings> = {}): Surroundings {
  const base = healthy(`reporting:\n${yaml}`);
  return { ...base, reporting: { ...base.reporting, ...change }, ...more };
}

/** `status check: what`, of each finding. */
async function found(there: Surroundings, check?: string): Promise<readonly string[]> {
  const findings = await examineReporting(there);
  for (const { status, what, mend } of findings) {
    assert.ok(status === 'ok' || mend !== undefined, `${what}: no word on how to mend it`);
  }
  return findings
    .filter((finding) => check === undefined || finding.check === check)
    .map(({ status, what }) => `${status} ${what}`);
}

const DOWN: Partial<Surroundings> = {
  askHttp: async () => await Promise.resolve({ status: 0, body: '' }),
};
const HTTPS =
  '  receive: { domains: [example.net], https: { listen: "127.0.0.1:8443", token: a } }';
const taken: Surroundings['relay'] = {
  ...healthy().relay,
  tryListen: async () => await Promise.resolve('taken'),
};

describe('doctor, TLS reporting', () => {
  it('what is off takes one line each', async () => {
    const off = around('  tally: { enabled: false }');
    assert.deepEqual(await found(off), [
      'ok off',
      'ok off',
      'ok off',
      'ok to nobody: only listed by `report alerts`',
    ]);
    const [first] = await found(around('  tally: { enabled: false }\n  send: { enabled: true }'));
    assert.match(first!, /^warn off, and reports are to be sent: nothing is counted/);
  });

  it('the datagram socket: there, with its mode; missing; no socket; a short queue', async () => {
    const yaml = '  tally: { datagrams: { socket: /run/x/tlsrpt.sock } }';
    const of = async (change: Change, more: Partial<Surroundings> = {}): Promise<string> =>
      (await found(around(yaml, change, more), 'report datagrams')).join('\n');
    assert.equal(await of({}), 'ok /run/x/tlsrpt.sock, mode 0220');
    assert.match(
      await of({ fileAt: () => ({ kind: 'socket', mode: 0o777 }) }),
      /^warn .*0777, not 0220/,
    );
    assert.match(await of({ fileAt: () => ({ kind: 'other' }) }), /^fail .*no socket/);
    const fileAt: ReportingSurroundings['fileAt'] = (path) =>
      path === '/run/x' ? { kind: 'folder' } : { kind: 'missing' };
    assert.match(await of({ fileAt }), /^fail .*is not there: Postfix reports nothing/);
    assert.match(await of({ fileAt }, DOWN), /^ok .*is made when the service starts/);
    assert.match(await of({ fileAt: () => ({ kind: 'missing' }) }), /^fail the folder \/run\/x /);
    assert.match(await of({ datagramQueue: () => 10 }), /\nwarn the kernel keeps 10 datagrams/);
  });

  it('S26: sending: who we are, the key, and its record', async () => {
    const yaml = '  send: { enabled: true, organization: Example, contact: tls@example.net }';
    assert.deepEqual((await found(around(yaml))).slice(1, 3), [
      'ok on, as Example, contact tls@example.net',
      'ok the record at tlsrpt._domainkey.example.net fits',
    ]);
    const faults: ReportingSurroundings['faults'] = () => [
      { level: 'error', code: 'REPORT_SEND_NO_IDENTITY', detail: 'nobody' },
      { level: 'error', code: 'DKIM_KEY_FILE_EXPOSED', detail: 'it is open: chmod 600 /k' },
    ];
    const loadKey = (): ReturnType<ReportingSurroundings['loadKey']> => fail('DKIM_KEY_FILE', 'x');
    assert.deepEqual((await found(around(yaml, { faults, loadKey }))).slice(1, 3), [
      'fail nobody (REPORT_SEND_NO_IDENTITY)',
      'fail it is open: chmod 600 /k (DKIM_KEY_FILE_EXPOSED)',
    ]);
    const checked = async (
      verdict: 'fits' | 'wrong' | 'unknown',
      code: 'DKIM_KEY_DIFFERS' | 'DKIM_KEY_UNREACHABLE' | 'DKIM_KEY_NOT_TLSRPT',
    ): Promise<readonly string[]> =>
      await found(
        around(yaml, {
          checkKey: async () =>
            await Promise.resolve({ verdict, findings: [{ code, detail: 'so' }] }),
        }),
        'report key',
      );
    assert.deepEqual(await checked('wrong', 'DKIM_KEY_DIFFERS'), ['fail so (DKIM_KEY_DIFFERS)']);
    assert.deepEqual(await checked('unknown', 'DKIM_KEY_UNREACHABLE'), [
      'warn so (DKIM_KEY_UNREACHABLE)',
    ]);
    assert.deepEqual(await checked('fits', 'DKIM_KEY_NOT_TLSRPT'), [
      'warn so (DKIM_KEY_NOT_TLSRPT)',
    ]);
  });

  it('receiving: a listener that is open, or not; a taken port; a Maildir', async () => {
    const of = async (yaml: string, change: Change, more: Partial<Surroundings>): Promise<string> =>
      (await found(around(yaml, change, more), 'report receiving')).join('\n');
    assert.equal(
      await of(HTTPS, {}, { relay: taken }),
      'ok about example.net\nok HTTPS at 127.0.0.1:8443',
    );
    assert.match(await of(HTTPS, {}, {}), /fail .*the service runs, and nobody listens there/);
    assert.match(await of(HTTPS, {}, DOWN), /ok HTTPS at 127\.0\.0\.1:8443: free for the service/);
    assert.match(
      await of(HTTPS, {}, { ...DOWN, relay: taken }),
      /fail .*another program listens there/,
    );
    const lmtp = '  receive: { smtp: { listen: "unix:/run/x/lmtp.sock" } }';
    assert.match(await of(lmtp, {}, {}), /ok LMTP at unix:/);
    assert.match(
      await of(lmtp, { fileAt: () => ({ kind: 'missing' }) }, {}),
      /fail LMTP .*no socket/,
    );
    const maildir = '  receive: { maildir: { path: /m } }';
    assert.match(await of(maildir, {}, {}), /ok the Maildir \/m/);
    const checkMaildir: ReportingSurroundings['checkMaildir'] = () =>
      fail('REPORT_RECEIVER_NO_MAILDIR', 'the Maildir /m is not there');
    assert.match(await of(maildir, { checkMaildir }, {}), /fail the Maildir \/m is not there/);
    const faults: ReportingSurroundings['faults'] = () => [
      { level: 'warn', code: 'REPORT_RECEIVER_CLEAR_TEXT', detail: 'in clear text' },
    ];
    assert.match(await of(HTTPS, { faults }, {}), /warn in clear text/);
  });

  it('the certificate of the endpoint: used, not usable, expired; and the name in rua', async () => {
    const { chain } = createLabCa().issue(['reports.example.net']);
    const until = new X509Certificate(chain).validToDate.getTime();
    const yaml = HTTPS.replace('token: a', 'token: a, cert_file: /c.pem, key_file: /k.pem');
    const loadCertificate: ReportingSurroundings['loadCertificate'] = () => ok(chain);
    const now = { clock: new FakeClock(Date.now()) };
    const of = async (change: Change, more: Partial<Surroundings> = now): Promise<string> =>
      (await found(around(yaml, change, more), 'report certificate')).join('\n');
    assert.match(
      await of({}),
      /^fail there is no such file \(REPORT_RECEIVER_CERTIFICATE_INVALID\)/,
    );
    assert.match(
      await of({ loadCertificate }, { clock: new FakeClock(until + 1) }),
      /^fail expired/,
    );
    for (const [host, status] of [
      ['reports.example.net', 'ok'],
      ['other.example.net', 'fail'],
    ]) {
      const rua = `v=TLSRPTv1; rua=https://${host}/v1/reports/token`;
      const resolver = mapResolver({ records: { '_smtp._tls.example.net': { TXT: [rua] } } });
      const [line] = await found(around(yaml, { loadCertificate, resolver }, now), 'report record');
      assert.ok(line!.startsWith(`${status} `), line);
    }
  });

  it('our own record: none, no answer, to somebody else, to us', async () => {
    const of = async (txt: string | undefined, yaml = HTTPS): Promise<readonly string[]> => {
      const records = txt === undefined ? {} : { '_smtp._tls.example.net': { TXT: [txt] } };
      return await found(around(yaml, { resolver: mapResolver({ records }) }), 'report record');
    };
    assert.match((await of(undefined))[0]!, /^warn .*nobody sends reports about example\.net/);
    const ours = 'v=TLSRPTv1; rua=https://r.example.net/v1/reports/token';
    assert.deepEqual(await of(ours), [
      'ok reports about example.net go to https://r.example.net/v1/reports/token',
    ]);
    assert.match((await of(`${ours}x`))[0]!, /^warn .*none of that comes here/);
    const mail = 'v=TLSRPTv1; rua=mailto:tls@example.net';
    assert.match((await of(mail))[0]!, /^warn .*none of that comes here/);
    const lmtp = '  receive: { domains: [example.net, "*.x.test"], smtp: { listen: "unix:/l" } }';
    assert.deepEqual(await of(mail, lmtp), [
      'ok reports about example.net go to mailto:tls@example.net',
    ]);
    const failing = { '_smtp._tls.example.net': 'timeout' } as const;
    const resolver = mapResolver({ records: {}, failing });
    const [unknown] = await found(around(HTTPS, { resolver }), 'report record');
    assert.match(unknown!, /^warn _smtp\._tls\.example\.net could not be looked up/);
  });

  it('alerts: to whom; the address of a webhook is a secret', async () => {
    const yaml = '  alerts: { mail_to: [ops@example.net], webhook: "https://hook.test/secret" }';
    const [line] = await found(around(yaml), 'report alerts');
    assert.equal(line, 'ok to ops@example.net, from tls@example.net; the webhook at hook.test');
    const faults: ReportingSurroundings['faults'] = () => [
      { level: 'error', code: 'ALERT_NO_SENDER', detail: 'no from' },
    ];
    assert.deepEqual(await found(around(yaml, { faults }), 'report alerts'), [
      'fail no from (ALERT_NO_SENDER)',
    ]);
  });
});
