/**
 * The status of a recipient in a notification (RFC 3463). Pure.
 *
 * @module
 */
import { dsnStatus } from '../dsn-status.ts';
import { causeOf, isPolicyCause } from './causes.ts';
import type { NoticeOptions, NoticeRecipient } from './types.ts';

/** The time of the message ran out (RFC 3463 §3.5). */
const EXPIRED = '5.4.7';

/** What a status is worked out of. */
export type StatusContext = Pick<NoticeOptions, 'kind' | 'ending'>;

/**
 * The status: the server's own where it gave one of the right class, that of our failure else. A
 * message that ran out of time for a fault of the network is `5.4.7`; one that a policy held back
 * keeps the policy's status, since waiting longer would not have helped.
 */
export function noticeStatus(
  recipient: NoticeRecipient,
  { kind, ending = 'rejected' }: StatusContext,
): string {
  switch (kind) {
    case 'relayed':
      return own(recipient, '2') ?? '2.0.0';
    case 'delayed':
      return own(recipient, '4') ?? ofFailure(recipient, '4') ?? '4.0.0';
    case 'failed':
      if (ending === 'expired') return expired(recipient);
      return own(recipient, '5') ?? ofFailure(recipient, '5') ?? '5.0.0';
    default:
      return kind satisfies never;
  }
}

function expired(recipient: NoticeRecipient): string {
  const { reply, failure } = recipient;
  if (reply === undefined && failure !== undefined && isPolicyCause(causeOf(failure))) {
    return dsnStatus(failure, 'permanent');
  }
  return own(recipient, '5') ?? EXPIRED;
}

/** What the server said, or what was settled before; of the wanted class. */
function own({ reply, code, failure }: NoticeRecipient, digit: string): string | undefined {
  const settled = failure === undefined ? code : undefined;
  return [reply?.enhanced, settled].find(
    (status) =>
      status !== undefined && /^\d\.\d{1,3}\.\d{1,3}$/.test(status) && status[0] === digit,
  );
}

function ofFailure({ reply, failure }: NoticeRecipient, digit: '4' | '5'): string | undefined {
  // A server that gave no status of its own is not given one of ours: we do not know its reason.
  if (reply !== undefined || failure === undefined) return undefined;
  return dsnStatus(failure, digit === '4' ? 'temporary' : 'permanent');
}
