/**
 * What one client may take of us: connections, messages a minute, wrong passwords.
 *
 * @module
 */

/** Limits of the present settings. */
export interface Limits {
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  /** 0: any number. */
  readonly maxMessagesPerMinute: number;
}

/** Why a connection is not served. */
export type Admission = 'served' | 'full' | 'client-full';

/** Wrong passwords of one client after which it is sent away. */
export const MAX_WRONG_PASSWORDS = 10;
/** When one wrong password is forgiven, in milliseconds. */
export const FORGIVEN_AFTER_MS = 60_000;
/** The first wrong password costs this wait, each further one twice as much. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;
const MINUTE_MS = 60_000;
/** Clients that are remembered although they have no connection. */
const MAX_REMEMBERED = 20_000;

interface Client {
  connections: number;
  /** Messages that may be handed in now; refilled with time. */
  tokens: number;
  tokensAt: number;
  wrongPasswords: number;
  wrongAt: number;
  /** Passwords that are being checked. */
  tries: number;
  /** Who may go on when one of them has been checked. */
  waiting: (() => void)[];
}

/** Counts clients; a client is a key of `clientKey`. */
export class ClientLimits {
  readonly #clients = new Map<string, Client>();
  #connections = 0;

  /** Connections served now. */
  get connections(): number {
    return this.#connections;
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.#clients.size;
  }

  /** Each `served` is followed by one {@link leave}. */
  enter(key: string, limits: Limits, now: number): Admission {
    if (this.#connections >= limits.maxConnections) return 'full';
    const client = this.#client(key, now);
    if (client.connections >= limits.maxConnectionsPerClient) return 'client-full';
    client.connections += 1;
    this.#connections += 1;
    return 'served';
  }

  leave(key: string, now: number): void {
    const client = this.#clients.get(key);
    if (client === undefined) return;
    client.connections -= 1;
    this.#connections -= 1;
    if (isForgettable(client, now)) this.#clients.delete(key);
  }

  /** May the client hand in a message now? A yes counts. */
  takeMessage(key: string, limits: Limits, now: number): boolean {
    const perMinute = limits.maxMessagesPerMinute;
    if (perMinute === 0) return true;
    const client = this.#client(key, now);
    const refill = ((now - client.tokensAt) / MINUTE_MS) * perMinute;
    client.tokens = Math.min(perMinute, client.tokens + Math.max(0, refill));
    client.tokensAt = now;
    if (client.tokens < 1) return false;
    client.tokens -= 1;
    return true;
  }

  /** May the client try another password? */
  mayTryPassword(key: string, now: number): boolean {
    const client = this.#clients.get(key);
    return client === undefined || wrongPasswords(client, now) < MAX_WRONG_PASSWORDS;
  }

  /**
   * Reserves one try before the work of a check is done: of guesses that come all at once no more
   * are checked than may be wrong. Others wait, for each that is right leaves its place. A yes is
   * followed by one {@link endTry}.
   */
  async takeTry(key: string, now: () => number): Promise<boolean> {
    for (;;) {
      const client = this.#client(key, now());
      const wrong = wrongPasswords(client, now());
      if (wrong >= MAX_WRONG_PASSWORDS) return false;
      if (wrong + client.tries < MAX_WRONG_PASSWORDS) {
        client.tries += 1;
        return true;
      }
      await new Promise<void>((resolve) => {
        client.waiting.push(resolve);
      });
    }
  }

  /** To be called after {@link wrongPassword} where it was wrong. */
  endTry(key: string, now: number): void {
    const client = this.#clients.get(key);
    if (client === undefined) return;
    client.tries -= 1;
    const { waiting } = client;
    client.waiting = [];
    for (const goOn of waiting) goOn();
    if (isForgettable(client, now)) this.#clients.delete(key);
  }

  /** @returns how long the answer is held back, in milliseconds */
  wrongPassword(key: string, now: number): number {
    const client = this.#client(key, now);
    client.wrongPasswords = wrongPasswords(client, now) + 1;
    client.wrongAt = now;
    return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (client.wrongPasswords - 1));
  }

  #client(key: string, now: number): Client {
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    if (this.#clients.size >= MAX_REMEMBERED) this.#forget(now);
    const client: Client = {
      connections: 0,
      tokens: Infinity,
      tokensAt: now,
      wrongPasswords: 0,
      wrongAt: now,
      tries: 0,
      waiting: [],
    };
    this.#clients.set(key, client);
    return client;
  }

  /** Half of those without a connection, the oldest first: the map stays bounded whoever comes. */
  #forget(now: number): void {
    let toGo = MAX_REMEMBERED / 2;
    for (const [key, client] of this.#clients) {
      if (client.connections > 0 || client.tries > 0) continue;
      if (toGo > 0 || isForgettable(client, now)) this.#clients.delete(key);
      toGo -= 1;
    }
  }
}

function wrongPasswords(client: Client, now: number): number {
  const forgiven = Math.floor(Math.max(0, now - client.wrongAt) / FORGIVEN_AFTER_MS);
  return Math.max(0, client.wrongPasswords - forgiven);
}

function isForgettable(client: Client, now: number): boolean {
  const isRested = client.tokens === Infinity || now - client.tokensAt >= MINUTE_MS;
  return (
    client.connections === 0 && client.tries === 0 && isRested && wrongPasswords(client, now) === 0
  );
}
