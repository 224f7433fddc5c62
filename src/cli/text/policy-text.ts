/**
 * What MTA-STS says of a domain, as lines for a person.
 *
 * @module
 */
import type { ActivePolicy, StsStatus } from '../../mta-sts/types.ts';
import { duration, shown, relativeTime, timeText } from './format.ts';
import type { TextOptions } from './explain-text.ts';

const LONGEST_MX_LIST = 20;

/** Lines about the policy in force, or why there is none; nothing where MTA-STS does not apply. */
export function policyLines(
  status: StsStatus | undefined,
  options: TextOptions,
): readonly string[] {
  if (status === undefined) return [];
  if (status.kind === 'none') {
    return [
      `  no policy: ${shown(status.failure.detail)}  ${options.paint('dim', status.failure.code)}`,
    ];
  }
  return activeLines(status.active, options);
}

const SOURCE = {
  fetched: 'from the policy host',
  cache: 'from the cache',
  pinned: 'pinned by the operator',
} as const;

/** Lines about one policy. */
export function activeLines(active: ActivePolicy, { now, paint }: TextOptions): readonly string[] {
  const { policy } = active;
  const mode = paint(policy.mode === 'enforce' ? 'good' : 'warn', policy.mode);
  const lines = [
    `  mode ${mode}, id ${active.id === '' ? '(none)' : active.id}, max_age ${duration(policy.maxAge * 1000)}`,
    `  ${SOURCE[active.source]}${active.source === 'pinned' ? '' : ', fetched'} ${relativeTime(active.fetchedAt, now)}, holds until ${timeText(active.expiresAt)}`,
    ...policy.mx.slice(0, LONGEST_MX_LIST).map((pattern) => `  mx: ${pattern}`),
  ];
  if (policy.mx.length > LONGEST_MX_LIST)
    lines.push(`  … and ${policy.mx.length - LONGEST_MX_LIST} more`);
  if (active.refreshFailure !== undefined) {
    lines.push(
      `  ${paint('warn', `could not be renewed: ${shown(active.refreshFailure.detail)}`)}  ${paint('dim', active.refreshFailure.code)}`,
    );
  }
  return lines;
}
