/**
 * Too many and too slow: clients and servers that drip, 10,000 idle connections, a flood for a
 * server that says nothing.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from '../relay/client.ts';
import { until } from '../relay/load.ts';
import { onStage, type PartResult, slowest, submitTimed } from './stage.ts';

type Say = (line: string) => void;

const MINUTE_MS = 60_000;
const PROMPT_MS = 5_000;
const MIB = 1024 * 1024;

/** Both ends drip: others notice nothing, and those who drip in are cut off in the end. */
export async function slowDrip(say: Say): Promise<PartResult> {
  return await onStage({ say }, async (stage) => {
    const { ground, node, port } = stage;
    await ground.domain('drip.proof.test', 'drips');
    await ground.domain('quick.proof.test', 'takes');
    const drips = await Promise.all(Array.from({ length: 50 }, async () => await dripIn(port)));
    const slow = Array.from({ length: 20 }, () => stage.letter('drip.proof.test'));
    await stage.accepted(...slow);
    const others = await submitTimed(
      stage,
      Array.from({ length: 30 }, () => stage.letter('quick.proof.test', 20_000)),
    );
    await stage.comes('other mail goes on', () => slowest(stage, others) < PROMPT_MS);
    await stage.comes(
      'a server that drips gets its mail',
      () => slow.every((letter) => ground.ledger.arrivedAt(letter) !== undefined),
      60_000,
    );
    const open = (): number => drips.filter((socket) => !socket.destroyed).length;
    stage.expect(open() === drips.length, 'a client may be slow for a while');
    for (let minutes = 0; minutes < 8; minutes += 1) {
      await node.skip(MINUTE_MS);
      await sleep(150);
    }
    await stage.comes('a client that drips is cut off', () => open() === 0);
    for (const socket of drips) socket.destroy();
    return `other mail within ${Math.round(slowest(stage, others))} ms`;
  });
}

/** A client in the middle of a content of which an octet comes now and then. */
async function dripIn(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  await once(socket, 'data');
  socket.write('EHLO drip\r\n');
  await once(socket, 'data');
  const commands = ['MAIL FROM:<a@proof.test>', 'RCPT TO:<b@proof.test>', 'DATA'];
  socket.write(`${commands.join('\r\n')}\r\n`);
  while (!String((await once(socket, 'data'))[0]).includes('354 '));
  socket.resume();
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write('x');
  }, 100);
  return socket;
}

const IDLE = 10_000;
/** Sockets keep this time by themselves: it cannot be put forward. Long enough to open them all. */
const IDLE_MS = 45_000;
/** Those beyond the setting. */
const TOO_MANY = 100;
/** What one idle connection may cost, octets. */
const COST = 60_000;

/** They are held at a bounded price; those beyond the limit are told to come back; mail goes on. */
export async function idleConnections(say: Say): Promise<PartResult> {
  const relay = {
    maxConnections: IDLE + 1,
    maxConnectionsPerClient: IDLE + 1,
    idleTimeoutMs: IDLE_MS,
  };
  return await onStage({ say, relay }, async (stage) => {
    const { ground, node, port } = stage;
    await ground.domain('quick.proof.test', 'takes');
    await stage.accepted(stage.letter('quick.proof.test'));
    const client = await openClient(port, ground.ledger);
    const before = await node.measure();
    const idle = await crowd(port, IDLE);
    const during = await node.measure();
    const served = idle.filter(({ greeting }) => greeting.startsWith('220')).length;
    stage.expect(served === IDLE, `${IDLE} connections are served, not ${served}`);
    const rest = await crowd(port, TOO_MANY);
    const refused = rest.filter(({ greeting }) => greeting.startsWith('421')).length;
    stage.expect(refused === TOO_MANY, `${TOO_MANY} are told to come back, not ${refused}`);
    const letter = stage.letter('quick.proof.test');
    const at = performance.now();
    const reply = await client.submit(letter);
    stage.expect(reply.startsWith('250'), `mail is taken meanwhile, not "${reply}"`);
    await stage.comes(
      'mail is delivered meanwhile',
      () => slowest(stage, [{ letter, at }]) < PROMPT_MS,
    );
    stage.expect(during - before < IDLE * COST, `${COST} octets a connection at most`);
    client.close();
    const open = (): number => idle.filter(({ socket }) => !socket.destroyed).length;
    await stage.comes('idle connections are closed in the end', () => open() === 0, 2 * IDLE_MS);
    for (const { socket } of [...idle, ...rest]) socket.destroy();
    await stage.accepted(stage.letter('quick.proof.test'));
    const after = await node.measure();
    const mib = (octets: number): string => (octets / MIB).toFixed(0);
    return `RSS ${mib(before)} MiB, with ${IDLE} connections ${mib(during)} MiB, afterwards ${mib(after)} MiB`;
  });
}

interface Idler {
  readonly socket: Socket;
  greeting: string;
}

/** Connects, some hundred at a time, and hears the greetings. */
async function crowd(port: number, count: number): Promise<readonly Idler[]> {
  const all: Idler[] = [];
  while (all.length < count) {
    const some = Array.from({ length: Math.min(250, count - all.length) }, () => idler(port));
    all.push(...some);
    await until(() => some.every(({ greeting }) => greeting !== ''), 30_000);
  }
  return all;
}

function idler(port: number): Idler {
  const socket = connect({ port, host: '127.0.0.1' });
  const one: Idler = { socket, greeting: '' };
  socket.on('data', (chunk: Buffer) => {
    one.greeting += chunk.toString('latin1');
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', () => {
    if (one.greeting === '') one.greeting = 'none';
    socket.destroy();
  });
  return one;
}

const FLOOD = 1_500;

/** A flood for a server that accepts and says nothing, and one for a dead one: others are served. */
export async function flood(say: Say): Promise<PartResult> {
  return await onStage({ say }, async (stage) => {
    const { ground, node } = stage;
    await ground.domain('silent.proof.test', 'silent');
    await ground.domain('dead.proof.test', 'dead');
    await ground.domain('quick.proof.test', 'takes');
    const silent = ground.sinks.get('silent.proof.test')!;
    const some = (domain: string, count: number) =>
      Array.from({ length: count }, () => stage.letter(domain));
    await Promise.all([
      stage.accepted(...some('silent.proof.test', FLOOD)),
      stage.accepted(...some('dead.proof.test', FLOOD / 10)),
    ]);
    const others = await submitTimed(stage, some('quick.proof.test', 100));
    await stage.comes('other mail goes on', () => slowest(stage, others) < PROMPT_MS);
    const held = silent.connections;
    stage.expect(held > 0 && held <= 20, `at most 20 sessions wait for it, not ${held}`);
    silent.manner = 'takes';
    // The dead one has its mail returned when its time is over; the other gets it.
    for (let minutes = 0; minutes < 12; minutes += 1) {
      await node.skip(MINUTE_MS);
      await sleep(100);
    }
    await stage.comes('the flood flows off', () => ground.ledger.missing() <= FLOOD / 10, 60_000);
    for (let days = 0; days < 7; days += 1) {
      await node.skip(24 * 60 * MINUTE_MS);
      await sleep(300);
    }
    return `${held} sessions held by it, other mail within ${Math.round(slowest(stage, others))} ms`;
  });
}
