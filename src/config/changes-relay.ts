/**
 * The relay's settings: how each is written, and when a change of it has effect.
 *
 * @module
 */
import type { Setting } from './changes.ts';
import type { RelaySettings } from './types.ts';
import { durationText, sizeText } from './units.ts';

const orNone = (text: string | undefined): string => text ?? '(none)';
const list = (items: readonly string[]): string => `[${items.join(', ')}]`;

/** Every setting of the section, in its order. */
export const RELAY_SETTINGS: Readonly<Record<string, Setting>> = {
  'relay.enabled': relay('restart', (r) => String(r.enabled)),
  'relay.listen': relay('restart', (r) => list(r.listen)),
  'relay.listen_tls': relay('restart', (r) => list(r.listenTls)),
  'relay.cert_file': relay('reload', (r) => orNone(r.certFile)),
  'relay.key_file': relay('reload', (r) => orNone(r.keyFile)),
  'relay.trusted_networks': relay('reload', (r) => list(r.trustedNetworks)),
  'relay.users_file': relay('reload', (r) => orNone(r.usersFile)),
  'relay.max_message_size': relay('reload', (r) => sizeText(r.maxMessageBytes)),
  'relay.min_free_space': relay('reload', (r) => sizeText(r.minFreeOctets)),
  'relay.max_recipients': relay('reload', (r) => String(r.maxRecipients)),
  'relay.max_connections': relay('reload', (r) => String(r.maxConnections)),
  'relay.max_connections_per_client': relay('reload', (r) => String(r.maxConnectionsPerClient)),
  'relay.max_messages_per_minute': relay('reload', (r) => String(r.maxMessagesPerMinute)),
  'relay.max_errors': relay('reload', (r) => String(r.maxErrors)),
  'relay.max_hops': relay('reload', (r) => String(r.maxHops)),
  'relay.idle_timeout': relay('reload', (r) => durationText(r.idleTimeoutMs)),
  'relay.tls_required_no': relay('reload', (r) => r.tlsRequiredNo),
  'relay.concurrency': relay('reload', (r) => String(r.concurrency)),
  'relay.concurrency_per_hop': relay('reload', (r) => String(r.concurrencyPerHop)),
  'relay.messages_per_minute_per_hop': relay('reload', (r) => String(r.messagesPerMinutePerHop)),
  'relay.concurrency_per_host': relay('reload', (r) => String(r.concurrencyPerHost)),
  'relay.messages_per_minute_per_host': relay('reload', (r) => String(r.messagesPerMinutePerHost)),
  'relay.session_idle': relay('reload', (r) => durationText(r.sessionIdleMs)),
  'relay.messages_per_session': relay('reload', (r) => String(r.messagesPerSession)),
  'relay.retry_waits': relay('reload', (r) => list(r.retryWaitsMs.map(durationText))),
  'relay.delay_notice_after': relay('reload', (r) => durationText(r.delayNoticeAfterMs)),
  'relay.give_up_after': relay('reload', (r) => durationText(r.giveUpAfterMs)),
  'relay.bounce_give_up_after': relay('reload', (r) => durationText(r.bounceGiveUpAfterMs)),
  'relay.routes': relay('reload', (r) => JSON.stringify(r.routes)),
  'relay.shadow': relay('reload', (r) => String(r.shadow)),
  'relay.shutdown_timeout': relay('reload', (r) => durationText(r.shutdownTimeoutMs)),
};

function relay(effect: Setting['effect'], read: (settings: RelaySettings) => string): Setting {
  return { effect, read: (config) => read(config.relay) };
}
