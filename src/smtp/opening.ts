/**
 * The first words of a session: greeting and EHLO (RFC 5321 §3.1, §3.2).
 *
 * @module
 */
import { ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { noCapabilities, readCapabilities } from './capabilities.ts';
import { ehlo, helo } from './command.ts';
import { isPositive, refusal } from './fate.ts';
import type { LineSocket } from './line-socket.ts';
import type { Capabilities, Reply, SmtpTimeouts } from './types.ts';

/**
 * Waits for the greeting.
 *
 * @returns its first line, or why there is no session: 421, 554 or anything that is not 220
 */
export async function readGreeting(
  line: LineSocket,
  timeouts: SmtpTimeouts,
): Promise<Outcome<string>> {
  const reply = await line.reply({ timeoutMs: timeouts.greeting, what: 'the greeting' });
  if (!reply.ok) return reply;
  if (reply.value.code === 220) return ok(reply.value.lines[0] ?? '');
  return refused(line, reply.value, { name: 'our connection', refused: 'SMTP_GREETING_REFUSED' });
}

/** How to introduce ourselves. */
export interface Introduction {
  readonly heloName: string;
  readonly timeouts: SmtpTimeouts;
  readonly insideTls: boolean;
}

/**
 * Says EHLO, and HELO to a server that does not know EHLO. Inside TLS there is no HELO: a server
 * that had STARTTLS knows EHLO, and the session is held to it.
 */
export async function introduce(
  line: LineSocket,
  { heloName, timeouts, insideTls }: Introduction,
): Promise<Outcome<Capabilities>> {
  const command = ehlo(heloName);
  if (!command.ok) return command;
  const wait = { timeoutMs: timeouts.ehlo, what: 'the reply to EHLO' };
  const reply = await line.ask(command.value, wait);
  if (!reply.ok) return reply;
  if (isPositive(reply.value)) return ok(readCapabilities(reply.value, { insideTls }));
  if (insideTls || reply.value.code < 500) {
    return refused(line, reply.value, { name: 'EHLO', refused: 'SMTP_EHLO_REFUSED' });
  }
  return await sayHelo(line, heloName, timeouts);
}

async function sayHelo(
  line: LineSocket,
  heloName: string,
  timeouts: SmtpTimeouts,
): Promise<Outcome<Capabilities>> {
  const command = helo(heloName);
  if (!command.ok) return command;
  const reply = await line.ask(command.value, {
    timeoutMs: timeouts.ehlo,
    what: 'the reply to HELO',
  });
  if (!reply.ok) return reply;
  if (isPositive(reply.value)) return ok(noCapabilities(reply.value));
  return refused(line, reply.value, { name: 'EHLO and HELO', refused: 'SMTP_EHLO_REFUSED' });
}

function refused(
  line: LineSocket,
  reply: Reply,
  step: Parameters<typeof refusal>[1],
): Outcome<never> {
  const fate = refusal(line.label, step, reply);
  if (fate.status === 'delivered') throw new Error('a refusal cannot be a delivery');
  return { ok: false, failure: fate.failure };
}
