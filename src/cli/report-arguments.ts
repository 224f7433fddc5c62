/**
 * Arguments that the commands of reports share.
 *
 * @module
 */
import type { ReportSendSettings } from '../config/reporting-types.ts';
import { normalizeName } from '../dns/name.ts';
import { hasIdentity } from '../reporting/send/identity.ts';
import type { UtcDay } from '../reporting/types.ts';
import { mailboxDomain } from '../tlsrpt/write-report-values.ts';
import { EXIT_CONFIG, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io } from './io.ts';
import { numberFrom } from './queue-arguments.ts';
import { CommandStop } from './shared-options.ts';
import { shown } from './text/format.ts';
import { dayOf } from '../reporting/day.ts';

/** A UTC day on the command line: `2026-11-23`, `today` or `yesterday`. */
export function dayFrom(text: string, now: number): UtcDay {
  const today = dayOf(now);
  if (text === 'today') return today;
  if (text === 'yesterday') return today - 1;
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse takes 30 February for 2 March.
  const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
  if (isDay && at <= now) return dayOf(at);
  const why = isDay
    ? 'that day has not begun'
    : 'write a UTC day like 2026-11-23, yesterday or today';
  throw new CommandStop(`--day ${text}: ${why} (REPORT_SEND_DAY_INVALID)`, EXIT_USAGE);
}

const MOST_DAYS = 4000;

/** How many days back, on the command line: 1 to 4000. */
export function daysBack(text: string): number {
  const days = numberFrom('--days', text);
  if (days >= 1 && days <= MOST_DAYS) return days;
  throw new CommandStop(`--days ${text}: write a number from 1 to ${MOST_DAYS}`, EXIT_USAGE);
}

/** A domain on the command line, in any spelling. */
export function reportDomain(text: string): string {
  const name = normalizeName(text);
  if (name.ok) return name.value;
  throw new CommandStop(
    `${shown(text)}: ${name.failure.detail} (${name.failure.code})`,
    EXIT_USAGE,
  );
}

/** The settings for sending; who reports must be said. */
export function identifiedSettings(settings: ReportSendSettings): ReportSendSettings {
  if (hasIdentity(settings)) return settings;
  throw new CommandStop(
    'set reporting.send.organization and reporting.send.contact, a plain address: every report says whom it is from (REPORT_SEND_NO_IDENTITY)',
    EXIT_CONFIG,
  );
}

/** The same for a look: what is not set is shown as such, and said. */
export function lookSettings(settings: ReportSendSettings, io: Io): ReportSendSettings {
  const { organization, contact } = settings;
  if (hasIdentity(settings)) return settings;
  complain(
    io,
    'reporting.send.organization or reporting.send.contact is not set, and nothing is sent before both are: shown with stand-ins (REPORT_SEND_NO_IDENTITY).',
  );
  return {
    ...settings,
    organization: organization.trim() === '' ? '(not set)' : organization,
    contact: mailboxDomain(contact) === undefined ? 'not-set@not-set.invalid' : contact,
  };
}
