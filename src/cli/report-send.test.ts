import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createServer, type Server } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../clock.ts';
import { startLabDns } from '../lab/lab-dns.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { LabDns, LabRecord } from '../lab/types.ts';
import { silentLog } from '../log/log.ts';
import { createTally } from '../reporting/tally/tally.ts';
import { openStore } from '../store/open-store.ts';
import type { SessionResult } from '../tlsrpt/session-result.ts';
import { run, type Run } from './io.fixture.ts';

const DAY_MS = 86_400_000;
const YESTERDAY = Math.floor(Date.now() / DAY_MS) - 1;
const DAY = new Date(YESTERDAY * DAY_MS).toISOString().slice(0, 10);
const HOST = 'reports.r.test';

let folder: string;
let number = 0;
let store: string;
let dns: LabDns;
let endpoint: Server;
let port: number;
let status = 200;
let bodies: Buffer[] = [];
const ca = createLabCa();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sts-report-'));
  const { key, chain } = ca.issue([HOST]);
  endpoint = createServer({ key, cert: chain }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      bodies.push(Buffer.concat(pieces));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => {
    endpoint.listen(0, '127.0.0.1', resolve);
  });
  port = (endpoint.address() as AddressInfo).port;
  dns = await startLabDns();
  dns.zone('r.test', 'insecure');
  dns.zone('a.test', 'insecure');
  dns.zone('b.test', 'insecure');
  dns.zone('c.test', 'insecure');
  dns.add(
    { name: HOST, type: 'A', value: '127.0.0.1' },
    txt('_smtp._tls.a.test', `v=TLSRPTv1; rua=https://${HOST}:${port}/v1`),
    txt('_smtp._tls.b.test', 'v=TLSRPTv1; rua=mailto:tls@b.test'),
  );
  writeFileSync(join(folder, 'ca.pem'), ca.rootPem);
  writeFileSync(
    join(folder, 'config.yaml'),
    [
      'reporting:',
      '  send:',
      '    enabled: true',
      '    organization: Sender Example',
      '    contact: tls@sender.test',
      `    https: { allow_addresses: [127.0.0.0/8], allow_ports: [${port}] }`,
    ].join('\n'),
  );
});
after(async () => {
  await dns.close();
  await new Promise((resolve) => {
    endpoint.close(resolve);
  });
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  number += 1;
  store = join(folder, `${number}.sqlite`);
  status = 200;
  bodies = [];
  await count(session('a.test'), session('a.test', true), session('b.test'), session('c.test'));
});

function txt(name: string, text: string): LabRecord {
  return { name, type: 'TXT', value: text };
}

function session(domain: string, failed = false): SessionResult {
  return {
    at: YESTERDAY * DAY_MS + 1_000,
    recipientDomain: domain,
    policy: { type: 'no-policy-found', domain, strings: [], mxHosts: [] },
    failures: failed ? [{ resultType: 'starttls-not-supported' }] : [],
  };
}

async function count(...results: readonly SessionResult[]): Promise<void> {
  const open = await openStore(`sqlite:${store}`);
  const tally = createTally({ store: open, clock: systemClock, log: silentLog, flushMs: 100 });
  for (const result of results) tally.count(result);
  await tally.close();
  await open.close();
}

async function report(...argv: readonly string[]): Promise<Run> {
  const config = argv.includes('--config') ? [] : ['--config', join(folder, 'config.yaml')];
  const places = ['--store', `sqlite:${store}`, ...config];
  const network = ['--resolver', `127.0.0.1:${dns.port}`, '--ca-file', join(folder, 'ca.pem')];
  return await run(['report', ...argv, ...places, ...network]);
}

describe('smtp-sts report', () => {
  it('S14: preview: the domains of a day, their sums, where reports would go', async () => {
    const { exitCode, stdout, stderr } = await report('preview', '--day', DAY);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, new RegExp(`^Sessions of ${DAY} \\(UTC\\)\\. .*two policies`));
    assert.match(stdout, /^DOMAIN +AS +GOOD +FAILED +GOES TO$/m);
    assert.match(
      stdout,
      new RegExp(`^a\\.test +recipient +1 +1 +https://${HOST}:${port}/v1$`, 'm'),
    );
    assert.match(stdout, /^b\.test +recipient +1 +0 +tls@b\.test: would be refused,$/m);
    assert.match(stdout, /^c\.test +recipient +1 +0 +nowhere: no _smtp\._tls record$/m);
    const json = await report('preview', '--day', 'yesterday', '--json');
    assert.equal(json.stdout.trim().split('\n').length, 3);
    const today = await report('preview');
    assert.match(today.stderr, /No session was counted/);
    const hosts = await report('preview', '--day', DAY, '--scope', 'mx-host');
    assert.match(hosts.stderr, /No session was counted/);
  });

  it('S14: preview of a domain: the very report, or the very mail', async () => {
    const shown = await report('preview', 'A.Test', '--day', DAY);
    const json = JSON.parse(shown.stdout) as { readonly 'report-id': string };
    assert.match(json['report-id'], new RegExp(`^${DAY}_a\\.test_1@sender\\.test$`));
    const mail = await report('preview', 'b.test', '--day', DAY, '--mail');
    assert.match(mail.stdout, /^From: <tls@sender\.test>\r\nTo: <tls@b\.test>\r\n/);
    const none = await report('preview', 'z.test', '--day', DAY);
    assert.equal(none.exitCode, 66);
    assert.match(none.stderr, /REPORT_SEND_NOTHING_COUNTED/);
  });

  it('send: once; again it says that it was sent; the log tells it', async () => {
    const sent = await report('send', 'a.test');
    assert.equal(sent.exitCode, 0, sent.stderr + sent.stdout);
    assert.match(sent.stdout, /^a\.test to https:.*: accepted, .*HTTP 200$/m);
    assert.equal(bodies.length, 1);
    const json = JSON.parse(gunzipSync(bodies[0]!).toString()) as { readonly policies: object[] };
    assert.equal(json.policies.length, 1);
    const again = await report('send', 'a.test');
    assert.match(again.stdout, /nothing to do, it was sent before \(https:.*: accepted\)/);
    assert.equal(bodies.length, 1);
    const log = await report('log');
    assert.equal(log.exitCode, 0);
    assert.match(log.stdout, new RegExp(`^${DAY}  a\\.test  delivered  1 good, 1 failed$`, 'm'));
    assert.match(log.stdout, /^ {2}https:.*\/v1, accepted, 1 attempt$/m);
    const id = /^ {2}(\S+@sender\.test)$/m.exec(log.stdout)?.[1] ?? '';
    const left = gunzipSync(bodies[0]!).toString();
    const shown = await report('log', id);
    assert.deepEqual(JSON.parse(shown.stdout), JSON.parse(left), 'the very report that left');
    assert.equal((await report('log', id, '--json')).stdout.trim(), left.trim());
    assert.equal((await report('log', `x${id}`)).exitCode, 66);
    const machine = await report('log', 'a.test', '--json');
    const line = JSON.parse(machine.stdout) as { readonly day: string; readonly state: string };
    assert.deepEqual([line.day, line.state], [DAY, 'delivered']);
  });

  it('S8, S9: what must wait and what was refused have their exit codes, and stand in the log', async () => {
    status = 503;
    const later = await report('send', 'a.test');
    assert.equal(later.exitCode, 1);
    assert.match(later.stdout, /later, .*HTTP 503 \(REPORT_SEND_HTTP_LATER\)/);
    const log = await report('log', '--failed');
    assert.equal(log.exitCode, 1);
    assert.match(log.stdout, /waits, 1 attempt, next in 5 min/);
    status = 400;
    const refused = await report('send', 'a.test');
    assert.equal(refused.exitCode, 2);
    const failed = await report('log', '--failed');
    assert.match(failed.stdout, /a\.test {2}failed/);
  });

  it('RPT-3-16: all of a day: without a key the mail is refused with its code, https goes', async () => {
    const all = await report('send', '--day', DAY);
    assert.equal(all.exitCode, 2);
    assert.match(all.stdout, /^a\.test to .*: accepted/m);
    assert.match(all.stdout, /^b\.test to tls@b\.test: refused, .*\(REPORT_SEND_NO_SIGNER\)$/m);
    assert.match(all.stdout, /^c\.test: no report: no _smtp\._tls record$/m);
    const log = await report('log', '--all');
    assert.match(log.stdout, /^\S+ {2}c\.test {2}wants no report$/m);
    const json = await report('log', 'c.test', '--json');
    assert.match(json.stdout, /"state":"no-record"/);
  });

  it('S14: a dry run and a place of one’s own change nothing', async () => {
    const dry = await report('send', '--dry-run');
    assert.match(dry.stdout, /^a\.test: would go to https:/m);
    assert.equal(bodies.length, 0);
    const place = `https://${HOST}:${port}/mine`;
    const mine = await report('send', 'c.test', '--to', place);
    assert.equal(mine.exitCode, 0, mine.stderr);
    assert.equal(bodies.length, 1);
    const tried = await report('send', 'c.test', '--to', place, '--dry-run');
    assert.match(tried.stdout, /^c\.test: would go to .*1 good, 0 failed$/m);
    const barred = await report('send', 'c.test', '--to', 'https://10.0.0.1/', '--dry-run');
    assert.equal(barred.exitCode, 2);
    assert.match(barred.stdout, /would not go to [^]*REPORT_SEND_ADDRESS_REFUSED/);
    const log = await report('log');
    assert.match(log.stderr, /No report was made yet: the first goes out after 00:00 UTC/);
  });

  it('--to without a key that signs is a wrong configuration, and says how to mend it', async () => {
    const none = await report('send', 'b.test', '--to', 'mailto:me@b.test');
    assert.equal(none.exitCode, 78);
    assert.match(none.stderr, /smtp-sts dkim-key .*\(DKIM_KEY_NOT_SET\)/);
    const dry = await report('send', 'b.test', '--to', 'mailto:me@b.test', '--dry-run');
    assert.equal(dry.exitCode, 78);
    const broken = join(folder, 'broken.yaml');
    const key = join(folder, 'no.pem');
    writeFileSync(key, 'no key', { mode: 0o600 });
    writeFileSync(
      broken,
      `${readFileSync(join(folder, 'config.yaml'), 'utf8')}\n    dkim: { key_file: ${key} }\n`,
    );
    const bad = await report('send', 'b.test', '--to', 'mailto:me@b.test', '--config', broken);
    assert.equal(bad.exitCode, 78);
    assert.match(bad.stderr, /smtp-sts dkim-key .*\(DKIM_KEY_FILE\)/);
    assert.doesNotMatch(bad.stderr + bad.stdout, /later/);
    const all = await report('send', 'b.test', '--config', broken);
    assert.equal(all.exitCode, 1, 'the key may be mended meanwhile');
  });

  it('--to sends what was counted today so far: nothing is noted', async () => {
    await count({ ...session('a.test', true), at: Date.now() });
    const place = `https://${HOST}:${port}/mine`;
    const sent = await report('send', 'a.test', '--day', 'today', '--to', place);
    assert.equal(sent.exitCode, 0, sent.stderr);
    assert.equal(bodies.length, 1);
    const log = await report('log', 'a.test');
    assert.doesNotMatch(log.stdout, /a\.test/);
  });

  it('a dry run says of each place what would become of it, with its reason', async () => {
    const add = async (domain: string, ...records: readonly string[]): Promise<void> => {
      dns.zone(domain, 'insecure');
      dns.add(...records.map((text) => txt(`_smtp._tls.${domain}`, text)));
      await count(session(domain));
    };
    await add('two.test', 'v=TLSRPTv1; rua=mailto:a@two.test', 'v=TLSRPTv1; rua=mailto:b@two.test');
    await add('bad.test', 'v=TLSRPTv1; rua=ftp://bad.test/');
    await add(
      'many.test',
      'v=TLSRPTv1; rua=https://10.1.2.3/x,https://r.test:8443/x,mailto:a@many.test,mailto:no@many.test',
    );
    await report('suppress', 'add', 'no@many.test', '--reason', 'they asked');
    await report('send', 'a.test');
    const dry = await report('send', '--dry-run', '--json');
    const lines = dry.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const of = (domain: string): Record<string, unknown> =>
      lines.find((line) => line['domain'] === domain) ?? {};
    assert.deepEqual(
      ['a.test', 'b.test', 'c.test', 'two.test', 'bad.test', 'many.test'].map(
        (domain) => of(domain)['result'],
      ),
      [
        'sent-before',
        'would-not-send',
        'no-record',
        'several-records',
        'broken-record',
        'would-not-send',
      ],
    );
    assert.deepEqual(
      (of('many.test')['places'] as Record<string, unknown>[]).map(({ result, code }) => [
        result,
        code,
      ]),
      [
        ['refused', 'REPORT_SEND_ADDRESS_REFUSED'],
        ['refused', 'REPORT_SEND_PORT_REFUSED'],
        ['refused', 'REPORT_SEND_NO_SIGNER'],
        ['suppressed', 'REPORT_SEND_SUPPRESSED'],
      ],
    );
    const text = await report('send', '--dry-run');
    assert.equal(text.exitCode, 2);
    assert.match(
      text.stdout,
      /^many\.test: would not go to no@many\.test: suppressed,[^]*they asked/m,
    );
    assert.match(text.stdout, /^a\.test: would not go to https:.*: was sent before$/m);
    const preview = await report('preview', '--day', DAY);
    assert.ok(
      preview.stdout.split('\n').every((line) => line.length <= 80),
      preview.stdout,
    );
    assert.match(preview.stdout, /^two\.test .*nowhere: several records/m);
    assert.match(preview.stdout, /^a\.test .*: was\s+sent\s+before$/m);
  });

  it('S22, S8: suppress add, list, drop; a suppressed place gets nothing', async () => {
    const added = await report('suppress', 'add', `https://${HOST}/x`, '--reason', 'they asked');
    assert.match(added.stdout, /^Added\. reports\.r\.test gets no reports: they asked$/m);
    const listed = await report('suppress', 'list');
    assert.match(listed.stdout, /^PLACE +SINCE +ADDED BY +REASON$/m);
    assert.match(listed.stdout, /^reports\.r\.test .* they asked$/m);
    const sent = await report('send', 'a.test');
    assert.match(sent.stdout, /suppressed, .*they asked \(REPORT_SEND_SUPPRESSED\)/);
    assert.equal(bodies.length, 0);
    const log = await report('log');
    assert.equal(log.exitCode, 0, 'nothing failed: it was not to go there');
    assert.match(log.stdout, /^\S+ {2}a\.test {2}suppressed {2}/m);
    const failed = await report('log', '--failed');
    assert.equal(failed.exitCode, 0);
    assert.doesNotMatch(failed.stdout, /a\.test/);
    const again = await report('send', 'a.test');
    assert.doesNotMatch(again.stdout, /sent before/);
    assert.match(again.stdout, /nothing to do, no place is left .*: suppressed/);
    const dropped = await report('suppress', 'drop', HOST);
    assert.match(dropped.stdout, /^Dropped\./);
    const gone = await report('suppress', 'drop', HOST);
    assert.match(gone.stdout, /^Nothing to do\./);
    assert.match((await report('suppress', 'list')).stderr, /No place is suppressed/);
  });

  it('where sending is off, preview, dry run and log say so', async () => {
    const off = join(folder, 'off.yaml');
    const on = readFileSync(join(folder, 'config.yaml'), 'utf8');
    writeFileSync(off, on.replace('enabled: true', 'enabled: false'));
    const said = /reporting\.send\.enabled is off/;
    for (const argv of [['preview', '--day', DAY], ['preview', 'a.test', '--day', DAY], ['log']]) {
      assert.match((await report(...argv, '--config', off)).stderr, said, argv.join(' '));
    }
    assert.match((await report('send', '--dry-run', '--config', off)).stderr, said);
    const json = await report('preview', '--day', DAY, '--json', '--config', off);
    assert.match(json.stdout, /"enabled":false/);
  });

  it('wrong usage says how to mend it', async () => {
    const cases = [
      [['send', '--day', 'today'], /not over.*REPORT_SEND_DAY_INVALID/],
      [['send', '--day', '2026-02-30'], /write a UTC day.*REPORT_SEND_DAY_INVALID/],
      [['send', '--to', 'mailto:a@b.test'], /--to is for one domain/],
      [['send', 'a.test', '--to', 'ftp://x/'], /TLSRPT_RUA_SCHEME/],
      [['suppress', 'add', 'a@b.test'], /say why.*REPORT_SEND_SUPPRESSION_INVALID/],
      [['suppress', 'add', 'not a place', '--reason', 'x'], /REPORT_SEND_SUPPRESSION_INVALID/],
      [['suppress', 'add', 'ftp://x', '--reason', 'x'], /https:\/\/host\/…/],
      [['log', '--days', '0'], /--days 0: write a number from 1 to 4000/],
      [['list', '--days', '0'], /--days 0: write a number from 1 to 4000/],
      [['list', '--days', 'x'], /--days x: write a whole number/],
      [['preview', 'bad..name'], /DNS_NAME_INVALID/],
      [['preview', '--mail'], /--mail is for one domain: name it/],
      [['preview', 'b.test', '--mail', '--json'], /--mail .* --json/],
      [['preview', '--day', '2026-02-30'], /write a UTC day like 2026-11-23, yesterday or today/],
    ] as const;
    for (const [argv, expected] of cases) {
      const wrong = await report(...argv);
      assert.equal(wrong.exitCode, 64, argv.join(' '));
      assert.match(wrong.stderr, expected);
    }
    const nobody = await run(['report', 'send', '--store', `sqlite:${store}`]);
    assert.equal(nobody.exitCode, 78);
    assert.match(nobody.stderr, /REPORT_SEND_NO_IDENTITY/);
  });
});
