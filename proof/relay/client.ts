/**
 * A client of the relay that keeps books: whatever happens to it, it knows what it was promised.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Ledger } from './ledger.ts';
import type { Letter } from './letters.ts';

/** A session with the relay. */
export interface ClientSession {
  /** Hands a letter in. Rejects where the connection ends. @returns the reply that decided */
  submit(letter: Letter): Promise<string>;
  /** Sends half of a letter and hangs up. */
  breakOff(letter: Letter): Promise<void>;
  close(): void;
}

/** How long a reply may take, milliseconds. */
const REPLY_MS = 60_000;

/** Opens one; rejects where nobody answers. */
export async function openClient(port: number, ledger: Ledger): Promise<ClientSession> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const ears = listenTo(socket);
  await once(socket, 'connect');
  const say = async (text: string): Promise<string> => {
    socket.write(text, 'latin1');
    return await ears.reply();
  };
  const greeting = await ears.reply();
  if (!greeting.startsWith('220')) {
    socket.destroy();
    throw new Error(greeting);
  }
  await say('EHLO client.proof.test\r\n');

  /** Up to the content; the reply that refuses, or undefined. */
  const begin = async (letter: Letter): Promise<string | undefined> => {
    ledger.offer(letter);
    const commands = [
      `MAIL FROM:<${letter.from}>`,
      ...letter.recipients.map((to) => `RCPT TO:<${to}>`),
      'DATA',
    ];
    socket.write(`${commands.join('\r\n')}\r\n`);
    let refusal: string | undefined;
    for (const _ of commands) {
      const reply = await ears.reply();
      if (/^[45]/.test(reply)) refusal ??= reply;
    }
    return refusal;
  };

  return {
    async submit(letter) {
      const refusal = await begin(letter);
      if (refusal !== undefined) {
        ledger.enter(letter, 'refused');
        await say('RSET\r\n');
        return refusal;
      }
      ledger.enter(letter, 'in-doubt');
      const reply = await say(`${letter.content}.\r\n`);
      ledger.enter(letter, reply.startsWith('250') ? 'accepted' : 'refused');
      return reply;
    },
    async breakOff(letter) {
      if ((await begin(letter)) === undefined) {
        socket.write(letter.content.slice(0, letter.content.length / 2), 'latin1');
      }
      socket.destroy();
    },
    close() {
      socket.end('QUIT\r\n');
    },
  };
}

interface Ears {
  /** The last line of the next reply; rejects where the connection ends first. */
  reply(): Promise<string>;
}

function listenTo(socket: Socket): Ears {
  const replies: string[] = [];
  let rest = '';
  let ended = false;
  let wake: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    const lines = rest.split('\r\n');
    rest = lines.pop() ?? '';
    replies.push(...lines.filter((line) => line[3] !== '-'));
    wake?.();
  });
  const end = (): void => {
    ended = true;
    wake?.();
  };
  socket.on('error', end);
  socket.on('close', end);
  return {
    async reply() {
      const deadline = setTimeout(() => socket.destroy(), REPLY_MS);
      try {
        while (replies.length === 0) {
          if (ended) throw new Error('the relay has hung up');
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return replies.shift() ?? '';
      } finally {
        clearTimeout(deadline);
      }
    },
  };
}
