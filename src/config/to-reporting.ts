/**
 * The section for TLS reporting as the settings that the code reads.
 *
 * @module
 */
import type { ReportingSettings } from './reporting-types.ts';
import type { ConfigFile } from './schema.ts';

type Section = ConfigFile['reporting'];

/** The settings that the section stands for. */
export function toReporting(section: Section): ReportingSettings {
  return {
    tally: {
      enabled: section.tally.enabled,
      flushMs: section.tally.flush,
      keepMs: section.tally.keep,
      datagrams: {
        socket: section.tally.datagrams.socket,
        mode: Number.parseInt(section.tally.datagrams.mode, 8),
        owner: section.tally.datagrams.owner,
      },
    },
    send: toSend(section.send),
    receive: toReceive(section.receive),
    alerts: {
      mailTo: section.alerts.mail_to,
      mailFrom: section.alerts.mail_from,
      webhook: section.alerts.webhook,
      failurePercent: section.alerts.failure_percent,
      minSessions: section.alerts.min_sessions,
      silentAfterMs: section.alerts.silent_after,
      intervalMs: section.alerts.interval,
    },
  };
}

function toSend(section: Section['send']): ReportingSettings['send'] {
  return {
    enabled: section.enabled,
    organization: section.organization,
    contact: section.contact,
    from: section.from,
    bounceAddress: section.bounce_address,
    dkim: {
      keyFile: section.dkim.key_file,
      selector: section.dkim.selector,
      domain: section.dkim.domain,
    },
    spreadMs: section.spread,
    giveUpAfterMs: section.give_up_after,
    report: section.report,
    targets: section.targets,
    omitSendingIp: section.omit_sending_ip,
    skipDomains: section.skip_domains,
    maxPerTarget: section.max_per_target,
    https: {
      certificates: section.https.certificates,
      allowAddresses: section.https.allow_addresses,
      allowPorts: section.https.allow_ports,
    },
  };
}

function toReceive(section: Section['receive']): ReportingSettings['receive'] {
  return {
    domains: section.domains,
    unauthenticated: section.unauthenticated,
    requireTlsrptKey: section.require_tlsrpt_key,
    https: {
      listen: section.https.listen,
      certFile: section.https.cert_file,
      keyFile: section.https.key_file,
      token: section.https.token,
      perMinute: section.https.per_minute,
    },
    smtp: {
      listen: section.smtp.listen,
      protocol: section.smtp.protocol,
      perMinute: section.smtp.per_minute,
    },
    maildir: { path: section.maildir.path, intervalMs: section.maildir.interval },
    maxBytes: section.max_size,
    maxJsonBytes: section.max_json_size,
    perSenderAndDay: section.per_sender_and_day,
    // Stored names of senders are in lower case.
    ignoreSenders: section.ignore_senders.map((sender) => sender.toLowerCase()),
    keepDetailsMs: section.keep_details,
    keepDailyMs: section.keep_daily,
  };
}
