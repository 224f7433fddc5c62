/**
 * What an attempt showed of its next hop, and whether it was broken off. Pure.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { wasContacted } from '../host-walk.ts';
import type { DeliveryReport, RecipientReport } from '../types.ts';
import type { HopSign } from './hop-pace.ts';

/**
 * A hop has failed where no server there took a message on: nobody who answers, no session that a
 * policy lets pass, a server that hangs up. What a server says of a message is an answer.
 */
export function hopSign({ recipients }: DeliveryReport): HopSign {
  if (recipients.some(answered)) return 'answered';
  return recipients.some(blamesHop) ? 'failed' : 'none';
}

function answered(report: RecipientReport): boolean {
  return report.reply !== undefined && report.reply.code !== 421;
}

function blamesHop(report: RecipientReport): boolean {
  return report.status === 'deferred' && !BLAMES_NO_HOP.has(report.failure.code);
}

/** Ours to mend, or the message's own demand. */
const BLAMES_NO_HOP: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'POLICY_HOST_BUSY',
  'POLICY_DELIVERY_STOPPED',
  'POLICY_DELIVERY_BROKEN',
  'POLICY_STORE_DOWN',
  'POLICY_REQUIRETLS_MX',
  'POLICY_REQUIRETLS_UNSURE',
  'POLICY_REQUIRETLS_UNVERIFIED',
  'POLICY_REQUIRETLS_UNSUPPORTED',
  'SMTP_ABORTED',
  'SMTP_MESSAGE_SOURCE_FAILED',
  'SMTP_REQUIRETLS_MISSING',
  'SMTP_REQUIRETLS_WITHOUT_TLS',
]);

/** Somebody was there, and a policy did not let the session pass. */
export function refusedByPolicy({ hops }: DeliveryReport): boolean {
  return hops.some(({ attempts }) => attempts.some(({ outcome }) => outcome === 'refused'));
}

/** Nothing became of it because we stopped: it is given back as it was. */
export function wasBrokenOff({ recipients }: DeliveryReport): boolean {
  return recipients.every(
    (report) => report.status === 'deferred' && BROKEN_OFF.has(report.failure.code),
  );
}

const BROKEN_OFF: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'POLICY_DELIVERY_STOPPED',
  'SMTP_ABORTED',
]);

/** Why nobody at the hop took the message on, where that is a fault of the network alone. */
export function networkFault({ recipients, hops }: DeliveryReport): Failure | undefined {
  const seen = hops.flatMap(({ attempts }) => attempts);
  const allUnreachable = seen.length > 0 && seen.every(({ outcome }) => outcome === 'unreachable');
  const first = recipients.find(blamesHop);
  return allUnreachable && first?.status === 'deferred' ? first.failure : undefined;
}

/** The hosts that had no room, where that alone is why nothing was tried. */
export function onlyFull({ recipients, hops }: DeliveryReport): readonly string[] | undefined {
  const hosts = hops.flatMap(({ full }) => full ?? []);
  const tried = hops.some(({ attempts }) => attempts.some(wasContacted));
  const settled = recipients.some((report) => report.status !== 'deferred');
  return hosts.length === 0 || tried || settled ? undefined : hosts;
}
