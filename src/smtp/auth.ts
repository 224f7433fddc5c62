/**
 * AUTH (RFC 4954): PLAIN where it is offered (RFC 4616), else LOGIN, which old servers know alone.
 * Neither password nor anything made of it gets into a failure or a transcript.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import type { LineSocket } from './line-socket.ts';
import { replyText } from './reply.ts';
import type { Capabilities, Credentials, Reply, SmtpTimeouts } from './types.ts';

/** What AUTH takes. */
export interface AuthJob {
  readonly line: LineSocket;
  /** Of the newest EHLO, hence those inside TLS. */
  readonly capabilities: Capabilities;
  readonly credentials: Credentials;
  readonly timeouts: SmtpTimeouts;
}

/** A line to say, and how a transcript shows it. */
interface Saying {
  readonly text: string;
  readonly shown: string;
}

/** A mechanism as what is said: first the command, then an answer to each 334. */
interface Exchange {
  readonly mechanism: 'PLAIN' | 'LOGIN';
  readonly command: Saying;
  readonly answers: readonly Saying[];
  /** What no reply may repeat to anybody. */
  readonly secrets: readonly string[];
}

/** Longest command line without CRLF (RFC 5321 §4.5.3.1.4): a longer response goes on its own line. */
const LONGEST_COMMAND = 510;
const CONTINUE = 334;
const SUCCEEDED = 235;
/** The mechanism is not known after all (RFC 4954 §4). */
const MECHANISM_UNKNOWN = 504;
const HIDDEN = '***';

/**
 * Says who we are.
 *
 * @returns a `ROUTE_AUTH_` failure for each refusal, or how the connection broke; all of them mean
 *   "later": a wrong password here is no fault of the message
 */
export async function authenticate(job: AuthJob): Promise<Outcome<void>> {
  const { line, credentials } = job;
  const offered = mechanismsOf(job.capabilities);
  const exchanges = [plain(credentials), login(credentials)].filter(({ mechanism }) =>
    offered.has(mechanism),
  );
  for (const [index, exchange] of exchanges.entries()) {
    const reply = await converse(job, exchange);
    if (!reply.ok) return reply;
    // Only an unknown mechanism is worth another one: a second wrong password may lock the account.
    const isLast = index === exchanges.length - 1;
    if (reply.value.code !== MECHANISM_UNKNOWN || isLast) {
      return verdictOf(line.label, exchange, reply.value);
    }
  }
  const shown = [...offered].slice(0, 10).join(' ');
  return fail(
    'ROUTE_AUTH_NOT_OFFERED',
    `${line.label} offers ${shown === '' ? 'no AUTH' : `AUTH ${shown}, neither PLAIN nor LOGIN`}`,
  );
}

/** The mechanisms of the EHLO keyword, in upper case (RFC 4954 §3). */
export function mechanismsOf({ keywords }: Capabilities): ReadonlySet<string> {
  const words = (keywords.get('AUTH') ?? '').toUpperCase().split(/\s+/);
  return new Set(words.filter((word) => /^[A-Z0-9_-]{1,20}$/.test(word)));
}

/** RFC 4616 §2; the response goes with the command where there is room (RFC 4954 §4). */
function plain({ user, password }: Credentials): Exchange {
  const secret = password();
  const response = base64(`\0${user}\0${secret}`);
  const whole = `AUTH PLAIN ${response}`;
  const answer = { text: response, shown: HIDDEN };
  return {
    mechanism: 'PLAIN',
    command:
      whole.length <= LONGEST_COMMAND
        ? { text: whole, shown: `AUTH PLAIN ${HIDDEN}` }
        : { text: 'AUTH PLAIN', shown: 'AUTH PLAIN' },
    // Some servers overlook the response in the command and ask for it.
    answers: [answer],
    secrets: [secret, base64(secret), response],
  };
}

/** Never a standard: user and password, each asked for by a 334. */
function login({ user, password }: Credentials): Exchange {
  const secret = password();
  return {
    mechanism: 'LOGIN',
    command: { text: 'AUTH LOGIN', shown: 'AUTH LOGIN' },
    answers: [base64(user), base64(secret)].map((text) => ({ text, shown: HIDDEN })),
    secrets: [secret, base64(secret)],
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

async function converse(job: AuthJob, exchange: Exchange): Promise<Outcome<Reply>> {
  const say = async (saying: Saying): Promise<Outcome<Reply>> =>
    await job.line.askSecretly(
      { ...saying, secrets: exchange.secrets },
      { timeoutMs: job.timeouts.mail, what: 'the reply to AUTH' },
    );
  let reply = await say(exchange.command);
  for (const answer of exchange.answers) {
    if (!reply.ok || reply.value.code !== CONTINUE) return reply;
    reply = await say(answer);
  }
  // It goes on asking: there is nothing more to say, and `*` ends the exchange (RFC 4954 §4).
  return reply.ok && reply.value.code === CONTINUE ? await say({ text: '*', shown: '*' }) : reply;
}

function verdictOf(label: string, exchange: Exchange, reply: Reply): Outcome<void> {
  if (reply.code === SUCCEEDED) return ok(undefined);
  const text = withoutSecrets(replyText(reply), exchange.secrets);
  return fail(codeOf(reply), `${label} answered AUTH ${exchange.mechanism} with ${text}`);
}

function codeOf({ code }: Reply): ErrorCode {
  if (code === 421) return 'SMTP_SERVER_CLOSING';
  if (code >= 500) return 'ROUTE_AUTH_REFUSED';
  return code >= 400 ? 'ROUTE_AUTH_TEMPORARY' : 'ROUTE_AUTH_CONFUSED';
}

/** A server that repeats what it was told must not get it into a log. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const repeats = secrets.some((secret) => text.includes(secret));
  return repeats ? `${text.slice(0, 3)} and a text that repeats the password` : text;
}
