/**
 * The relay's section of the file as the settings that the code reads.
 *
 * @module
 */
import type { ConfigFile } from './schema.ts';
import type { RelaySettings, RouteSettings } from './types.ts';

/** The settings that the section stands for. */
export function toRelay(section: ConfigFile['relay']): RelaySettings {
  return {
    enabled: section.enabled,
    listen: section.listen,
    listenTls: section.listen_tls,
    certFile: section.cert_file,
    keyFile: section.key_file,
    trustedNetworks: section.trusted_networks,
    usersFile: section.users_file,
    maxMessageBytes: section.max_message_size,
    minFreeOctets: section.min_free_space,
    maxRecipients: section.max_recipients,
    maxConnections: section.max_connections,
    maxConnectionsPerClient: section.max_connections_per_client,
    maxMessagesPerMinute: section.max_messages_per_minute,
    maxErrors: section.max_errors,
    maxHops: section.max_hops,
    idleTimeoutMs: section.idle_timeout,
    tlsRequiredNo: section.tls_required_no,
    concurrency: section.concurrency,
    concurrencyPerHop: section.concurrency_per_hop,
    messagesPerMinutePerHop: section.messages_per_minute_per_hop,
    concurrencyPerHost: section.concurrency_per_host,
    messagesPerMinutePerHost: section.messages_per_minute_per_host,
    sessionIdleMs: section.session_idle,
    messagesPerSession: section.messages_per_session,
    retryWaitsMs: section.retry_waits,
    delayNoticeAfterMs: section.delay_notice_after,
    giveUpAfterMs: section.give_up_after,
    bounceGiveUpAfterMs: section.bounce_give_up_after,
    routes: section.routes.map(toRoute),
    shadow: section.shadow,
    shutdownTimeoutMs: section.shutdown_timeout,
  };
}

function toRoute(route: ConfigFile['relay']['routes'][number]): RouteSettings {
  return {
    domains: route.domains,
    nextHop: route.next_hop,
    user: route.user,
    passwordFile: route.password_file,
    tls: route.tls,
    heloName: route.helo_name,
    localAddress: route.local_address,
  };
}
