/**
 * Settings of TLS reporting that are valid and still cannot do what they are for: found when they
 * are taken over, not when the first report is due. None of them stops the service.
 *
 * @module
 */
import type { ReportingSettings, ReportReceiveSettings } from '../config/reporting-types.ts';
import { type ErrorCode, ERRORS } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { parseSocketAddress } from '../listen/socket-address.ts';
import { printable } from '../printable.ts';
import { isLoopback } from '../smtp/loopback.ts';
import { loadSigner } from './mail/dkim-signer.ts';
import { authorOf } from './send/author.ts';
import { hasIdentity } from './send/identity.ts';

/** One fault. */
export interface SettingsFault {
  /** `error`: what was asked for is not done. `warn`: it is done worse or less safely than it could. */
  readonly level: 'warn' | 'error';
  readonly code: ErrorCode;
  /** Names the setting; one line. */
  readonly detail: string;
}

/** Looks at the settings and at the files that they name. Never throws. */
export function settingsFaults(settings: ReportingSettings): readonly SettingsFault[] {
  return [...sendFaults(settings), ...receiveFaults(settings.receive), ...alertFaults(settings)];
}

/** A line in the log for each. */
export function tellSettingsFaults(settings: ReportingSettings, log: Log): void {
  for (const { level, code, detail } of settingsFaults(settings)) {
    log[level](
      { event: 'reporting-settings', code },
      `TLS reporting: ${printable(detail, 500)}. ${ERRORS[code].action}`,
    );
  }
}

function sendFaults({ send }: ReportingSettings): readonly SettingsFault[] {
  if (!send.enabled) return [];
  const faults: SettingsFault[] = [];
  if (!hasIdentity(send)) {
    const detail =
      'reporting.send is on, and organization is empty or contact is no plain address: no report is made';
    faults.push({ level: 'error', code: 'REPORT_SEND_NO_IDENTITY', detail });
  }
  // Where nobody is named that is the fault; the key is looked at all the same.
  const nobody = `nobody@${send.dkim.domain === '' ? 'invalid' : send.dkim.domain}`;
  const from = authorOf(send);
  const signer = loadSigner(send.dkim, from === '' ? nobody : from);
  if (signer.ok) return faults;
  const { code, detail } = signer.failure;
  // Those who take reports by HTTPS get theirs all the same.
  const level = code === 'DKIM_KEY_NOT_SET' ? 'warn' : 'error';
  return [...faults, { level, code, detail: `no report leaves by mail: ${detail}` }];
}

/** `From` of alerts; '' where there is none. */
export function alertSender({ alerts, send }: ReportingSettings): string {
  return alerts.mailFrom === '' ? send.contact : alerts.mailFrom;
}

function alertFaults(settings: ReportingSettings): readonly SettingsFault[] {
  if (settings.alerts.mailTo.length === 0 || alertSender(settings) !== '') return [];
  const detail =
    'reporting.alerts.mail_to names somebody, and neither mail_from nor reporting.send.contact is set: no alert leaves by mail';
  return [{ level: 'error', code: 'ALERT_NO_SENDER', detail }];
}

function receiveFaults(receive: ReportReceiveSettings): readonly SettingsFault[] {
  const { https, smtp, maildir, domains } = receive;
  const isOn = [https.listen, smtp.listen, maildir.path].some((way) => way !== '');
  const faults: SettingsFault[] = [];
  if (isOn && domains.length === 0) {
    const detail =
      'reports are taken in, and reporting.receive.domains is empty: each one is dropped';
    faults.push({ level: 'warn', code: 'REPORT_RECEIVER_NO_DOMAINS', detail });
  }
  if (https.listen !== '') faults.push(...httpsFaults(https));
  return faults;
}

function httpsFaults(https: ReportReceiveSettings['https']): readonly SettingsFault[] {
  const faults: SettingsFault[] = [];
  if (https.certFile === undefined && !isOnLoopback(https.listen)) {
    const detail = `reporting.receive.https listens at ${https.listen} in clear text: senders take https alone`;
    faults.push({ level: 'warn', code: 'REPORT_RECEIVER_CLEAR_TEXT', detail });
  }
  if (https.token === '') {
    const detail = 'reporting.receive.https.token is empty: every scanner finds the endpoint';
    faults.push({ level: 'warn', code: 'REPORT_RECEIVER_NO_TOKEN', detail });
  }
  return faults;
}

/** Does `address:port` mean this machine alone? */
export function isOnLoopback(listen: string): boolean {
  const address = parseSocketAddress(listen);
  return address.kind !== 'tcp' || isLoopback(address.host);
}
