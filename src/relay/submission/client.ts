/**
 * The client of one connection, as far as it matters for its messages.
 *
 * @module
 */
import type { TlsFacts } from './received.ts';

/** Who is connected and what has been proven so far. */
export interface Client {
  readonly address: string;
  /** What its limits are counted under. */
  readonly key: string;
  /** From a trusted network. */
  readonly trusted: boolean;
  readonly tls: TlsFacts | undefined;
  /** Who authenticated. */
  readonly user: string | undefined;
}

/** May the client send to everywhere? Nobody else may send at all: there are no mailboxes here. */
export function mayRelay(client: Pick<Client, 'trusted' | 'user'>): boolean {
  return client.trusted || client.user !== undefined;
}
