import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { issueLeaf, type LeafOptions } from '../lab/pki/ca.ts';
import type { ErrorCode } from '../errors.ts';
import { examine } from './doctor.ts';
import { examineRelay } from './doctor-relay.ts';
import type { ListenFault, QueueState, RelaySurroundings } from './doctor-relay-types.ts';
import type { Finding, Surroundings } from './doctor-types.ts';
import { healthy } from './surroundings.fixture.ts';

const NAME = 'relay.example.net';
const NOW = healthy().clock.now();
const DAY_MS = 86_400_000;

interface Case extends Partial<RelaySurroundings> {
  /** Keys of the section `relay`. */
  readonly yaml?: string;
  readonly heloName?: string;
  readonly askHttp?: Surroundings['askHttp'];
}

function withRelay({ yaml = '', heloName = NAME, askHttp, ...relay }: Case = {}): Surroundings {
  const base = healthy(`smtp: { helo_name: ${heloName} }\nrelay: { enabled: true, ${yaml} }`);
  return {
    ...base,
    ...(askHttp === undefined ? {} : { askHttp }),
    relay: { ...base.relay, ...relay },
  };
}

async function find(given: Case, check: string): Promise<readonly Finding[]> {
  const all = await examineRelay(withRelay(given));
  for (const { status, mend, what } of all) {
    assert.equal(mend === undefined, status === 'ok', `${what}: with a cure if and only if ill`);
  }
  return all.filter((finding) => finding.check === check);
}

/** `status: what | mend` of the only finding of a check. */
async function say(given: Case, check: string): Promise<string> {
  const found = await find(given, check);
  assert.equal(found.length, 1, `${check}: ${JSON.stringify(found)}`);
  const { status, what, mend } = found[0]!;
  return `${status}: ${what} | ${mend ?? ''}`;
}

const http = (answers: Readonly<Record<string, string>>): Pick<Case, 'askHttp'> => ({
  askHttp: async (path) => {
    const body = answers[path];
    return await Promise.resolve(
      body === undefined ? { status: 0, body: '' } : { status: 200, body },
    );
  },
});

describe('doctor, relay', () => {
  it('off: nothing is said of it; on and in good health: every check is fine', async () => {
    const off = await examine(healthy());
    assert.ok(off.findings.every(({ check }) => !check.startsWith('relay')));
    const { status, findings } = await examine(withRelay());
    assert.equal(status, 'ok', JSON.stringify(findings));
    const checks = findings.map(({ check }) => check).filter((check) => check.startsWith('relay'));
    assert.deepEqual(checks, [
      'relay certificate',
      'relay access',
      'relay ehlo name',
      'relay reverse dns',
      'relay port 25',
      'relay shadow',
      'relay queue',
    ]);
  });

  it('the way out is not tried, and how to try it is said', async () => {
    assert.match(await say({}, 'relay port 25'), /^ok: .*not tried.*--connect/);
  });

  it('users file: each fault with its cure; a service that would not start is a failure', async () => {
    const users = async (code: ErrorCode, detail: string): Promise<string> =>
      await say(
        {
          yaml: 'users_file: /u',
          countUsers: async () => await Promise.resolve(fail(code, detail)),
        },
        'relay users',
      );
    const missing = await users(
      'RELAY_USERS_UNREADABLE',
      "the users file /u cannot be read: ENOENT: x, open '/u'",
    );
    assert.match(
      missing,
      /^fail: the users file \/u cannot be read: ENOENT: x \(RELAY_USERS_UNREADABLE\): the.*start \| .*user add NAME.*read \/u$/,
    );
    assert.match(await users('RELAY_USERS_EXPOSED', 'x'), /^fail: .* \| chmod 640 \/u$/);
    assert.match(
      await users('RELAY_USERS_INVALID', 'line 3 of the users file: x'),
      /^fail: line 3.* \| take the line out of \/u/,
    );
  });

  it('users who can never come in: none in the file, or no TLS', async () => {
    const countUsers = async (): Promise<ReturnType<typeof ok<number>>> =>
      await Promise.resolve(ok(0));
    const empty = await say({ yaml: 'users_file: /u', countUsers }, 'relay users');
    assert.match(empty, /^warn: \/u holds no user.*user add/);
    assert.match(
      await say({ yaml: 'users_file: /u' }, 'relay users'),
      /^warn: .*AUTH is only offered inside TLS, so never \| set relay\.cert_file/,
    );
  });

  it('an open relay is a failure, public trust behind loopback a warning', async () => {
    const open = fail('RELAY_OPEN', 'relay.trusted_networks makes this an open relay');
    const everywhere = { yaml: 'listen: ["0.0.0.0:25"]', checkNotOpen: () => open };
    assert.match(await say(everywhere, 'relay access'), /^fail: .*open relay.*does not start/);
    const loopback = { publicNetworks: ['0.0.0.0/0'] };
    assert.match(
      await say(loopback, 'relay access'),
      /^warn: .*listens on loopback alone.*\(0\.0\.0\.0\/0\)/,
    );
  });

  it('a relay that nobody can use', async () => {
    const beyond = 'listen: ["0.0.0.0:25"]';
    const nobody = await say({ yaml: beyond }, 'relay access');
    assert.match(nobody, /^warn: nobody who reaches 0\.0\.0\.0:25 can send.*trusted_networks/);
    const useless = await say({ yaml: `${beyond}, users_file: /u` }, 'relay access');
    assert.match(useless, /^warn: nobody/, 'without TLS there is no AUTH');
    const net = await say({ yaml: beyond, trustsOthers: true }, 'relay access');
    assert.match(net, /^ok: /);
    assert.match(await say({ trustsLoopback: false }, 'relay access'), /^warn: nobody/);
    assert.match(await say({ yaml: 'listen: []' }, 'relay access'), /^warn: .*are empty/);
  });

  it('routes: a password file that cannot be read', async () => {
    const yaml = 'routes: [{ domains: ["*"], next_hop: hub.test, user: a, password_file: /p }]';
    assert.match(await say({ yaml }, 'relay routes'), /^ok: 1 route/);
    const loadRoutes = (): Outcome<never> =>
      fail('ROUTE_PASSWORD_FILE', 'route 1 (*): password file /p cannot be read: EACCES');
    assert.match(
      await say({ yaml, loadRoutes }, 'relay routes'),
      /^fail: route 1.*\/p.*\(ROUTE_PASSWORD_FILE\).* \| check its path, and.*may read it$/,
    );
  });

  it('listeners are only tried while the service does not run', async () => {
    const tryListen = async (): Promise<ListenFault> => await Promise.resolve('taken');
    assert.deepEqual(await find({ tryListen }, 'relay listener'), []);
    const down = http({});
    assert.match(
      await say({ ...down, tryListen }, 'relay listener'),
      /^fail: 127\.0\.0\.1:2525 is taken.* \| `ss -ltnp sport = :2525`/,
    );
    const worded = async (fault: ListenFault | undefined): Promise<string> =>
      await say({ ...down, tryListen: async () => await Promise.resolve(fault) }, 'relay listener');
    assert.match(await worded('denied'), /^warn: this user may not/);
    assert.match(await worded('not-here'), /^fail: .*no address of this machine/);
    assert.match(await worded('failed'), /^fail: /);
    assert.match(await worded(undefined), /^ok: 127\.0\.0\.1:2525 is free/);
  });

  it('shadow mode: a warning, with what would have waited where the service can be asked', async () => {
    const yaml = 'shadow: true';
    const plain = await say({ yaml, ...http({}) }, 'relay shadow');
    assert.match(
      plain,
      /^warn: shadow mode is on: mail is delivered as if there were no policies \|/,
    );
    const metrics = 'smtp_sts_relay_would_wait_total 12\nsmtp_sts_relay_shadow 1\n';
    const counted = await say({ yaml, ...http({ '/metrics': metrics }) }, 'relay shadow');
    assert.match(counted, /^warn: .*since the service started 12 deliveries/);
    const stale = await say(http({ '/metrics': metrics }), 'relay shadow');
    assert.match(stale, /^warn: the running service is still in shadow mode.*reload/);
    assert.match(await say({}, 'relay shadow'), /^ok: /);
  });
});

describe('doctor, the certificate of the relay', () => {
  const clock = new FakeClock(NOW);
  const leaf = (options: Partial<LeafOptions> = {}): ReturnType<typeof issueLeaf> =>
    issueLeaf({ names: [NAME], ...options }, clock);

  const say2 = async (files: Readonly<Record<string, string>>, more: Case = {}): Promise<string> =>
    await say(
      {
        yaml: 'cert_file: /c, key_file: /k',
        readPem: (path) => {
          const text = files[path];
          return text === undefined
            ? fail('RELAY_CERTIFICATE_INVALID', `${path} cannot be read: there is no such file`)
            : ok(text);
        },
        ...more,
      },
      'relay certificate',
    );

  const ends = async (inMs: number): Promise<string> => {
    const { chain, key } = leaf({ validFrom: NOW - 90 * DAY_MS, validTo: NOW + inMs });
    return await say2({ '/c': chain, '/k': key });
  };

  it('good: until when', async () => {
    assert.match(
      await ends(60 * DAY_MS),
      /^ok: \/c is for relay\.example\.net, valid until 2026-07-31/,
    );
  });

  it('none: a warning beyond loopback alone, a failure where TLS is asked for', async () => {
    assert.match(await say({}, 'relay certificate'), /^ok: none/);
    const beyond = await say({ yaml: 'listen: ["0.0.0.0:25"]' }, 'relay certificate');
    assert.match(beyond, /^warn: none.*without AUTH and REQUIRETLS/);
    const tls = await say({ yaml: 'listen_tls: ["127.0.0.1:465"]' }, 'relay certificate');
    assert.match(tls, /^fail: .*127\.0\.0\.1:465.*does not start/);
    const half = await say({ yaml: 'cert_file: /c' }, 'relay certificate');
    assert.match(half, /^fail: .*only of use together.* \| set relay\.key_file too/);
  });

  it('unreadable, damaged, or with the key of another', async () => {
    const { chain, key } = leaf();
    assert.match(await say2({ '/k': key }), /^fail: \/c cannot be read: there is no such file/);
    assert.match(await say2({ '/c': chain }), /^fail: \/k cannot be read/);
    assert.match(await say2({ '/c': 'x', '/k': key }), /^fail: \/c holds no certificate/);
    const cut = key.slice(0, 100);
    assert.match(await say2({ '/c': chain, '/k': cut }), /^fail: \/k holds no private key/);
    assert.match(await say2({ '/c': chain, '/k': leaf().key }), /^fail: the key in \/k does not/);
    const loadCertificate = (): Outcome<never> =>
      fail('RELAY_CERTIFICATE_INVALID', 'ee key too small');
    const weak = await say2({ '/c': chain, '/k': key }, { loadCertificate });
    assert.match(weak, /^fail: ee key too small/);
  });

  it('for another name', async () => {
    const names = ['a.test', 'b.test', 'c.test', 'd.test'];
    const { chain, key } = leaf({ names });
    const other = await say2({ '/c': chain, '/k': key });
    assert.match(
      other,
      /^warn: it is for a\.test, b\.test, c\.test and 1 more, not for relay\.exa/,
    );
    const wild = leaf({ names: ['*.example.net'] });
    assert.match(await say2({ '/c': wild.chain, '/k': wild.key }), /^ok: /);
  });

  it('expired, ends within 14 days, or not valid yet', async () => {
    assert.match(await ends(14 * DAY_MS), /^ok: /);
    assert.match(await ends(14 * DAY_MS - 1_000), /^warn: expires in 13 days, on 2026-06-14/);
    assert.match(await ends(1.5 * DAY_MS), /^warn: expires in 1 day,/);
    assert.match(await ends(5_000), /^warn: expires within a day/);
    assert.match(await ends(0), /^fail: expired on 2026-06-01.*reload/);
    const early = leaf({ validFrom: NOW + DAY_MS });
    assert.match(await say2({ '/c': early.chain, '/k': early.key }), /^fail: valid only from/);
  });
});

describe('doctor, the names of the relay', () => {
  const names = (...list: string[]): Pick<Case, 'namesOf'> => ({
    namesOf: async () => await Promise.resolve(list),
  });
  const from = (...list: string[]): Pick<Case, 'sourceAddresses'> => ({
    sourceAddresses: async () => await Promise.resolve(list),
  });

  it('an EHLO name that is no full name, has no address, or another one', async () => {
    const short = await say({ heloName: 'relay' }, 'relay ehlo name');
    assert.match(short, /^warn: smtp\.helo_name is relay: no full domain name/);
    const none = await say({ heloName: 'gone.example.net' }, 'relay ehlo name');
    assert.match(none, /^warn: gone\.example\.net has no address in DNS/);
    const other = await say(from('203.0.114.9'), 'relay ehlo name');
    assert.match(other, /^warn: .*is 203\.0\.114\.1, and mail goes out from 203\.0\.114\.9/);
    assert.match(await say({}, 'relay ehlo name'), /^ok: relay\.example\.net is 203\.0\.114\.1/);
  });

  it('IPv6 addresses are the same however they are written', async () => {
    const dns = mapResolver({ records: { [NAME]: { AAAA: ['2a00:1::5'] } } });
    const given = { dns, ...from('2a00:1:0:0::5') };
    assert.match(await say(given, 'relay ehlo name'), /^ok: /);
    assert.match(await say(given, 'relay reverse dns'), /^ok: /);
  });

  it('reverse DNS: none, or one that does not lead back', async () => {
    const none = await say(names(), 'relay reverse dns');
    assert.match(none, /^warn: 203\.0\.114\.1 has no name.* \| .*PTR\) to relay\.example\.net/);
    const astray = await say(names('dyn.example.org'), 'relay reverse dns');
    assert.match(astray, /^warn: 203\.0\.114\.1 is dyn\.example\.org, which does not lead back/);
    const two = await say(names('dyn.example.org', NAME), 'relay reverse dns');
    assert.match(two, /^ok: 203\.0\.114\.1 is relay\.example\.net, and back/);
  });

  it('where DNS does not answer, or the address is not known, nothing is held against it', async () => {
    const silent = mapResolver({ records: {}, failing: { [NAME]: 'timeout' } });
    assert.match(await say({ dns: silent }, 'relay ehlo name'), /^ok: .*DNS does not answer/);
    assert.match(await say({ dns: silent }, 'relay reverse dns'), /^ok: .*DNS does not answer/);
    const namesOf = async (): Promise<undefined> => await Promise.resolve(undefined);
    assert.match(await say({ namesOf }, 'relay reverse dns'), /^ok: .*DNS does not answer/);
    const behind = await say(from('10.0.0.5'), 'relay reverse dns');
    assert.match(behind, /^ok: not checked.*10\.0\.0\.5/);
    assert.match(await say(from(), 'relay reverse dns'), /^ok: not checked.*no way out/);
  });
});

describe('doctor, the queue of the relay', () => {
  const queue = (state: Partial<QueueState>): Pick<Case, 'readQueue'> => ({
    readQueue: async () =>
      await Promise.resolve(
        ok({
          messages: 3,
          waiting: 2,
          held: 1,
          oldestAcceptedAt: NOW - 60_000,
          full: undefined,
          ...state,
        }),
      ),
  });
  const HOUR_MS = 3_600_000;

  it('numbers and age; old mail or very much of it is a warning', async () => {
    const young = await say(queue({}), 'relay queue');
    assert.match(young, /^ok: 3 messages, 2 deliveries wait, 1 are held; .*1 min ago/);
    const edge = { oldestAcceptedAt: NOW - 4 * HOUR_MS };
    assert.match(await say(queue(edge), 'relay queue'), /^ok: /);
    const old = await say(queue({ oldestAcceptedAt: NOW - 4 * HOUR_MS - 1 }), 'relay queue');
    assert.match(old, /^warn: .*4 h ago \| .*`smtp-sts queue`.*queue release/);
    const unheld = await say(queue({ oldestAcceptedAt: NOW - 5 * DAY_MS, held: 0 }), 'relay queue');
    assert.match(unheld, /^warn: .*5 days ago \| (?!.*release)/);
    assert.match(await say(queue({ waiting: 10_001 }), 'relay queue'), /^warn: /);
  });

  it('empty, no database yet, or one that cannot be read', async () => {
    const empty = queue({ messages: 0, oldestAcceptedAt: undefined });
    assert.match(await say(empty, 'relay queue'), /^ok: empty/);
    assert.match(await say({}, 'relay queue'), /^ok: empty: there is no database yet/);
    const readQueue = async (): Promise<Outcome<never>> =>
      await Promise.resolve(fail('STORE_UNAVAILABLE', 'no answer'));
    assert.match(await say({ readQueue }, 'relay queue'), /^warn: not read: no answer/);
  });

  it('a disk so full that new mail is put off', async () => {
    const full = { code: 'QUEUE_FULL_DISK', detail: 'the disk has 1.0 MiB free' } as const;
    assert.match(await say(queue({ full }), 'relay disk'), /^fail: new mail is put off.* \| make/);
  });
});
