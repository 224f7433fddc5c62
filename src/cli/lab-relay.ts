/**
 * `smtp-sts lab --relay`: a message through the relay, then the same under attack.
 *
 * @module
 */
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { type LabRelay, startLabRelay } from './relay-in-lab.ts';
import { raiseStandingDomains } from '../lab/standing-domains.ts';
import type { LabMx } from '../lab/types.ts';
import { untilAborted } from '../lab/until-ended.ts';
import { startWorld, type World, type WorldOptions } from '../lab/world.ts';
import { type Io, say } from './io.ts';
import { queueCommand } from './queue.ts';
import { addSharedOptions } from './shared-options.ts';
import { paintFor } from './text/paint.ts';

/** How the tour is made. */
export interface RelayTourOptions extends WorldOptions {
  /** Leaves lab and relay standing afterwards, until the signal. */
  readonly stay?: AbortSignal;
  /** How the reader calls this program. */
  readonly program: string;
  readonly io: Io;
}

/** How long a step may take before the tour has failed, milliseconds. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 20;
const AUTHOR = 'alice@plain.test';
const READER = 'bob@good.test';

/** Makes the tour. @returns whether everything ended as it must */
export async function relayTour(options: RelayTourOptions): Promise<boolean> {
  const { io } = options;
  const world = await startWorld(options);
  try {
    await raiseStandingDomains(world);
    const relay = await startLabRelay(world, systemClock);
    try {
      say(io, `The relay takes mail at ${relay.address}, in a small internet on loopback.`);
      const right = await play({ world, relay, io });
      if (right && options.stay !== undefined) {
        for (const line of guide(relay, options.program)) say(io, line);
        await untilAborted(options.stay);
      }
      return right;
    } finally {
      await relay.close();
    }
  } finally {
    await world.close();
  }
}

interface Tour {
  readonly world: World;
  readonly relay: LabRelay;
  readonly io: Io;
}

async function play(tour: Tour): Promise<boolean> {
  const host = hostOf(tour.world, 'good.test');
  const authorsHost = hostOf(tour.world, 'plain.test');
  const steps = [
    async () => await arrives(tour, host),
    async () => await waits(tour, host),
    async () => await returned(tour, authorsHost),
    async () => await goesOn(tour, host),
  ];
  for (const step of steps) {
    if (!(await step())) {
      say(tour.io, 'This is not what should have happened: please report it.');
      return false;
    }
  }
  return true;
}

function hostOf(world: World, domain: string): LabMx {
  const found = world.domains.get(domain);
  if (found === undefined) throw new Error(`the lab has no ${domain}`);
  return found.host;
}

async function arrives(tour: Tour, host: LabMx): Promise<boolean> {
  title(tour, 1, `A message to ${READER}, whose domain enforces MTA-STS`);
  if ((await submit(tour, 'hello')) === undefined) return false;
  if (!(await eventually(() => host.messages.length === 1))) return false;
  const { tls } = host.messages[0]!;
  say(
    tour.io,
    `arrived at ${host.options.host} over ${tls?.protocol ?? 'clear text'}, its certificate verified`,
  );
  return tls !== undefined;
}

async function waits(tour: Tour, host: LabMx): Promise<boolean> {
  title(tour, 2, `Now somebody strips STARTTLS from every session with ${host.options.host}`);
  host.setFault('strip-starttls');
  await host.settled();
  const id = await submit(tour, 'a secret');
  if (id === undefined) return false;
  if (!(await eventually(async () => (await queueNote(tour, id)).includes('SMTP_STARTTLS')))) {
    return false;
  }
  await show(tour, ['explain', id]);
  const leaked = host.clearText.includes('a secret') || host.messages.length > 1;
  say(tour.io, `${host.options.host} has seen nothing of it, and neither has the attacker.`);
  return !leaked;
}

async function returned(tour: Tour, host: LabMx): Promise<boolean> {
  title(tour, 3, 'If it stays so for five days, or an operator says so, the author is told');
  const before = host.messages.length;
  await show(tour, ['bounce', '--destination', 'good.test', '--yes']);
  if (!(await eventually(() => host.messages.length > before))) return false;
  for (const line of letterOf(host.messages.at(-1)!.content)) say(tour.io, `  | ${line}`);
  return true;
}

async function goesOn(tour: Tour, host: LabMx): Promise<boolean> {
  title(tour, 4, 'A message waits; the attack ends; it goes on by itself, or at a word');
  const id = await submit(tour, 'again');
  if (id === undefined) return false;
  await show(tour, ['list']);
  host.setFault('none');
  await host.settled();
  await show(tour, ['retry', id]);
  if (!(await eventually(() => host.messages.length === 2))) return false;
  say(tour.io, `arrived at ${host.options.host}`);
  return true;
}

function title({ io }: Tour, number: number, text: string): void {
  say(io, '');
  say(io, paintFor(io.stdout)('bold', `${number}  ${text}`));
}

async function submit({ relay, io }: Tour, subject: string): Promise<string | undefined> {
  const letter = { from: AUTHOR, to: READER, subject, text: subject };
  const id = await relay.submit(letter);
  say(io, id.ok ? `accepted as ${id.value}: it is on disk` : `refused: ${id.failure.detail}`);
  return id.ok ? id.value : undefined;
}

/** Runs a command of the queue and shows it. */
async function show({ relay, io }: Tour, argv: readonly string[]): Promise<void> {
  say(io, `$ smtp-sts queue ${argv.join(' ')}`);
  await runQueue([...argv, '--config', relay.configFile], io);
}

/** What `queue explain` says at present. */
async function queueNote({ relay, io }: Tour, id: string): Promise<string> {
  let text = '';
  const stdout = new Writable({
    write(piece, _encoding, done) {
      text += String(piece);
      done();
    },
  });
  await runQueue(['explain', id, '--config', relay.configFile], { ...io, stdout });
  return text;
}

async function runQueue(argv: readonly string[], io: Io): Promise<void> {
  const program = addSharedOptions(new Command('smtp-sts'));
  program.addCommand(queueCommand(io, () => undefined));
  await program.parseAsync(['queue', ...argv], { from: 'user' });
}

/** The part of a notification that is for people. */
function letterOf(content: Uint8Array): readonly string[] {
  const text = Buffer.from(content).toString('utf8').replaceAll('\r\n', '\n');
  const part = text.split(/^--.*$/m)[1] ?? text;
  return part
    .slice(part.indexOf('\n\n') + 2)
    .trimEnd()
    .split('\n');
}

async function eventually(look: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = systemClock.now() + PATIENCE_MS;
  while (systemClock.now() < end) {
    if (await look()) return true;
    await systemClock.sleep(LOOK_MS);
  }
  return false;
}

function guide({ address, configFile }: LabRelay, program: string): readonly string[] {
  return [
    '',
    'Lab and relay stand. Ctrl-C takes them down. In another terminal:',
    `  printf 'From: ${AUTHOR}\\nTo: bob@expired.test\\nSubject: hello\\n\\nHello.\\n' > letter.eml`,
    `  curl smtp://${address}/client.test --mail-from ${AUTHOR} --mail-rcpt bob@expired.test --crlf --upload-file letter.eml`,
    `  ${program} queue list --config ${configFile}`,
    `  ${program} queue --watch --config ${configFile}`,
  ];
}
