import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OTHER_REPORTING } from './changes-reporting.fixture.ts';
import { comparedKeys, configChanges, effectOf } from './changes.ts';
import { knownKeys } from './keys.ts';
import { readConfig } from './load-config.ts';
import type { Config } from './types.ts';

function config(text: string): Config {
  const { value, problems } = readConfig(text);
  assert.ok(value !== undefined, problems.map(({ message }) => message).join('; '));
  return value;
}

/** Each setting with a value that is not its default. */
const OTHER: Readonly<Record<string, string>> = {
  'dns.resolvers': '[127.0.0.9]',
  'dns.trusted': 'true',
  'dns.timeout': '4s',
  'dns.attempts': '3',
  'dns.concurrency': '9',
  'dns.cache_entries': '9',
  'dns.self_test.signed': 'other.test',
  'dns.self_test.unsigned': 'other.test',
  'dns.self_test.bogus': 'other.test',
  'dns.self_test.interval': '9m',
  'tls.ca_file': 'ca.pem',
  'tls.opportunistic_min_version': 'TLSv1.1',
  'smtp.port': '2525',
  'smtp.helo_name': 'other.test',
  'smtp.local_address': '127.0.0.9',
  'policy_fetch.port': '8443',
  'policy_fetch.timeout': '9s',
  'policy_fetch.max_size': '9KiB',
  'policy_fetch.proxy': 'http://proxy.test:3128',
  'policy_fetch.allow_addresses': '[10.0.0.0/8]',
  'policy_fetch.concurrency': '9',
  'mta_sts.first_contact': '9s',
  'mta_sts.first_contact_relay': '9s',
  'mta_sts.recheck': '9m',
  'mta_sts.refresh': '9h',
  'mta_sts.refresh_jitter': '1h',
  'mta_sts.retry': '9m',
  'mta_sts.retry_max': '2h',
  'mta_sts.unused_after': '9d',
  'mta_sts.max_entries': '9',
  'mta_sts.require_text_plain': 'false',
  'policy.dane_satisfies_sts': 'true',
  'policy.dane_with_insecure_mx': 'false',
  'policy.enforce_testing': 'true',
  'policy.dane_required': '[d.test]',
  'policy.defer_on_discovery_error': 'true',
  'store.url': 'sqlite:other.sqlite',
  'http.listen': '127.0.0.1:9',
  'socketmap.listen': '["127.0.0.1:9"]',
  'socketmap.unix_mode': '"0600"',
  'socketmap.unix_owner': 'postfix',
  'socketmap.max_connections': '9',
  'socketmap.idle_timeout': '9s',
  'socketmap.budget': '9s',
  'socketmap.default_dialect': 'exim',
  'socketmap.shutdown_timeout': '9s',
  'socketmap.reuse_port': 'true',
  'policy_server.dry_run': 'true',
  'policy_server.mixed_dane': 'dane',
  'policy_server.answer_cache': '9000',
  'policy_server.max_stale': '9s',
  'relay.enabled': 'true',
  'relay.listen': "['127.0.0.1:9']",
  'relay.listen_tls': "['127.0.0.1:9']",
  'relay.cert_file': 'c.pem',
  'relay.key_file': 'k.pem',
  'relay.trusted_networks': "['10.0.0.0/8']",
  'relay.users_file': 'users',
  'relay.max_message_size': '9MiB',
  'relay.min_free_space': '9MiB',
  'relay.max_recipients': '9',
  'relay.max_connections': '9',
  'relay.max_connections_per_client': '9',
  'relay.max_messages_per_minute': '9',
  'relay.max_errors': '9',
  'relay.max_hops': '99',
  'relay.idle_timeout': '9s',
  'relay.tls_required_no': 'never',
  'relay.concurrency': '9',
  'relay.concurrency_per_hop': '9',
  'relay.messages_per_minute_per_hop': '9',
  'relay.concurrency_per_host': '9',
  'relay.messages_per_minute_per_host': '9',
  'relay.session_idle': '9s',
  'relay.messages_per_session': '9',
  'relay.retry_waits': '[9m]',
  'relay.delay_notice_after': '9h',
  'relay.give_up_after': '9d',
  'relay.bounce_give_up_after': '9d',
  'relay.routes': '[{ domains: [a.test], next_hop: b.test }]',
  'relay.shadow': 'true',
  'relay.shutdown_timeout': '9s',
  ...OTHER_REPORTING,
  'control.socket': 'other.sock',
  'log.level': 'debug',
  'log.format': 'text',
};

/** `a.b.c` and a value as YAML. */
function yaml(key: string, value: string): string {
  const parts = key.split('.');
  return parts.map((part, depth) => `${'  '.repeat(depth)}${part}:`).join('\n') + ` ${value}\n`;
}

describe('what changed between two configurations', () => {
  it('I5: knows every setting of the file, and when a change of it has effect', () => {
    const known = knownKeys()
      .filter((key) => key.setting !== undefined)
      .map((key) => key.path.join('.'));
    assert.deepEqual(comparedKeys(), known);
    assert.deepEqual(Object.keys(OTHER), known);
  });

  it('sees a change of each, and nothing else', () => {
    const before = config('');
    assert.deepEqual(configChanges(before, config('')), []);
    for (const [key, value] of Object.entries(OTHER)) {
      const changes = configChanges(before, config(yaml(key, value)));
      const found = changes.filter((change) => change.key === key);
      assert.equal(found.length, 1, key);
      assert.notEqual(found[0]!.from, found[0]!.to, key);
      assert.equal(found[0]!.effect, effectOf(key));
      // Another port of policy hosts opens loopback: that is a change too.
      const more = key === 'policy_fetch.port' ? 2 : 1;
      assert.equal(changes.length, more, key);
    }
  });

  it('never shows a password, and yet sees that it changed', () => {
    const before = config('store: { url: "postgres://sts:old@db.test/sts" }');
    const after = config('store: { url: "postgres://sts:new@db.test/sts" }');
    const [change] = configChanges(before, after);
    assert.deepEqual(change, {
      key: 'store.url',
      from: 'postgres://sts:…@db.test/sts',
      to: 'postgres://sts:…@db.test/sts',
      effect: 'restart',
    });
    const query = config('store: { url: "postgres:///sts?host=/run&password=secret" }');
    assert.ok(!JSON.stringify(configChanges(before, query)).includes('secret'));
  });
});
