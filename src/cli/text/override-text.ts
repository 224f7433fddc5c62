/**
 * Overrides as a person reads them.
 *
 * @module
 */
import { untilText, type Override, type OverrideKind } from '../../tls-policy/overrides.ts';
import type { AuditLine } from '../../tls-policy/override-table.ts';
import type { TextOptions } from './explain-text.ts';
import { relativeTime, shown, timeText } from './format.ts';
import { columns } from './table.ts';

/** What each kind means, in a few words. */
export const KIND_MEANING: Readonly<Record<OverrideKind, string>> = {
  skip: 'asked for nothing: neither MTA-STS nor DANE',
  'require-tls': 'TLS at least, with any certificate',
  'enforce-testing': 'a policy in testing counts as enforced',
  pin: 'the given policy is in force, whatever is published',
};

const DAY = 86_400_000;

/** Whole days that are left; 0 on the last day, negative when it is over. */
export function daysLeft({ until }: Override, now: number): number {
  return Math.floor((until - now) / DAY);
}

/** Lines of a table, the head first. */
export function overrideRows(overrides: readonly Override[], now: number): readonly string[] {
  const rows = overrides.map((override) => [
    override.policyDomain,
    override.kind,
    untilText(override.until),
    leftText(override, now),
    shown(override.addedBy),
    shown(override.reason),
  ]);
  return columns([['DOMAIN', 'KIND', 'UNTIL', 'LEFT', 'ADDED BY', 'REASON'], ...rows]);
}

function leftText(override: Override, now: number): string {
  if (override.until <= now) return 'over';
  const days = daysLeft(override, now);
  return days === 0 ? 'less than a day' : `${days} ${days === 1 ? 'day' : 'days'}`;
}

/** Lines of the audit, oldest first. */
export function auditRows(lines: readonly AuditLine[]): readonly string[] {
  const rows = lines.map(({ at, action, by, override }) => [
    timeText(at),
    action,
    override.policyDomain,
    override.kind,
    untilText(override.until),
    shown(by),
    shown(override.reason),
  ]);
  return columns([['AT', 'WHAT', 'DOMAIN', 'KIND', 'UNTIL', 'BY', 'REASON'], ...rows]);
}

/** Lines for an explanation; nothing where there is no override. */
export function overrideLines(
  override: Override | undefined,
  { now, paint }: TextOptions,
): readonly string[] {
  if (override === undefined) return [];
  const { kind, reason, until, addedAt, addedBy } = override;
  return [
    `  ${paint('warn', kind)}: ${KIND_MEANING[kind]}`,
    `  because: ${shown(reason)}`,
    `  until ${untilText(until)}; added by ${shown(addedBy)} ${relativeTime(addedAt, now)}`,
  ];
}
