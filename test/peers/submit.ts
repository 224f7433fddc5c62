/**
 * Hands a message over by SMTP, in the plainest way.
 *
 * @module
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { messageText, type MtaMessage } from './mta.ts';

/**
 * The last reply, which says under what name the message waits.
 *
 * @throws on any reply other than 2xx and 3xx
 */
export async function submit(message: MtaMessage, port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  const reply = async (): Promise<string> => {
    for (;;) {
      const { value } = (await lines.next()) as { readonly value: string | undefined };
      if (value === undefined) throw new Error('the mail server closed the connection');
      if (/^[45]/.test(value)) throw new Error(value);
      if (value[3] === ' ') return value;
    }
  };
  const utf8 = /[^\0-\x7f]/.test(message.recipient) ? ' SMTPUTF8 BODY=8BITMIME' : '';
  const sender = message.route === undefined ? 'alice' : routedSender(message.route);
  try {
    await reply();
    for (const command of [
      'EHLO sender.lab.test',
      `MAIL FROM:<${sender}@sender.lab.test>${utf8}`,
      `RCPT TO:<${message.recipient}>`,
      'DATA',
    ]) {
      socket.write(`${command}\r\n`);
      await reply();
    }
    socket.write(`${messageText(message)}.\r\n`);
    return await reply();
  } finally {
    socket.destroy();
  }
}

/** Mail servers choose a smart host by the sender. */
export function routedSender(route: string): string {
  return `via-${route.replace(/^\[|\]$/g, '')}`;
}
