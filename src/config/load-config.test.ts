import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { knownKeys } from './keys.ts';
import { loadConfig, readConfig } from './load-config.ts';
import { configReference } from './reference.ts';
import { durationText, parseDuration, parseSize, sizeText } from './units.ts';

describe('loadConfig', () => {
  it('defaults: nothing has to be written', () => {
    const { value, problems } = loadConfig();
    assert.deepEqual(problems, []);
    assert.equal(value!.store.url, 'sqlite:var/smtp-sts.sqlite');
    assert.equal(value!.http.listen, '127.0.0.1:8462');
    assert.equal(value!.smtp.port, 25);
    assert.deepEqual(value!.dns.resolvers, []);
    assert.deepEqual(value!.tls, { caFile: undefined, opportunisticMinVersion: 'TLSv1.2' });
    assert.deepEqual(value!.policyFetch, {
      port: 443,
      timeoutMs: 60_000,
      maxBytes: 65_536,
      proxy: undefined,
      allowAddresses: [],
      concurrency: 50,
    });
    assert.deepEqual(value!.mtaSts, {
      firstContactMs: 5_000,
      firstContactRelayMs: 15_000,
      recheckMs: 300_000,
      refreshMs: 86_400_000,
      refreshJitterMs: 10_800_000,
      retryMs: 300_000,
      retryMaxMs: 3_600_000,
      unusedAfterMs: 30 * 86_400_000,
      maxEntries: 1_000_000,
      requireTextPlain: true,
    });
  });

  it('the sections of the policy server', () => {
    const { value } = loadConfig();
    assert.deepEqual(value!.socketmap, {
      listen: ['127.0.0.1:8461'],
      unixMode: 0o660,
      unixOwner: undefined,
      maxConnections: 1024,
      idleTimeoutMs: 60_000,
      budgetMs: 5_000,
      defaultDialect: 'postfix',
      shutdownTimeoutMs: 10_000,
      reusePort: false,
    });
    assert.deepEqual(value!.policyServer, {
      dryRun: false,
      mixedDane: 'secure',
      answerCacheEntries: 200_000,
      maxStaleMs: 3_600_000,
    });
  });

  it('every kind of listener', () => {
    const listen = ['127.0.0.1:0', '[::1]:8461', 'unix:/run/smtp-sts/map', 'fd:3'];
    const text = `socketmap:\n  listen: ${JSON.stringify(listen)}\n  unix_mode: "0600"\n  unix_owner: ":postfix"\n`;
    const { value, problems } = readConfig(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(value!.socketmap.listen, listen);
    assert.equal(value!.socketmap.unixMode, 0o600);
    assert.equal(value!.socketmap.unixOwner, ':postfix');
    for (const bad of ['localhost:1', 'unix:relative', '8461', 'fd:x']) {
      const [problem] = readConfig(`socketmap: { listen: ["${bad}"] }`).problems;
      assert.match(problem!.message, /^socketmap\.listen\.0: Expected address:port/);
    }
    assert.match(
      readConfig('socketmap: { unix_mode: "0999" }').problems[0]!.message,
      /Expected a file mode/,
    );
  });

  it('reads a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sts-config-'));
    const path = join(folder, 'a.yaml');
    writeFileSync(path, 'dns:\n  resolvers: ["127.0.0.1:5353", "[::1]:53", 192.0.2.1]\nlog:\n');
    const { value, problems } = loadConfig({ path });
    assert.deepEqual(problems, []);
    assert.deepEqual(value!.dns.resolvers, ['127.0.0.1:5353', '[::1]:53', '192.0.2.1']);
    rmSync(folder, { recursive: true });
  });

  it('says that a file cannot be read', () => {
    const { value, problems } = loadConfig({ path: '/nowhere/at/all.yaml' });
    assert.equal(value, undefined);
    assert.equal(problems[0]!.code, 'CONFIG_UNREADABLE');
    const said = 'cannot read /nowhere/at/all.yaml: no such file or folder';
    assert.equal(problems[0]!.message, said);
    const folder = loadConfig({ path: tmpdir() }).problems[0]!.message;
    assert.match(folder, /: it is a folder$/);
  });
});

describe('faults', () => {
  it('an unknown key: line, column and the nearest known one', () => {
    const { value, problems } = readConfig('log:\n  level: info\nmta_sts:\n  refesh: 24h\n');
    assert.equal(value, undefined);
    assert.deepEqual(problems, [
      {
        code: 'CONFIG_KEY_UNKNOWN',
        line: 4,
        column: 3,
        message: 'unknown key mta_sts.refesh',
        fix: 'Did you mean mta_sts.refresh?',
        severity: 'error',
      },
    ]);
  });

  it('a key in the wrong section, or in camel case, is suggested too', () => {
    assert.equal(
      readConfig('dns:\n  allow_addresses: []\n').problems[0]!.fix,
      'Did you mean policy_fetch.allow_addresses?',
    );
    assert.equal(readConfig('policyFetch: {}').problems[0]!.fix, 'Did you mean policy_fetch?');
    assert.match(readConfig('zzzzzz: {}').problems[0]!.fix, /^Remove it; known here: dns, tls/);
  });

  it('inside the entries of a list: every fault, each with what to write', () => {
    const faultsOf = (entry: string): readonly string[] =>
      readConfig(`relay: { routes: [${entry}] }`).problems.map(
        ({ message, fix }) => `${message} | ${fix}`,
      );
    const faults = faultsOf("{ domains: ['foo*', '*.a.test'], next_hop: b.test, tls: verfy }");
    assert.equal(faults.length, 2);
    assert.match(
      faults[0]!,
      /^relay\.routes\.0\.domains\.0: Expected a domain.* \| .*`\*\.example/,
    );
    assert.match(faults[1]!, /^relay\.routes\.0\.tls: Expected policy.* \| .*`encrypt`/);
    assert.match(faultsOf('{ domains: [a.test] }')[0]!, /next_hop.* \| What it takes: `\[host\]/);
    assert.match(
      faultsOf('{ domains: [a.test], nexthop: b.test, next_hop: b.test }')[0]!,
      /\| Did you mean relay\.routes\.0\.next_hop\?$/,
    );
    assert.match(
      faultsOf('{ domains: [a.test], next_hop: b.test, helo_name: 1 }')[0]!,
      /smtp\.helo/,
    );
    assert.match(faultsOf('3')[0]!, /\| .*list of `\{domains, next_hop/);
  });

  it('a wrong value: line, column, and what to write', () => {
    const { problems } = readConfig('mta_sts:\n  recheck: 5m\n  refresh: 24\n');
    assert.equal(problems.length, 1);
    const [problem] = problems;
    assert.deepEqual(
      [problem!.code, problem!.line, problem!.column],
      ['CONFIG_VALUE_INVALID', 3, 12],
    );
    assert.match(problem!.message, /^mta_sts\.refresh: Expected a duration/);
    assert.match(problem!.fix, /duration; the default is "24h"/);
  });

  it('an item of a list has its own position', () => {
    const { problems } = readConfig('dns:\n  resolvers:\n    - 127.0.0.1\n    - localhost\n');
    assert.deepEqual([problems[0]!.line, problems[0]!.column], [4, 7]);
    assert.match(problems[0]!.message, /^dns\.resolvers\.1: Expected an address/);
  });

  it('all faults at once', () => {
    const { problems } = readConfig('smtp: { port: 70000 }\nhttp: { listen: here }\nlogg: {}\n');
    assert.deepEqual(
      problems.map((problem) => problem.line).toSorted((a, b) => a - b),
      [1, 2, 3],
    );
  });

  it('broken YAML, a repeated key, and a file that is no map', () => {
    assert.deepEqual(
      ['dns: [', 'dns:\n  trusted: true\n  trusted: false\n', '- a\n'].map((text) => {
        const [problem] = readConfig(text).problems;
        return [problem!.code, problem!.line];
      }),
      [
        ['CONFIG_SYNTAX', 1],
        ['CONFIG_SYNTAX', 3],
        ['CONFIG_SYNTAX', 1],
      ],
    );
  });

  it('a section that is not a map', () => {
    const { problems } = readConfig('dns: 127.0.0.1\n', { trusted: true });
    assert.deepEqual([problems[0]!.code, problems[0]!.line], ['CONFIG_VALUE_INVALID', 1]);
  });

  it('settings that contradict each other', () => {
    const { problems } = readConfig('mta_sts:\n  retry: 2h\n  refresh: 1h\n');
    assert.deepEqual(
      problems.map((problem) => problem.message),
      [
        'mta_sts.refresh_jitter: Expected less than refresh',
        'mta_sts.retry_max: Expected no less than retry',
      ],
    );
  });

  it('STS-3.3-9: a retry below five minutes is allowed, with a warning', () => {
    const { value, problems } = readConfig('mta_sts:\n  retry: 10s\n');
    assert.equal(value!.mtaSts.retryMs, 10_000);
    assert.deepEqual([problems[0]!.severity, problems[0]!.line], ['warning', 2]);
  });

  it('fuzz: any text gives a value or problems with positions, never an exception', () => {
    const line = fc.constantFrom(
      'dns:',
      '  resolvers: [',
      'mta_sts:',
      '  refresh: 5m',
      '- x',
      '&a *a',
      '"',
      '\t:',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(line).map((lines) => lines.join('\n')),
    );
    fc.assert(
      fc.property(text, (input) => {
        const { value, problems } = readConfig(input);
        const errors = problems.filter((problem) => problem.severity === 'error');
        assert.equal(value === undefined, errors.length > 0);
        for (const { line: at, column } of problems) assert.ok(at >= 1 && column >= 1);
      }),
      { numRuns: 300 },
    );
  });
});

describe('overrides', () => {
  it('lie over the file', () => {
    const { value } = readConfig('dns: { trusted: false }\nsmtp: { port: 25 }\n', {
      resolvers: ['127.0.0.1:5300'],
      trusted: true,
      caFile: '/ca.pem',
      smtpPort: 2525,
      httpsPort: 8443,
      storeUrl: 'sqlite::memory:',
      listen: '[::1]:0',
      logLevel: 'debug',
    });
    assert.deepEqual(value!.dns.resolvers, ['127.0.0.1:5300']);
    assert.equal(value!.dns.trusted, true);
    assert.equal(value!.tls.caFile, '/ca.pem');
    assert.equal(value!.smtp.port, 2525);
    assert.equal(value!.policyFetch.port, 8443);
    assert.equal(value!.store.url, 'sqlite::memory:');
    assert.equal(value!.http.listen, '[::1]:0');
    assert.equal(value!.log.level, 'debug');
  });

  it('are checked like the file', () => {
    const { value, problems } = readConfig('', { smtpPort: 0 });
    assert.equal(value, undefined);
    assert.equal(problems[0]!.code, 'CONFIG_OPTION_INVALID');
    assert.match(problems[0]!.message, /^option --smtp-port: /);
  });

  it('STS-3.3-R2: only a port other than 443 makes loopback reachable', () => {
    assert.deepEqual(readConfig('').value!.policyFetch.allowAddresses, []);
    assert.deepEqual(
      readConfig('policy_fetch: { port: 8443, allow_addresses: [10.0.0.0/8] }').value!.policyFetch
        .allowAddresses,
      ['10.0.0.0/8', '127.0.0.0/8', '::1/128'],
    );
  });
});

describe('a file with nothing in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sts-empty-'));
  const path = join(folder, 'sts.yaml');
  after(() => rmSync(folder, { recursive: true }));

  it('is every default, and a warning', () => {
    for (const text of ['', '\n', '# a comment\n', '---\n', '~\n']) {
      writeFileSync(path, text);
      const { value, problems } = loadConfig({ path });
      assert.deepEqual(value, loadConfig().value);
      assert.deepEqual(
        problems.map(({ code, severity }) => [code, severity]),
        [['CONFIG_EMPTY', 'warning']],
        JSON.stringify(text),
      );
    }
  });

  it('is meant where it says so, or where there is no file', () => {
    writeFileSync(path, '{}\n');
    assert.deepEqual(loadConfig({ path }).problems, []);
    assert.deepEqual(loadConfig().problems, []);
  });
});

describe('units', () => {
  it('durations and sizes', () => {
    assert.deepEqual(
      ['500ms', '60s', '5m', '24h', '30d', '1.5h', '-1s', '5', ' 5m', '5 m'].map(parseDuration),
      [
        500,
        60_000,
        300_000,
        86_400_000,
        2_592_000_000,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
      ],
    );
    assert.deepEqual(['512B', '64KiB', '1MiB', '64KB', '64k'].map(parseSize), [
      512,
      65_536,
      1_048_576,
      undefined,
      undefined,
    ]);
  });

  it('fuzz: what is written is read back', () => {
    fc.assert(
      fc.property(fc.nat(), (value) => {
        assert.equal(parseDuration(durationText(value)), value);
        assert.equal(parseSize(sizeText(value)), value);
      }),
      { numRuns: 300 },
    );
  });
});

describe('reference', () => {
  it('names every key with its meaning and default', () => {
    const page = configReference();
    for (const key of knownKeys()) {
      assert.ok(key.about.length > 5, `${key.path.join('.')} has no description`);
      assert.ok(page.includes(`\`${key.path.join('.')}\``));
      assert.notEqual(key.setting?.preset, 'undefined');
      assert.notEqual(key.setting?.kind, 'undefined');
    }
    assert.ok(page.includes("- Default: the machine's host name"));
    assert.ok(page.includes('- Default: `"24h"`'));
  });
});
