/**
 * The settings of TLS reporting: how each is written, and when a change of it has effect.
 *
 * @module
 */
import type { Setting } from './changes.ts';
import type { ReportingSettings } from './reporting-types.ts';
import { durationText, sizeText } from './units.ts';

const orNone = (text: string | undefined): string => text ?? '(none)';
const list = (items: readonly string[]): string => `[${items.join(', ')}]`;
const modeText = (mode: number): string => `0${mode.toString(8)}`;

/** Every setting of the section, in its order. */
export const REPORTING_SETTINGS: Readonly<Record<string, Setting>> = {
  'reporting.tally.enabled': reporting('restart', (r) => String(r.tally.enabled)),
  'reporting.tally.flush': reporting('restart', (r) => durationText(r.tally.flushMs)),
  'reporting.tally.keep': reporting('reload', (r) => durationText(r.tally.keepMs)),
  'reporting.tally.datagrams.socket': reporting('restart', (r) => r.tally.datagrams.socket),
  'reporting.tally.datagrams.mode': reporting('restart', (r) => modeText(r.tally.datagrams.mode)),
  'reporting.tally.datagrams.owner': reporting('restart', (r) => r.tally.datagrams.owner),
  'reporting.send.enabled': reporting('reload', (r) => String(r.send.enabled)),
  'reporting.send.organization': reporting('reload', (r) => r.send.organization),
  'reporting.send.contact': reporting('reload', (r) => r.send.contact),
  'reporting.send.from': reporting('reload', (r) => r.send.from),
  'reporting.send.bounce_address': reporting('reload', (r) => r.send.bounceAddress),
  'reporting.send.dkim.key_file': reporting('reload', (r) => r.send.dkim.keyFile),
  'reporting.send.dkim.selector': reporting('reload', (r) => r.send.dkim.selector),
  'reporting.send.dkim.domain': reporting('reload', (r) => r.send.dkim.domain),
  'reporting.send.spread': reporting('reload', (r) => durationText(r.send.spreadMs)),
  'reporting.send.give_up_after': reporting('reload', (r) => durationText(r.send.giveUpAfterMs)),
  'reporting.send.report': reporting('reload', (r) => r.send.report),
  'reporting.send.targets': reporting('reload', (r) => r.send.targets),
  'reporting.send.omit_sending_ip': reporting('reload', (r) => String(r.send.omitSendingIp)),
  'reporting.send.skip_domains': reporting('reload', (r) => list(r.send.skipDomains)),
  'reporting.send.max_per_target': reporting('reload', (r) => String(r.send.maxPerTarget)),
  'reporting.send.https.certificates': reporting('reload', (r) => r.send.https.certificates),
  'reporting.send.https.allow_addresses': reporting('reload', (r) =>
    list(r.send.https.allowAddresses),
  ),
  'reporting.send.https.allow_ports': reporting('reload', (r) =>
    list(r.send.https.allowPorts.map(String)),
  ),
  'reporting.receive.domains': reporting('reload', (r) => list(r.receive.domains)),
  'reporting.receive.unauthenticated': reporting('reload', (r) => r.receive.unauthenticated),
  'reporting.receive.require_tlsrpt_key': reporting('reload', (r) =>
    String(r.receive.requireTlsrptKey),
  ),
  'reporting.receive.https.listen': reporting('restart', (r) => r.receive.https.listen),
  'reporting.receive.https.cert_file': reporting('reload', (r) => orNone(r.receive.https.certFile)),
  'reporting.receive.https.key_file': reporting('reload', (r) => orNone(r.receive.https.keyFile)),
  'reporting.receive.https.token': reporting('reload', (r) => r.receive.https.token),
  'reporting.receive.https.per_minute': reporting('reload', (r) =>
    String(r.receive.https.perMinute),
  ),
  'reporting.receive.smtp.listen': reporting('restart', (r) => r.receive.smtp.listen),
  'reporting.receive.smtp.protocol': reporting('restart', (r) => r.receive.smtp.protocol),
  'reporting.receive.smtp.per_minute': reporting('reload', (r) => String(r.receive.smtp.perMinute)),
  'reporting.receive.maildir.path': reporting('restart', (r) => r.receive.maildir.path),
  'reporting.receive.maildir.interval': reporting('restart', (r) =>
    durationText(r.receive.maildir.intervalMs),
  ),
  'reporting.receive.max_size': reporting('reload', (r) => sizeText(r.receive.maxBytes)),
  'reporting.receive.max_json_size': reporting('reload', (r) => sizeText(r.receive.maxJsonBytes)),
  'reporting.receive.per_sender_and_day': reporting('reload', (r) =>
    String(r.receive.perSenderAndDay),
  ),
  'reporting.receive.ignore_senders': reporting('reload', (r) => list(r.receive.ignoreSenders)),
  'reporting.receive.keep_details': reporting('reload', (r) =>
    durationText(r.receive.keepDetailsMs),
  ),
  'reporting.receive.keep_daily': reporting('reload', (r) => durationText(r.receive.keepDailyMs)),
  'reporting.alerts.mail_to': reporting('reload', (r) => list(r.alerts.mailTo)),
  'reporting.alerts.mail_from': reporting('reload', (r) => r.alerts.mailFrom),
  'reporting.alerts.webhook': reporting('reload', (r) => r.alerts.webhook),
  'reporting.alerts.failure_percent': reporting('reload', (r) => String(r.alerts.failurePercent)),
  'reporting.alerts.min_sessions': reporting('reload', (r) => String(r.alerts.minSessions)),
  'reporting.alerts.silent_after': reporting('reload', (r) => durationText(r.alerts.silentAfterMs)),
  'reporting.alerts.interval': reporting('reload', (r) => durationText(r.alerts.intervalMs)),
};

function reporting(
  effect: Setting['effect'],
  read: (settings: ReportingSettings) => string,
): Setting {
  return { effect, read: (config) => read(config.reporting) };
}
