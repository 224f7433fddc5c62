/**
 * Plays the scenes of the lab through the whole relay: handed in by SMTP, queued, delivered, and
 * returned to an author whose domain is of this world too.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/types.ts';
import type { LabDomain } from '../../src/lab/lab-domain.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import type { Scene, SceneOutcome, Stage } from '../../src/lab/scene.ts';
import { judgeScene } from '../../src/lab/scene-verdict.ts';
import { SCENES } from '../../src/lab/scenes/all.ts';
import { createShiftingClock } from '../../src/lab/shifting-clock.ts';
import { playUpToMessage, setStage } from '../../src/lab/stage.ts';
import { startWorld, type World } from '../../src/lab/world.ts';
import type { DeliveryReport } from '../../src/relay/types.ts';
import { parseNextHop } from '../../src/tls-policy/next-hop.ts';
import {
  eventually,
  type QueueSays,
  type RelayInWorld,
  startRelayInWorld,
} from './relay-in-world.ts';
import { LOGIN, type RelayFiles, writeRelayFiles } from './relay-files.ts';

/** How a scene ended. */
export interface RelayedScene {
  /** What is wrong; undefined: nothing. */
  readonly fault: string | undefined;
  /** What the relay said of the message; one line. */
  readonly detail: string;
}

/** What all scenes share. */
interface Theatre {
  readonly world: World;
  /** The domain of the author, to which letters come back. */
  readonly home: LabDomain;
  readonly files: RelayFiles;
}

const AUTHOR = 'alice@sender.lab.test';
const CONCURRENCY = 8;

/** Plays all of them, several at once, and tells of each as it ends. */
export async function playAllThroughRelay(
  tell: (scene: string, ended: RelayedScene) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'smtp-sts-relay-scenes-'));
  const world = await startWorld();
  try {
    const theatre = {
      world,
      home: await world.domain({ name: 'sender.lab.test', sts: { mode: 'enforce' } }),
      files: await writeRelayFiles(folder, world.ca),
    };
    const queue = SCENES.values();
    const worker = async (): Promise<void> => {
      for (const scene of queue) tell(scene.name, await play(scene, theatre));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  } finally {
    await world.close();
    await rm(folder, { recursive: true });
  }
}

async function play(scene: Scene, theatre: Theatre): Promise<RelayedScene> {
  try {
    return await perform(scene, theatre);
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { fault: why, detail: 'the scene could not be played' };
  }
}

async function perform(scene: Scene, theatre: Theatre): Promise<RelayedScene> {
  const { world } = theatre;
  const clock = createShiftingClock();
  const set = await setStage({
    scene,
    world,
    clock,
    async contact() {
      const { line } = await send({ ...playing, canary: 'first contact', isOrdinary: true });
      if (line.status !== 'delivered') throw new Error(`first contact: ${JSON.stringify(line)}`);
    },
  });
  const { stage } = set;
  const recipient = recipientOf(scene, stage);
  const relay = await startRelayInWorld({
    config: configFor(scene, stage, recipient, theatre),
    clock,
    ca: world.ca.rootPem,
    ...(scene.timeouts === undefined ? {} : { delivery: { timeouts: scene.timeouts } }),
  });
  const playing = { scene, recipient, relay };
  try {
    const { canary, marked } = await playUpToMessage(scene, set);
    const said = await send({ ...playing, canary, isOrdinary: false });
    const got = outcomeOf(said);
    const sts = relay.engine.policies.peek(stage.domain.name);
    const { code } = said.line;
    const fault =
      judgeScene({ scene, got, code, canary, marked }) ??
      queueFault(said, got) ??
      policyFault(scene, sts) ??
      (got === 'bounced' ? await letterFault(recipient, said, theatre.home) : undefined) ??
      scene.check?.({ ...stage, report: reportOf(said, recipient), sts });
    return { fault, detail: JSON.stringify(said.line) };
  } finally {
    await relay.close();
    clock.stop();
  }
}

function recipientOf({ message }: Scene, stage: Stage): string {
  return `${message?.localPart ?? 'bob'}@${message?.recipientDomain?.(stage) ?? stage.domain.name}`;
}

function configFor(
  { config: changes = {}, message }: Scene,
  stage: Stage,
  recipient: string,
  { world, files }: Theatre,
): Config {
  const { mtaSts = {}, relay = {}, ...rest } = changes;
  // The relay waits longer than a map at first contact, by a setting of its own.
  const { firstContactMs } = mtaSts;
  const patience = firstContactMs === undefined ? {} : { firstContactRelayMs: firstContactMs };
  const nextHop = message?.route?.(stage);
  return labConfig(world, {
    ...rest,
    mtaSts: { ...mtaSts, ...patience },
    relay: {
      listen: ['127.0.0.1:0'],
      ...files,
      // No session is kept for the next message, so that an attack is met at once.
      sessionIdleMs: 0,
      ...(nextHop === undefined ? {} : { routes: [routeTo(nextHop, recipient)] }),
      ...relay,
    },
  });
}

function routeTo(nextHop: string, recipient: string): Config['relay']['routes'][number] {
  return {
    domains: [recipient.slice(recipient.lastIndexOf('@') + 1)],
    nextHop,
    user: undefined,
    passwordFile: undefined,
    tls: 'policy',
    heloName: undefined,
    localAddress: undefined,
  };
}

interface Sending {
  readonly scene: Scene;
  readonly recipient: string;
  readonly relay: RelayInWorld;
  readonly canary: string;
  /** Wants nothing of its own. */
  readonly isOrdinary: boolean;
}

async function send({ scene, recipient, relay, canary, isOrdinary }: Sending): Promise<QueueSays> {
  const { message = {} } = scene;
  const header = isOrdinary ? [] : (message.header ?? []);
  const lines = [
    `From: ${AUTHOR}`,
    `To: ${recipient}`,
    `Subject: ${scene.name}`,
    ...header,
    '',
    canary,
    '',
  ];
  const utf8 = /[^\0-\x7f]/.test(recipient) ? { smtpUtf8: true } : {};
  return await relay.send({
    envelope: {
      from: AUTHOR,
      recipients: [{ address: recipient }],
      body: '8BITMIME',
      ...utf8,
      ...(isOrdinary ? {} : message.envelope),
    },
    text: lines.join('\r\n'),
    // Only users of the system may lift policies (`relay.tls_required_no`).
    ...(header.length === 0 ? {} : { login: { user: LOGIN.user, password: () => LOGIN.password } }),
  });
}

const OUTCOMES = { delivered: 'delivered', deferred: 'deferred', failed: 'bounced' } as const;

function outcomeOf({ line }: QueueSays): SceneOutcome {
  return OUTCOMES[line.status];
}

/** What waits is in the queue with its reason; what does not has left it. */
function queueFault({ waiting, line }: QueueSays, got: SceneOutcome): string | undefined {
  if (got !== 'deferred') return waiting === undefined ? undefined : `${got}, and still queued`;
  if (waiting === undefined) return 'deferred, and no longer queued';
  if (waiting.attempts !== 1) return `${waiting.attempts} attempts are counted`;
  return waiting.lastText === line.reply ? undefined : `the queue says: ${waiting.lastText}`;
}

/** Whether the policy look-up ended as the scene says. */
function policyFault(
  { policyCode }: Scene,
  sts: ReturnType<RelayInWorld['engine']['policies']['peek']>,
): string | undefined {
  if (policyCode === undefined) return undefined;
  const failure = sts?.kind === 'policy' ? sts.active.refreshFailure : sts?.failure;
  return failure?.code === policyCode ? undefined : `policy look-up: ${failure?.code ?? 'good'}`;
}

/** The author is told, of this recipient, that it failed for good. */
async function letterFault(
  recipient: string,
  { line }: QueueSays,
  home: LabDomain,
): Promise<string | undefined> {
  const about = `Final-Recipient: rfc822; ${recipient}\r\n`;
  const text = await eventually(
    () =>
      home.host.messages
        .map(({ content }) => Buffer.from(content).toString('utf8'))
        .find((each) => each.includes(about)),
    () => `a letter about ${recipient}`,
  );
  if (!/^Action: failed\r$/m.test(text)) return 'the letter does not say that it failed';
  if (!/^Status: 5\.\d+\.\d+\r$/m.test(text)) return 'the letter has no permanent status';
  return line.host === undefined || text.includes(line.host)
    ? undefined
    : `the letter does not name ${line.host}`;
}

/** As far as it can be seen from outside, what the delivery itself reported. */
function reportOf({ line, events }: QueueSays, recipient: string): DeliveryReport {
  const last = events.at(-1);
  if (last === undefined) return { recipients: [], hops: [] };
  const { verdict } = last.event;
  const nextHop = parseNextHop(line.destination, 25);
  if (!nextHop.ok) throw new Error(nextHop.failure.detail);
  const decisions = new Set(events.map(({ decision }) => decision));
  const hop = {
    nextHop: nextHop.value,
    decision: last.decision,
    attempts: events.map(({ event }) => event),
    recheck: decisions.size > 1 ? 'changed' : 'not-needed',
  } as const;
  const reply = { code: 250, lines: [line.reply ?? ''] };
  const known = verdict === undefined ? {} : { verdict };
  return line.status === 'delivered'
    ? { recipients: [{ recipient, status: 'delivered', reply, ...known }], hops: [hop] }
    : { recipients: [], hops: [hop] };
}
