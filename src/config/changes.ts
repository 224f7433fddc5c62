/**
 * What differs between two configurations, and which of it a running service can take over.
 *
 * @module
 */
import { RELAY_SETTINGS } from './changes-relay.ts';
import { REPORTING_SETTINGS } from './changes-reporting.ts';
import { durationText, sizeText } from './units.ts';
import type { Config } from './types.ts';

/** When a change of a setting has effect. */
export type EffectTime =
  /** At a reload. */
  | 'reload'
  /** When the service is started again: listeners, and what is sized once. */
  | 'restart'
  /** The service has no use for it; commands read it at each run. */
  | 'command';

/** A setting of the file. */
export interface Setting {
  readonly effect: EffectTime;
  readonly read: (config: Config) => string;
}

/** A setting that changed. */
export interface ConfigChange {
  /** As in the file: `policy.enforce_testing`. */
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly effect: EffectTime;
}

const list = (items: readonly string[]): string => `[${items.join(', ')}]`;
const orNone = (text: string | undefined): string => text ?? '(none)';

/** Every setting of the file, in its order. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  'dns.resolvers': on('reload', (c) => list(c.dns.resolvers)),
  'dns.trusted': on('reload', (c) => String(c.dns.trusted)),
  'dns.timeout': on('reload', (c) => durationText(c.dns.timeoutMs)),
  'dns.attempts': on('reload', (c) => String(c.dns.attempts)),
  'dns.concurrency': on('reload', (c) => String(c.dns.concurrency)),
  'dns.cache_entries': on('reload', (c) => String(c.dns.cacheEntries)),
  'dns.self_test.signed': on('reload', (c) => c.dns.selfTest.signed),
  'dns.self_test.unsigned': on('reload', (c) => c.dns.selfTest.unsigned),
  'dns.self_test.bogus': on('reload', (c) => c.dns.selfTest.bogus),
  'dns.self_test.interval': on('reload', (c) => durationText(c.dns.selfTest.intervalMs)),
  'tls.ca_file': on('reload', (c) => orNone(c.tls.caFile)),
  'tls.opportunistic_min_version': on('reload', (c) => c.tls.opportunisticMinVersion),
  'smtp.port': on('restart', (c) => String(c.smtp.port)),
  'smtp.helo_name': on('restart', (c) => c.smtp.heloName),
  'smtp.local_address': on('reload', (c) => orNone(c.smtp.localAddress)),
  'policy_fetch.port': on('reload', (c) => String(c.policyFetch.port)),
  'policy_fetch.timeout': on('reload', (c) => durationText(c.policyFetch.timeoutMs)),
  'policy_fetch.max_size': on('reload', (c) => sizeText(c.policyFetch.maxBytes)),
  'policy_fetch.proxy': on('reload', (c) => orNone(c.policyFetch.proxy)),
  'policy_fetch.allow_addresses': on('reload', (c) => list(c.policyFetch.allowAddresses)),
  'policy_fetch.concurrency': on('restart', (c) => String(c.policyFetch.concurrency)),
  'mta_sts.first_contact': on('reload', (c) => durationText(c.mtaSts.firstContactMs)),
  'mta_sts.first_contact_relay': on('reload', (c) => durationText(c.mtaSts.firstContactRelayMs)),
  'mta_sts.recheck': on('reload', (c) => durationText(c.mtaSts.recheckMs)),
  'mta_sts.refresh': on('reload', (c) => durationText(c.mtaSts.refreshMs)),
  'mta_sts.refresh_jitter': on('reload', (c) => durationText(c.mtaSts.refreshJitterMs)),
  'mta_sts.retry': on('reload', (c) => durationText(c.mtaSts.retryMs)),
  'mta_sts.retry_max': on('reload', (c) => durationText(c.mtaSts.retryMaxMs)),
  'mta_sts.unused_after': on('restart', (c) => durationText(c.mtaSts.unusedAfterMs)),
  'mta_sts.max_entries': on('restart', (c) => String(c.mtaSts.maxEntries)),
  'mta_sts.require_text_plain': on('restart', (c) => String(c.mtaSts.requireTextPlain)),
  'policy.dane_satisfies_sts': on('reload', (c) => String(c.policy.daneSatisfiesSts)),
  'policy.dane_with_insecure_mx': on('reload', (c) => String(c.policy.daneWithInsecureMx)),
  'policy.enforce_testing': on('reload', (c) => String(c.policy.enforceTesting)),
  'policy.dane_required': on('reload', (c) => list(c.policy.daneRequired)),
  'policy.defer_on_discovery_error': on('reload', (c) => String(c.policy.deferOnDiscoveryError)),
  // The URL may hold a password: that it changed is enough to know.
  'store.url': on('restart', (c) => withoutPassword(c.store.url)),
  'http.listen': on('restart', (c) => c.http.listen),
  'socketmap.listen': on('restart', (c) => list(c.socketmap.listen)),
  'socketmap.unix_mode': on('restart', (c) => `0${c.socketmap.unixMode.toString(8)}`),
  'socketmap.unix_owner': on('restart', (c) => orNone(c.socketmap.unixOwner)),
  'socketmap.max_connections': on('reload', (c) => String(c.socketmap.maxConnections)),
  'socketmap.idle_timeout': on('reload', (c) => durationText(c.socketmap.idleTimeoutMs)),
  'socketmap.budget': on('reload', (c) => durationText(c.socketmap.budgetMs)),
  'socketmap.default_dialect': on('reload', (c) => c.socketmap.defaultDialect),
  'socketmap.shutdown_timeout': on('reload', (c) => durationText(c.socketmap.shutdownTimeoutMs)),
  'socketmap.reuse_port': on('restart', (c) => String(c.socketmap.reusePort)),
  'policy_server.dry_run': on('reload', (c) => String(c.policyServer.dryRun)),
  'policy_server.mixed_dane': on('reload', (c) => c.policyServer.mixedDane),
  'policy_server.answer_cache': on('restart', (c) => String(c.policyServer.answerCacheEntries)),
  'policy_server.max_stale': on('reload', (c) => durationText(c.policyServer.maxStaleMs)),
  ...RELAY_SETTINGS,
  ...REPORTING_SETTINGS,
  'control.socket': on('restart', (c) => c.control.socket),
  'log.level': on('reload', (c) => c.log.level),
  'log.format': on('restart', (c) => c.log.format),
};

/** The key of every setting that is known here. */
export function comparedKeys(): readonly string[] {
  return Object.keys(SETTINGS);
}

/** When a change of this setting has effect; undefined for a key that is none. */
export function effectOf(key: string): EffectTime | undefined {
  return SETTINGS[key]?.effect;
}

/** What differs, in the order of the file. */
export function configChanges(before: Config, after: Config): readonly ConfigChange[] {
  return Object.entries(SETTINGS).flatMap(([key, { effect, read }]) => {
    const change = { key, from: read(before), to: read(after), effect };
    const hidden = key === 'store.url' && before.store.url !== after.store.url;
    return change.from === change.to && !hidden ? [] : [change];
  });
}

function on(effect: EffectTime, read: Setting['read']): Setting {
  return { effect, read };
}

function withoutPassword(url: string): string {
  return url
    .replace(/^([^:]+:\/\/[^:@/]*):[^@/]*@/, '$1:…@')
    .replace(/password=[^&]*/gi, 'password=…');
}
