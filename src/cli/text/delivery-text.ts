/**
 * What became of a message, as a person reads it: each recipient, then each host that was tried.
 *
 * @module
 */
import type { DeliveryReport, HopReport, RecipientReport } from '../../relay/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { nextHopText } from '../../tls-policy/next-hop.ts';
import { demandText, verdictLines } from './attempt-text.ts';
import { shown } from './format.ts';
import type { Paint } from './paint.ts';

/** The lines of a report. */
export function deliveryText(
  { recipients, hops }: DeliveryReport,
  paint: Paint,
): readonly string[] {
  return [
    ...recipients.flatMap((recipient) => recipientLines(recipient, paint)),
    ...hops.flatMap((hop) => ['', ...hopLines(hop, paint)]),
  ];
}

const OUTCOME = {
  delivered: ['good', 'delivered'],
  deferred: ['warn', 'NOT delivered, try again later'],
  failed: ['bad', 'FAILED for good'],
} as const;

function recipientLines(recipient: RecipientReport, paint: Paint): readonly string[] {
  const [style, word] = OUTCOME[recipient.status];
  const lines = [`${shown(recipient.recipient)}: ${paint(style, word)}${whereText(recipient)}`];
  if (recipient.status !== 'delivered') {
    const { failure } = recipient;
    lines.push(`    why:   ${shown(failure.detail)}  ${paint('dim', failure.code)}`);
  }
  if (recipient.reply !== undefined) {
    const { code, enhanced, lines: text } = recipient.reply;
    lines.push(`    reply: ${[code, enhanced, shown(text.join(' / '))].filter(Boolean).join(' ')}`);
  }
  return lines;
}

function whereText({ status, host, address }: RecipientReport): string {
  if (host === undefined) return '';
  // An address literal is its own name.
  const where = host.startsWith('[') || address === undefined ? host : `${host} [${address}]`;
  return status === 'delivered' ? ` by ${where}` : ` (${where} answered)`;
}

function hopLines(
  { nextHop, decision, attempts, recheck, policyUse }: HopReport,
  paint: Paint,
): readonly string[] {
  const { sts } = decision.policy;
  const policy = sts === undefined ? 'no MTA-STS policy' : `MTA-STS ${sts.mode}, id ${sts.id}`;
  const lines = [`${paint('bold', nextHopText(nextHop))}  (${policy})`];
  if (attempts.length === 0) lines.push('  no host was tried');
  lines.push(...attempts.flatMap((attempt) => attemptLines(attempt, paint, policyUse)));
  if (recheck === 'unchanged') lines.push('  the record was looked up again: no newer policy');
  if (recheck === 'changed')
    lines.push('  the record was looked up again: a newer policy was used');
  return lines;
}

function attemptLines(
  event: AttemptEvent,
  paint: Paint,
  policyUse: HopReport['policyUse'],
): readonly string[] {
  const where =
    event.address === undefined ? 'not contacted' : `${event.address} port ${event.port}`;
  return [
    `  ${String(event.preference).padStart(3)} ${event.host}  ${where}`,
    ...(event.requirement.kind === 'refused'
      ? []
      : [`      must show: ${demandText(event.requirement)}`]),
    ...verdictLines(event, paint, policyUse),
  ];
}
