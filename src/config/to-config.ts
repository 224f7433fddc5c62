/**
 * From the file's keys to the settings that the code reads.
 *
 * @module
 */
import type { ConfigFile } from './schema.ts';
import { toRelay } from './to-relay.ts';
import { toReporting } from './to-reporting.ts';
import type { Config } from './types.ts';

/** A port other than 443 is a test set-up: its policy host is on this machine. */
const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128'];

/** RFC 8461 §3.3 gives a policy host no other port. */
const HTTPS_PORT = 443;

/** The settings that a checked file stands for. */
export function toConfig(file: ConfigFile): Config {
  return {
    dns: {
      resolvers: file.dns.resolvers,
      trusted: file.dns.trusted,
      timeoutMs: file.dns.timeout,
      attempts: file.dns.attempts,
      concurrency: file.dns.concurrency,
      cacheEntries: file.dns.cache_entries,
      selfTest: {
        signed: file.dns.self_test.signed,
        unsigned: file.dns.self_test.unsigned,
        bogus: file.dns.self_test.bogus,
        intervalMs: file.dns.self_test.interval,
      },
    },
    tls: {
      caFile: file.tls.ca_file,
      opportunisticMinVersion: file.tls.opportunistic_min_version,
    },
    smtp: {
      port: file.smtp.port,
      heloName: file.smtp.helo_name,
      localAddress: file.smtp.local_address,
    },
    policyFetch: toPolicyFetch(file.policy_fetch),
    mtaSts: toMtaSts(file.mta_sts),
    policy: {
      daneSatisfiesSts: file.policy.dane_satisfies_sts,
      daneWithInsecureMx: file.policy.dane_with_insecure_mx,
      enforceTesting: file.policy.enforce_testing,
      daneRequired: file.policy.dane_required,
      deferOnDiscoveryError: file.policy.defer_on_discovery_error,
    },
    store: { url: file.store.url },
    http: { listen: file.http.listen },
    socketmap: toSocketmap(file.socketmap),
    policyServer: {
      dryRun: file.policy_server.dry_run,
      mixedDane: file.policy_server.mixed_dane,
      answerCacheEntries: file.policy_server.answer_cache,
      maxStaleMs: file.policy_server.max_stale,
    },
    relay: toRelay(file.relay),
    reporting: toReporting(file.reporting),
    control: { socket: file.control.socket },
    log: { level: file.log.level, format: file.log.format },
  };
}

function toPolicyFetch(section: ConfigFile['policy_fetch']): Config['policyFetch'] {
  const extra = section.port === HTTPS_PORT ? [] : LOOPBACK;
  return {
    port: section.port,
    timeoutMs: section.timeout,
    maxBytes: section.max_size,
    proxy: section.proxy,
    allowAddresses: [...new Set([...section.allow_addresses, ...extra])],
    concurrency: section.concurrency,
  };
}

function toSocketmap(section: ConfigFile['socketmap']): Config['socketmap'] {
  return {
    listen: section.listen,
    unixMode: Number.parseInt(section.unix_mode, 8),
    unixOwner: section.unix_owner,
    maxConnections: section.max_connections,
    idleTimeoutMs: section.idle_timeout,
    budgetMs: section.budget,
    defaultDialect: section.default_dialect,
    shutdownTimeoutMs: section.shutdown_timeout,
    reusePort: section.reuse_port,
  };
}

function toMtaSts(section: ConfigFile['mta_sts']): Config['mtaSts'] {
  return {
    firstContactMs: section.first_contact,
    firstContactRelayMs: section.first_contact_relay,
    recheckMs: section.recheck,
    refreshMs: section.refresh,
    refreshJitterMs: section.refresh_jitter,
    retryMs: section.retry,
    retryMaxMs: section.retry_max,
    unusedAfterMs: section.unused_after,
    maxEntries: section.max_entries,
    requireTextPlain: section.require_text_plain,
  };
}
