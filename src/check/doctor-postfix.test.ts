import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fail, ok } from '../failure.ts';
import { examine } from './doctor.ts';
import type { Surroundings } from './doctor-types.ts';
import { bestMapName, isAtLeast, readPostfixVersion } from './postfix-version.ts';
import { type FakePostfix, findingOf, withPostfix } from './surroundings.fixture.ts';

const CHROOT = 'smtp       unix  -       -       y       -       -       smtp';

async function statusOf(fake: FakePostfix, check: string): Promise<string> {
  const { status, what, mend } = await findingOf(withPostfix(fake), check);
  assert.ok(status === 'ok' || mend !== undefined, `${what}: no word on how to mend it`);
  return status;
}

describe('Postfix versions', () => {
  it('read and compared by number, not by text', () => {
    assert.deepEqual(readPostfixVersion('3.7.11\n'), [3, 7, 11]);
    assert.deepEqual(readPostfixVersion('3.11-20260101'), [3, 11, 0]);
    assert.deepEqual(readPostfixVersion('3.10.5-RC1'), [3, 10, 5]);
    assert.equal(readPostfixVersion('unknown'), undefined);
    assert.ok(isAtLeast([3, 10, 0], [3, 9, 9]));
    assert.ok(!isAtLeast([3, 9, 2], [3, 10, 0]));
    assert.ok(isAtLeast([3, 10, 5], [3, 10, 5]));
    assert.ok(isAtLeast([4, 0, 0], [3, 10, 5]));
  });

  it('H20: each version gets the dialect that it understands', () => {
    assert.equal(bestMapName([3, 9, 2]), 'postfix');
    assert.equal(bestMapName([3, 10, 0]), 'postfix-tlsrpt');
  });
});

describe('doctor, Postfix', () => {
  it('set up well: nothing to mend', async () => {
    const { status, findings } = await examine(withPostfix());
    assert.deepEqual(
      findings.filter((finding) => finding.status !== 'ok'),
      [],
    );
    assert.equal(status, 'ok');
  });

  it('D8: before 3.10.5 an MX outside the policy cannot be seen, and that is said', async () => {
    const plain = { smtp_tls_policy_maps: 'socketmap:inet:127.0.0.1:8461:postfix' };
    const old = await findingOf(withPostfix({ version: '3.7.11', mainCf: plain }), 'postfix');
    assert.equal(old.status, 'warn');
    assert.match(old.what, /an MX outside the policy/);
    assert.equal(await statusOf({ version: '3.10.4' }, 'postfix'), 'warn');
    assert.equal(await statusOf({ version: '3.10.5' }, 'postfix'), 'ok');
    assert.equal(await statusOf({ version: '3.3.0' }, 'postfix'), 'fail');
    assert.equal(await statusOf({ version: '2.9.6' }, 'postfix'), 'fail');
  });

  it('H20: a dialect that this version calls invalid stops mail', async () => {
    assert.equal(await statusOf({ version: '3.9.2' }, 'postfix dialect'), 'fail');
    const maps = (name: string): FakePostfix['mainCf'] & object => ({
      smtp_tls_policy_maps: `socketmap:inet:127.0.0.1:8461:${name}`,
    });
    assert.equal(
      await statusOf({ version: '3.9.2', mainCf: maps('postfix') }, 'postfix dialect'),
      'ok',
    );
    assert.equal(
      await statusOf({ version: '3.10.5', mainCf: maps('postfix') }, 'postfix dialect'),
      'warn',
    );
    assert.equal(await statusOf({ mainCf: maps('sts') }, 'postfix dialect'), 'fail');
    assert.equal(await statusOf({ mainCf: maps('QUERYwithTLSRPT') }, 'postfix dialect'), 'ok');
  });

  it('settings without which DANE or the policy cannot work', async () => {
    const cases: readonly (readonly [Record<string, string>, string, string])[] = [
      [{ smtp_dns_support_level: '' }, 'postfix dns', 'fail'],
      [{ smtp_dns_support_level: 'enabled' }, 'postfix dns', 'fail'],
      [{ smtp_host_lookup: 'native' }, 'postfix dns', 'fail'],
      [{ smtp_tls_security_level: '' }, 'postfix tls level', 'warn'],
      [{ smtp_tls_security_level: 'none' }, 'postfix tls level', 'warn'],
      [{ smtp_tls_CAfile: '' }, 'postfix authorities', 'fail'],
      [{ smtp_tls_CAfile: '/missing.pem' }, 'postfix authorities', 'fail'],
      [{ smtp_tls_CAfile: '', smtp_tls_CApath: '/etc/ssl/certs' }, 'postfix authorities', 'ok'],
      [{ smtp_tls_enforce_sts_mx_patterns: 'no' }, 'postfix mx patterns', 'warn'],
      [{ smtp_tls_policy_maps: '' }, 'postfix map', 'fail'],
      [{ smtp_tls_policy_maps: 'hash:/etc/postfix/tls' }, 'postfix map', 'fail'],
    ];
    for (const [mainCf, check, status] of cases) {
      assert.equal(await statusOf({ mainCf }, check), status, JSON.stringify(mainCf));
    }
  });

  it('settings of the delivery agent in master.cf win', async () => {
    const service = 'smtp unix - - n - - smtp -o smtp_dns_support_level=disabled';
    assert.equal(await statusOf({ service }, 'postfix dns'), 'fail');
  });

  it('resolv.conf without trust-ad hides DNSSEC from Postfix', async () => {
    const files = { '/etc/resolv.conf': 'nameserver 127.0.0.1\n' };
    assert.equal(await statusOf({ files }, 'postfix resolv.conf'), 'warn');
    const inside = { '/var/spool/postfix/etc/resolv.conf': 'options trust-ad\n' };
    assert.equal(await statusOf({ service: CHROOT, files: inside }, 'postfix resolv.conf'), 'ok');
    assert.equal(await statusOf({ service: CHROOT }, 'postfix resolv.conf'), 'warn');
  });

  it('I7: a UNIX socket is looked for where the chroot makes Postfix look', async () => {
    const asked: string[] = [];
    const mainCf = { smtp_tls_policy_maps: 'socketmap:unix:/sts/map.sock:postfix-tlsrpt' };
    const around: Surroundings = {
      ...withPostfix({ service: CHROOT, mainCf }),
      askMap: async ({ address }) => {
        asked.push(address);
        return await Promise.resolve(
          address.startsWith('unix:') ? fail('SOCKETMAP_UNREACHABLE', 'ENOENT') : ok('NOTFOUND '),
        );
      },
    };
    const found = await findingOf(around, 'postfix map');
    assert.equal(found.status, 'fail');
    assert.match(found.mend!, /chroot.*\/var\/spool\/postfix/);
    assert.ok(asked.includes('unix:/var/spool/postfix/sts/map.sock'));
  });

  it('a path from the queue folder, and a second table beside ours', async () => {
    const asked: string[] = [];
    const maps = 'hash:/etc/postfix/tls, socketmap:unix:sts/map.sock:postfix-tlsrpt';
    const around: Surroundings = {
      ...withPostfix({ mainCf: { smtp_tls_policy_maps: maps } }),
      askMap: async ({ address }) => {
        asked.push(address);
        return await Promise.resolve(ok('NOTFOUND '));
      },
    };
    assert.equal((await findingOf(around, 'postfix map')).status, 'ok');
    assert.ok(asked.includes('unix:/var/spool/postfix/sts/map.sock'));
  });

  it('a postconf that fails is told in its own words', async () => {
    const base = withPostfix();
    const found = await findingOf(
      {
        ...base,
        postfixConfig: '/nowhere',
        run: async (program, args) =>
          program === 'postconf'
            ? await Promise.resolve({
                kind: 'done',
                exitCode: 1,
                stdout: '',
                stderr: `postconf: fatal: open ${args[1]}/main.cf\n`,
              })
            : await base.run(program, args),
      },
      'postfix',
    );
    assert.equal(found.status, 'fail');
    assert.match(found.what, /fatal: open \/nowhere\/main\.cf/);
  });

  it('prints the lines for the version that is installed', async () => {
    const old = await examine(withPostfix({ version: '3.7.11' }));
    assert.deepEqual(old.mainCf, [
      'smtp_dns_support_level = dnssec',
      'smtp_tls_security_level = dane',
      'smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix',
    ]);
    const bare = { smtp_tls_CAfile: '', smtp_host_lookup: 'native' };
    const unix = 'socketmap: { listen: ["unix:/var/spool/postfix/sts/map.sock"] }';
    const young = await examine(withPostfix({ version: '3.11.1', mainCf: bare }, unix));
    assert.deepEqual(young.mainCf, [
      'smtp_dns_support_level = dnssec',
      'smtp_host_lookup = dns',
      'smtp_tls_security_level = dane',
      'smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt',
      'smtp_tls_policy_maps = socketmap:unix:sts/map.sock:postfix-tlsrpt',
      'smtp_tls_enforce_sts_mx_patterns = yes',
    ]);
  });
});
