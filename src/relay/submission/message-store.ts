/**
 * The last step of a message: into the queue, and only then `250`.
 *
 * @module
 */
import type { Failure, Outcome } from '../../failure.ts';
import type { MessageSink, NewMessage } from '../queue/types.ts';
import type { Client } from './client.ts';
import type { Entrance } from './entrance.ts';
import type { HeaderLook } from './header-look.ts';
import { REPLIES, reply, type Reply } from './replies.ts';
import type { Transaction } from './transaction.ts';

/** A message whose content is written. */
export interface WrittenMessage {
  readonly sink: MessageSink;
  readonly transaction: Transaction;
  readonly look: HeaderLook;
  /** Octets as they came. */
  readonly size: number;
}

/** Commits; the reply says whether we are now answerable for the message (RFC 5321 §6.1). */
export async function storeMessage(entrance: Entrance, written: WrittenMessage): Promise<Reply> {
  const { clock, metrics, tally } = entrance;
  const { sink, transaction, look } = written;
  const message = newMessage(transaction, look, entrance.ruling.settings.tlsRequiredNo);
  const startedAt = clock.now();
  const stored = await commit(sink, message);
  if (!stored.ok) return refuseFailure(entrance, transaction.client, stored.failure);
  metrics.committed(clock.now() - startedAt);
  metrics.accepted(message.origin.via);
  tally.accepted += 1;
  logAccepted(entrance, { id: stored.value, message, written });
  return reply(250, '2.0.0', `queued as ${stored.value}`);
}

/** A commit that rejects is a bug of the queue; what it left is taken back. */
async function commit(sink: MessageSink, message: NewMessage): Promise<Outcome<string>> {
  try {
    return await sink.commit(message);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** What a fault of the queue is to the client: it may come again. */
export function refuseCommit(entrance: Entrance, client: Client, error: unknown): Reply {
  const { message, stack } = error as Error;
  entrance.log.error(
    { event: 'queue-fault', client: client.address, message, stack },
    `a message could not be queued: ${message}`,
  );
  return REPLIES.queueFault;
}

function refuseFailure(entrance: Entrance, client: Client, { code, detail }: Failure): Reply {
  entrance.log.error(
    { event: 'queue-fault', client: client.address, code, detail },
    `a message could not be queued: ${detail} (${code})`,
  );
  return code === 'QUEUE_FULL_DISK' ? REPLIES.queueFull : REPLIES.queueFault;
}

function newMessage(
  { client, clientName, sender, recipients }: Transaction,
  look: HeaderLook,
  heed: 'submission' | 'always' | 'never',
): NewMessage {
  const { size: _declared, ...envelope } = sender;
  const via = client.user === undefined ? 'network' : 'submission';
  const isHeeded = heed === 'always' || (heed === 'submission' && via === 'submission');
  return {
    envelope,
    recipients,
    origin: {
      via,
      ...(client.user === undefined ? {} : { user: client.user }),
      clientAddress: client.address,
      heloName: clientName,
    },
    // REQUIRETLS outweighs the header (RFC 8689 §4.1).
    tlsRequiredNo: isHeeded && look.tlsRequiredNo && sender.requireTls !== true,
    messageIdHeader: look.messageId,
  };
}

/** Addresses in one line at most. */
const RECIPIENTS_SHOWN = 20;

function logAccepted(
  { log }: Entrance,
  facts: { readonly id: string; readonly message: NewMessage; readonly written: WrittenMessage },
): void {
  const { id, message, written } = facts;
  const { client } = written.transaction;
  log.info(
    {
      event: 'accepted',
      id,
      via: message.origin.via,
      user: client.user,
      client: client.address,
      helo: message.origin.heloName,
      tls: client.tls?.version,
      from: message.envelope.from,
      to: message.recipients.slice(0, RECIPIENTS_SHOWN).map(({ address }) => address),
      recipients: message.recipients.length,
      size: written.size,
      requireTls: message.envelope.requireTls,
      tlsRequiredNo: message.tlsRequiredNo ? true : undefined,
      messageId: message.messageIdHeader,
    },
    `message ${id} is queued`,
  );
}
