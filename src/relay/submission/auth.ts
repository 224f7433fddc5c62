/**
 * AUTH: what is checked around the mechanisms of the library (RFC 4954, RFC 4616).
 *
 * @module
 */
import type { Entrance } from './entrance.ts';
import { noteRefusal } from './entrance.ts';
import { refuse, reply, type Reply } from './replies.ts';
import type { Login } from './users.ts';

/** What a mechanism found in the exchange. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly authcid?: string | undefined;
  readonly authzid?: string | undefined;
}

/** How an attempt ended. */
export type AuthResult =
  | { readonly kind: 'in'; readonly login: Login }
  | { readonly kind: 'out'; readonly code: 454 | 535 | 421; readonly message: string };

const WORD = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Base64 as it must be; `=` is the empty response (RFC 4954 §4), `*` ends the exchange. */
export function isBase64Word(word: string): boolean {
  return word === '=' || word === '*' || WORD.test(word);
}

const WRONG = { kind: 'out', code: 535, message: 'Wrong name or password' } as const;
const TOO_MANY = { kind: 'out', code: 421, message: 'Too many wrong passwords from you' } as const;

const ENHANCED: Readonly<Record<number, string>> = {
  235: '2.7.0',
  334: '',
  421: '4.7.0',
  454: '4.7.0',
  501: '5.5.2',
  504: '5.5.4',
  535: '5.7.8',
};

/** A reply of the library with the enhanced code that it lacks. */
export function saslReply(code: number, data: string | string[] | null | undefined): Reply {
  const text = typeof data === 'string' ? data : '';
  const enhanced = ENHANCED[code] ?? (code >= 500 ? '5.5.0' : '4.3.0');
  // What was wrong is counted where it was found out.
  if (code === 535 || code === 454) return reply(code, enhanced, text);
  if (code === 421) return { ...reply(code, enhanced, text), closes: true };
  return code >= 400 ? refuse(code, enhanced, text, 'protocol') : reply(code, enhanced, text);
}

/** The client that authenticates. */
interface AuthClient {
  readonly address: string;
  /** What its limits are counted under. */
  readonly key: string;
}

/** Checks a password; a wrong one costs the client time, more with each. */
export async function authenticate(
  entrance: Entrance,
  client: AuthClient,
  credentials: Credentials,
): Promise<AuthResult> {
  const { limits, clock } = entrance;
  const user = credentials.username ?? '';
  if (!(await limits.takeTry(client.key, () => clock.now()))) {
    return refused(entrance, { client, user, isLast: true });
  }
  let waitMs = 0;
  let result: AuthResult;
  try {
    result = await checked(entrance, credentials);
    if (result.kind === 'out' && result.code === 535) {
      waitMs = limits.wrongPassword(client.key, clock.now());
      entrance.metrics.authFailed();
      entrance.tally.authFailures += 1;
      const isLast = !limits.mayTryPassword(client.key, clock.now());
      result = refused(entrance, { client, user, isLast });
    }
  } finally {
    limits.endTry(client.key, clock.now());
  }
  if (waitMs > 0) await clock.sleep(waitMs);
  return result;
}

async function checked(entrance: Entrance, credentials: Credentials): Promise<AuthResult> {
  const { users } = entrance.ruling;
  const name = credentials.username ?? '';
  // Nobody may act for somebody else here (RFC 4616 §2), nor leave open who he is.
  const { authzid = '', authcid = name } = credentials;
  const isSelf = authcid === name && (authzid === '' || authzid === authcid);
  if (users === undefined || !isSelf) return WRONG;
  const verdict = await users.check(name, credentials.password ?? '');
  if (!verdict.ok) {
    const { code, detail } = verdict.failure;
    entrance.log.error({ event: 'users-unreadable', code, detail }, `${detail} (${code})`);
    return later('Passwords cannot be checked now; try again later');
  }
  switch (verdict.value) {
    case 'right':
      return { kind: 'in', login: users.login(name) };
    case 'busy':
      return later('Too many passwords are being checked; try again later');
    case 'wrong':
      return WRONG;
  }
}

function later(message: string): AuthResult {
  return { kind: 'out', code: 454, message };
}

function refused(
  entrance: Entrance,
  refusal: { readonly client: AuthClient; readonly user: string; readonly isLast: boolean },
): AuthResult {
  const { client, user, isLast } = refusal;
  const result = isLast ? TOO_MANY : WRONG;
  noteRefusal(entrance, {
    reason: 'credentials',
    client: client.address,
    user,
    reply: `${result.code} ${result.message}`,
  });
  return result;
}
