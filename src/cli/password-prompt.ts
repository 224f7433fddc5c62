/**
 * Asking for a password: typed twice without an echo, or one line of standard input.
 *
 * @module
 */
import { EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, readAll } from './io.ts';
import { CommandStop } from './shared-options.ts';

/** A terminal that can be kept from showing what is typed. */
interface Keyboard {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

const MAX_LINE = 4_096;
const ENTER = /[\r\n\u0004]/;
const CTRL_C = '\u0003';
const BACKSPACE = /[\b\u007f]/;

/** The first line of standard input. */
export async function passwordFromInput(io: Io): Promise<string> {
  const text = (await readAll(io.stdin, MAX_LINE)).toString('utf8');
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** Asks twice. Throws {@link CommandStop} where there is no terminal, or the two differ. */
export async function askPassword(io: Io): Promise<string> {
  const keyboard = io.stdin as Io['stdin'] & Keyboard;
  if (keyboard.isTTY !== true || keyboard.setRawMode === undefined) {
    throw new CommandStop('there is no terminal to ask at: use --stdin', EXIT_USAGE);
  }
  keyboard.setRawMode(true);
  try {
    const first = await typed(io, 'Password: ');
    const second = await typed(io, 'Once more: ');
    if (first === second) return first;
  } finally {
    keyboard.setRawMode(false);
    keyboard.pause();
  }
  throw new CommandStop('the two passwords differ; nothing was changed', EXIT_USAGE);
}

async function typed(io: Io, question: string): Promise<string> {
  io.stderr.write(question);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const onData = (bytes: Buffer | string): void => {
    for (const key of bytes.toString()) {
      if (key === CTRL_C) return reject(new CommandStop('nothing was changed', EXIT_USAGE));
      if (ENTER.test(key)) return resolve(text);
      if (BACKSPACE.test(key)) text = Array.from(text).slice(0, -1).join('');
      else if (text.length < MAX_LINE) text += key;
    }
  };
  io.stdin.on('data', onData);
  try {
    return await promise;
  } finally {
    io.stdin.off('data', onData);
    complain(io, '');
  }
}
