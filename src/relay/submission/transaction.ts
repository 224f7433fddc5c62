/**
 * One mail transaction, from MAIL to the end of the content.
 *
 * @module
 */
import type { Recipient } from '../../smtp/types.ts';
import type { Client } from './client.ts';
import type { Sender } from './mail-command.ts';
import type { ReadRecipient } from './rcpt-command.ts';

/** What is known of a message before its content. */
export class Transaction {
  readonly client: Client;
  readonly clientName: string;
  /** EHLO was said. */
  readonly extended: boolean;
  readonly sender: Sender;
  readonly #recipients = new Map<string, Recipient>();

  constructor(facts: Pick<Transaction, 'client' | 'clientName' | 'extended' | 'sender'>) {
    this.client = facts.client;
    this.clientName = facts.clientName;
    this.extended = facts.extended;
    this.sender = facts.sender;
  }

  get count(): number {
    return this.#recipients.size;
  }

  get recipients(): readonly Recipient[] {
    return [...this.#recipients.values()];
  }

  /** A recipient that was named before is not named twice; what it wished first counts. */
  add({ key, recipient }: ReadRecipient): void {
    if (!this.#recipients.has(key)) this.#recipients.set(key, recipient);
  }

  has(key: string): boolean {
    return this.#recipients.has(key);
  }
}
