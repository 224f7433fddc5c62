import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readConfig } from '../config/load-config.ts';
import type { Config } from '../config/types.ts';
import { run } from './io.fixture.ts';
import { convertConfig, PEERS, type Peer } from './peer-config/convert.ts';

interface Result {
  readonly text: string;
  readonly config: Config;
  /** The lines on what was not taken over. */
  readonly left: readonly string[];
}

function convert(source: string, peer?: Peer): Result {
  const converted = convertConfig(source, { name: 'x.yml', peer });
  assert.ok(converted.ok, converted.ok ? '' : converted.failure.detail);
  const { text } = converted.value;
  const { value, problems } = readConfig(text);
  assert.ok(value !== undefined, `${problems[0]?.message}\n${text}`);
  return { text, config: value, left: text.split('\n').filter((line) => line.startsWith('#   ')) };
}

describe('import-config: postfix-mta-sts-resolver', () => {
  it('the whole file of its manual page', () => {
    const { config, left } = convert(`host: 127.0.0.1
port: 8461
reuse_port: true
shutdown_timeout: 20
cache_grace: 90.5
proactive_policy_fetching:
  enabled: true
  interval: 86400
  concurrency_limit: 100
  grace_ratio: 2
cache:
  type: internal
  options:
    cache_size: 10000
default_zone:
  strict_testing: yes
  timeout: 4
  require_sni: true
zones:
  myzone:
    strict_testing: true
    timeout: 4
`);
    assert.deepEqual(config.socketmap.listen, ['127.0.0.1:8461']);
    assert.equal(config.socketmap.shutdownTimeoutMs, 20_000);
    assert.equal(config.mtaSts.recheckMs, 90_500);
    assert.equal(config.mtaSts.refreshMs, 86_400_000);
    assert.equal(config.policyFetch.concurrency, 100);
    assert.equal(config.mtaSts.maxEntries, 10_000);
    assert.equal(config.policy.enforceTesting, true);
    assert.equal(config.mtaSts.firstContactMs, 4_000);
    assert.deepEqual(
      left.map((line) => line.slice(4).split(': ')[0]),
      [
        'proactive_policy_fetching.enabled',
        'proactive_policy_fetching.grace_ratio',
        'cache.type',
        'zones.myzone',
      ],
    );
    assert.match(left.at(-1) ?? '', /overrides add DOMAIN --enforce-testing/);
  });

  it('a UNIX socket with its mode, which YAML 1.1 reads as octal', () => {
    const { config } = convert('path: /var/spool/postfix/sts.sock\nmode: 0666\n');
    assert.deepEqual(config.socketmap.listen, ['unix:/var/spool/postfix/sts.sock']);
    assert.equal(config.socketmap.unixMode, 0o666);
    const { left } = convert('path: /run/sts.sock\n');
    assert.match(left.join('\n'), /mode: not set: the socket gets 0660/);
  });

  it('IPv6, every address, a name', () => {
    assert.deepEqual(convert('host: "::1"\n').config.socketmap.listen, ['[::1]:8461']);
    assert.deepEqual(convert('host: 0.0.0.0\n').config.socketmap.listen, ['0.0.0.0:8461']);
    assert.deepEqual(convert('host: localhost\n').config.socketmap.listen, ['127.0.0.1:8461']);
    assert.match(convert('host: mx.example\n').left.join(), /write an address/);
  });

  it('a short interval gets a jitter that fits', () => {
    const { config } = convert('proactive_policy_fetching: { enabled: true, interval: 3600 }\n');
    assert.equal(config.mtaSts.refreshMs, 3_600_000);
    assert.equal(config.mtaSts.refreshJitterMs, 450_000);
  });

  it('its databases: PostgreSQL is taken over, Redis and SQLite are not', () => {
    const dsn = 'postgres://sts@db.example/sts';
    const postgres = convert(`cache: { type: postgres, options: { dsn: "${dsn}" } }\n`);
    assert.equal(postgres.config.store.url, dsn);
    const sqlite = convert('cache: { type: sqlite, options: { filename: /var/lib/x.db } }\n');
    assert.match(sqlite.left.join(), /cache\.options\.filename: .*store\.url/);
    assert.match(convert('cache: { type: redis }\n').left.join(), /cache\.type: "redis"/);
  });

  it('require_sni: false and what nobody knows are named', () => {
    const { left } = convert('default_zone: { require_sni: false, colour: red }\nflavour: 3\n');
    assert.match(left.join('\n'), /default_zone\.require_sni: false is for Postfix before 3\.4/);
    assert.match(left.join('\n'), /default_zone\.colour: this release does not know it/);
    assert.match(left.join('\n'), /flavour: this release does not know it/);
  });

  it('a value of the wrong kind is named, not dropped in silence', () => {
    const source = [
      'port: 8461',
      'cache_grace: -5',
      'shutdown_timeout: "later"',
      'cache: []',
      'zones: 7',
      'tlsrpt: 1',
      'default_zone:',
      '  strict_testing: "yes"',
      '  timeout: 1d',
    ];
    const named = convert(source.join('\n')).left.map((line) => line.slice(4).split(': ')[0]);
    for (const key of ['cache_grace', 'shutdown_timeout', 'cache', 'zones', 'tlsrpt']) {
      assert.ok(named.includes(key), key);
    }
    assert.ok(named.includes('default_zone.strict_testing'));
    assert.ok(named.includes('default_zone.timeout'));
  });

  it('tlsrpt makes the answers carry the attributes', () => {
    assert.equal(convert('tlsrpt: true\n').config.socketmap.defaultDialect, 'postfix-tlsrpt');
  });

  it('what our own check refuses is told instead of taken over', () => {
    const { config, left } = convert('port: 99999\ncache_grace: 9000000\nshutdown_timeout: 500\n');
    assert.equal(config.mtaSts.recheckMs, 300_000);
    assert.match(left.join('\n'), /cache_grace: 9000000: mta_sts\.recheck cannot be/);
    assert.match(left.join('\n'), /socketmap\.listen cannot be/);
    assert.match(left.join('\n'), /shutdown_timeout/);
  });
});

describe('import-config: postfix-tlspol', () => {
  it('the whole file that it comes with', () => {
    const { config, left } = convert(`server:
  address: 127.0.0.1:8642
  metrics-address: 127.0.0.1:9642
  socket-permissions: 0666
  log-level: warn
  log-format: text
  prefetch: true
  cache-file: /var/lib/postfix-tlspol/cache.db
dns:
  address: 127.0.0.53:53
`);
    assert.deepEqual(config.socketmap.listen, ['127.0.0.1:8642']);
    assert.equal(config.http.listen, '127.0.0.1:9642');
    assert.equal(config.log.level, 'warn');
    assert.deepEqual(config.dns.resolvers, ['127.0.0.53:53']);
    assert.deepEqual(
      left.map((line) => line.slice(4).split(': ')[0]),
      ['server.log-format', 'server.prefetch', 'server.cache-file'],
    );
  });

  it('a UNIX socket, its mode, and no DNS', () => {
    const { config } = convert(
      'server: { address: "unix:/run/tlspol/tlspol.sock", socket-permissions: 0o660 }\n',
    );
    assert.deepEqual(config.socketmap.listen, ['unix:/run/tlspol/tlspol.sock']);
    assert.equal(config.socketmap.unixMode, 0o660);
    assert.deepEqual(config.dns.resolvers, []);
  });

  it('its default port stands when the file names none', () => {
    assert.deepEqual(convert('server: {}\n').config.socketmap.listen, ['127.0.0.1:8642']);
    assert.deepEqual(convert('server: { address: ":8642" }\n').config.socketmap.listen, [
      '[::]:8642',
    ]);
  });

  it('a resolver elsewhere is named with what it needs; a name is left', () => {
    const far = convert('dns: { address: "192.0.2.53:53" }\n');
    assert.deepEqual(far.config.dns.resolvers, ['192.0.2.53:53']);
    assert.equal(far.config.dns.trusted, false);
    assert.match(far.left.join(), /dns\.trusted/);
    assert.match(convert('dns: { address: "unbound:53" }\n').left.join(), /dns\.resolvers/);
  });

  it('older files: tlsrpt, redis, a port of its own', () => {
    const old = convert(
      'server: { address: 127.0.0.1, port: 8642, tlsrpt: true }\nredis: { disable: false }\n' +
        'dns: { address: "::1", port: 53 }\n',
    );
    assert.deepEqual(old.config.socketmap.listen, ['127.0.0.1:8642']);
    assert.equal(old.config.socketmap.defaultDialect, 'postfix-tlsrpt');
    assert.deepEqual(old.config.dns.resolvers, ['[::1]:53']);
    assert.match(old.left.join(), /redis: /);
  });
});

describe('import-config: any file', () => {
  it('prints the result, or says with exit 78 why there is none', async () => {
    const good = await run(['import-config', '-'], 'server: { address: 127.0.0.1:8642 }\n');
    assert.equal(good.exitCode, 0);
    assert.match(good.stdout, /^# smtp-sts, made from the configuration of postfix-tlspol\.$/m);
    const other = await run(['import-config', '-'], 'users: [a, b]\n');
    assert.deepEqual([other.exitCode, /--from/.test(other.stderr)], [78, true]);
    const broken = await run(['import-config', '-'], 'server:\n  address: "x\n');
    assert.equal(broken.exitCode, 78);
    assert.match(broken.stderr, /line \d+, column \d+/);
    assert.equal((await run(['import-config', '/nowhere.yml'])).exitCode, 66);
    const asked = await run(['import-config', '-', '--from', 'postfix-mta-sts-resolver'], '');
    assert.match(asked.stdout, /listen: \["127\.0\.0\.1:8461"\]/);
  });

  it('a value cannot leave its comment or its place', () => {
    const { text, config } = convert(
      'zones:\n  "a\\nlog:\\n  level: debug": { strict_testing: true }\n"x\\u2028y": 1\n',
    );
    assert.equal(config.log.level, 'info');
    for (const line of text.split('\n')) assert.ok(line === '' || /^[#a-z ]/.test(line), line);
    const path = convert('path: "/run/a\\"b\\nlog: x"\n');
    assert.deepEqual(path.config.socketmap.listen, ['unix:/run/a"b\nlog: x']);
  });

  it('fuzz: whatever is in the file, the result passes our own check', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.string(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 2 }),
    );
    const key = fc.constantFrom(
      'host',
      'port',
      'path',
      'mode',
      'cache_grace',
      'shutdown_timeout',
      'reuse_port',
      'tlsrpt',
      'address',
      'socket-permissions',
      'log-level',
      'prefetch',
      'metrics-address',
      'strict_testing',
      'timeout',
      'interval',
      'concurrency_limit',
      'type',
      'x',
    );
    const flat = fc.dictionary(key, value, { maxKeys: 6 });
    const section = fc.constantFrom(
      'server',
      'dns',
      'redis',
      'cache',
      'default_zone',
      'zones',
      'proactive_policy_fetching',
    );
    const tree = fc.tuple(flat, fc.dictionary(section, fc.oneof(flat, value), { maxKeys: 4 }));
    fc.assert(
      fc.property(tree, fc.constantFrom(...PEERS), ([top, sections], peer) => {
        convert(JSON.stringify({ ...top, ...sections }), peer);
      }),
      { numRuns: 150 },
    );
  });
});
