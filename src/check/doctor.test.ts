import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { rootCertificates } from 'node:tls';
import type { SelfTestResult } from '../dns/self-test.ts';
import { fail, ok } from '../failure.ts';
import { FakeClock } from '../clock.fixture.ts';
import { examine } from './doctor.ts';
import type { Surroundings } from './doctor-types.ts';
import { findingOf, healthy, said } from './surroundings.fixture.ts';

function selfTest(conclusion: SelfTestResult['conclusion']): Pick<Surroundings, 'selfTest'> {
  return {
    selfTest: async () => await Promise.resolve({ conclusion, reason: 'because', steps: [] }),
  };
}

async function statusOf(change: Partial<Surroundings>, check: string): Promise<string> {
  const { status, what, mend } = await findingOf({ ...healthy(), ...change }, check);
  assert.ok(status === 'ok' || mend !== undefined, `${what}: no word on how to mend it`);
  return status;
}

describe('doctor', () => {
  it('a healthy machine: every check is fine, and so is the whole', async () => {
    const { status, findings, mainCf } = await examine(healthy());
    assert.equal(status, 'ok');
    assert.equal(
      findings.map(({ check }) => check).join(', '),
      'resolver, ad bit, authorities, clock, store, http api, socketmap, report counting, report sending, report receiving, report alerts, mta',
    );
    assert.deepEqual(mainCf, []);
  });

  it('the worst finding is the status', async () => {
    const warned = await examine({ ...healthy(), ...selfTest('untested') });
    assert.equal(warned.status, 'warn');
    const failed = await examine({ ...healthy(), ...selfTest('not-validating') });
    assert.equal(failed.status, 'fail');
  });

  it('DANE-7672-2.1.1-1: a resolver that does not validate, or does not answer', async () => {
    assert.equal(await statusOf(selfTest('not-validating'), 'resolver'), 'fail');
    assert.equal(await statusOf(selfTest('unreachable'), 'resolver'), 'fail');
    assert.equal(await statusOf(selfTest('untested'), 'resolver'), 'warn');
  });

  it('G23: the AD bit of a resolver beyond loopback is not believed, and why', async () => {
    const upstreams: Surroundings['upstreams'] = () => [
      { address: '192.0.2.53', port: 53, trusted: false, down: false, used: true },
    ];
    const found = await findingOf({ ...healthy(), upstreams }, 'ad bit');
    assert.equal(found.status, 'warn');
    assert.match(found.what, /192\.0\.2\.53.*not on loopback/);
    assert.match(found.mend!, /dns\.trusted/);
  });

  it('I6: one resolver of several is down', async () => {
    const upstreams: Surroundings['upstreams'] = () => [
      { address: '127.0.0.1', port: 53, trusted: true, down: true, used: true },
      { address: '127.0.0.2', port: 53, trusted: true, down: false, used: true },
    ];
    assert.equal(await statusOf({ upstreams }, 'resolver list'), 'warn');
  });

  it("authorities: an unreadable file, all expired, some of a file of one's own", async () => {
    const unreadable = fail('TLS_CA_FILE_UNREADABLE', 'cannot read /ca.pem: ENOENT');
    assert.equal(await statusOf({ roots: unreadable }, 'authorities'), 'fail');
    const clock = new FakeClock(Date.UTC(2059, 0, 1));
    const roots = ok(rootCertificates.slice(0, 3));
    assert.equal(await statusOf({ roots, clock }, 'authorities'), 'fail');
    const endOf = (pem: string): number => new X509Certificate(pem).validToDate.getTime();
    const byEnd = rootCertificates.toSorted((a, b) => endOf(a) - endOf(b));
    const two = ok([byEnd.at(0)!, byEnd.at(-1)!]);
    const between = { roots: two, clock: new FakeClock(endOf(byEnd.at(0)!) + 1) };
    assert.equal(await statusOf(between, 'authorities'), 'ok');
    const { config } = healthy('tls: { ca_file: /my/ca.pem }');
    assert.equal(await statusOf({ ...between, config }, 'authorities'), 'warn');
  });

  it('a clock that is far off, or that nobody keeps', async () => {
    assert.equal(await statusOf({ clock: new FakeClock(0) }, 'clock'), 'fail');
    const run: Surroundings['run'] = async (program) =>
      await Promise.resolve(program === 'timedatectl' ? said('no\n') : { kind: 'missing' });
    assert.equal(await statusOf({ run }, 'clock'), 'warn');
  });

  it('I8: a store that cannot be written', async () => {
    const tryStore: Surroundings['tryStore'] = async () =>
      await Promise.resolve(fail('STORE_UNWRITABLE', 'cannot write /x'));
    assert.equal(await statusOf({ tryStore }, 'store'), 'fail');
  });

  it('a service that does not run, is not ready, or is something else', async () => {
    const http = (status: number, body = ''): Partial<Surroundings> => ({
      askHttp: async () => await Promise.resolve({ status, body }),
    });
    assert.equal(await statusOf(http(0), 'http api'), 'warn');
    assert.equal(await statusOf(http(404), 'http api'), 'warn');
    const around = { ...healthy(), ...http(503, '{"ready":false,"reasons":["loading"]}') };
    assert.match((await findingOf(around, 'http api')).what, /not ready.*loading/);
    const nobody = fail('SOCKETMAP_UNREACHABLE', 'cannot ask 127.0.0.1:8461: ECONNREFUSED');
    const silent: Partial<Surroundings> = { askMap: async () => await Promise.resolve(nobody) };
    assert.equal(await statusOf(silent, 'socketmap'), 'warn');
    const other: Partial<Surroundings> = { askMap: async () => await Promise.resolve(ok('OK x')) };
    assert.equal(await statusOf(other, 'socketmap'), 'warn');
  });

  it('a socketmap server that is off, or behind a socket of systemd', async () => {
    const off = await findingOf(healthy('socketmap: { listen: [] }'), 'socketmap');
    assert.equal(off.status, 'warn');
    const handed = await findingOf(healthy('socketmap: { listen: ["fd:3"] }'), 'socketmap');
    assert.equal(handed.status, 'ok');
  });

  it('a program that never ends is no reason to hang', async () => {
    const run: Surroundings['run'] = async () => await Promise.resolve({ kind: 'timeout' });
    const { findings } = await examine({ ...healthy(), run });
    assert.match(JSON.stringify(findings), /postconf does not come to an end/);
  });
});

describe('doctor, other MTAs', () => {
  const only = (name: string, stdout: string): Surroundings => ({
    ...healthy(),
    run: async (program) =>
      await Promise.resolve(program === name ? said(stdout) : { kind: 'missing' }),
  });

  it('Exim with and without DANE', async () => {
    const withDane = only('exim4', 'Exim version 4.96 #2\nSupport for: DANE IPv6\n');
    const found = await findingOf(withDane, 'exim');
    assert.equal(found.status, 'ok');
    assert.match(found.what, /4\.96 with DANE.*docs\/exim\.md/);
    const without = only('exim', 'Exim version 4.90 #1\nSupport for: IPv6\n');
    assert.equal((await findingOf(without, 'exim')).status, 'warn');
  });

  it('Sendmail with and without the feature', async () => {
    const able = only(
      'sendmail',
      'Version 8.17.1\n Compiled with: SOCKETMAP\n FFR: _FFR_MTA_STS\n',
    );
    assert.equal((await findingOf(able, 'sendmail')).status, 'ok');
    const unable = only('sendmail', 'Version 8.15.2\n Compiled with: DNSMAP\n');
    assert.equal((await findingOf(unable, 'sendmail')).status, 'fail');
  });
});
