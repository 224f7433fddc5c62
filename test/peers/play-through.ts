/**
 * Plays a scene of the lab through a mail server: it decides nothing by itself, it asks the product.
 *
 * @module
 */
import { systemClock } from '../../src/clock.ts';
import type { Scene, SceneOutcome, Stage } from '../../src/lab/scene.ts';
import { judgeScene } from '../../src/lab/scene-verdict.ts';
import { playUpToMessage, setStage } from '../../src/lab/stage.ts';
import type { World } from '../../src/lab/world.ts';
import { askSocketmap } from '../../src/policy-server/socketmap-client.ts';
import { startLabService } from './lab-service.ts';
import type { Difference, Fate, Mta, MtaProfile } from './mta.ts';

/** What a scene is played with. */
export interface Theatre {
  readonly world: World;
  readonly mta: Mta;
  readonly profile: MtaProfile;
}

/** How it ended. */
export interface Played {
  /** What is wrong; empty: nothing. */
  readonly faults: readonly string[];
  /** What the mail server's log says. */
  readonly log: string;
  /** What the map says afterwards. */
  readonly answer: string;
}

/** Plays it; the service is there for this scene alone, on a clock of its own. */
export async function playThrough(given: Scene, theatre: Theatre): Promise<Played> {
  const { world, mta, profile } = theatre;
  const difference = profile.differences[given.name];
  const scene = differing(given, profile);
  // An answer that has run out is given once more, and then nothing of the attack would be seen.
  const policyServer = { ...scene.config?.policyServer, maxStaleMs: 0 };
  const service = await startLabService(world, { ...scene.config, policyServer });
  try {
    const set = await setStage({
      scene,
      world,
      clock: service.clock,
      async contact(stage) {
        const { outcome, log } = await send({ scene, stage, mta, canary: 'first contact' });
        if (outcome !== 'delivered') throw new Error(`first contact ${outcome}: ${log}`);
      },
    });
    const { stage } = set;
    const { canary, marked } = await playUpToMessage(scene, set);
    const fate = await send({ scene, stage, mta, canary });
    const got = fate.outcome;
    const answer = await answerFor(wayOf(scene, stage), profile.mapName);
    const faults = [
      judgeScene({ scene, got, code: undefined, canary, marked }),
      wrongReason(given, fate, { ...profile, ...difference }),
      unverified(fate, answer, profile),
      await laterFault(difference?.later, mta, recipientOf(scene, stage)),
    ];
    return { faults: faults.filter((text) => text !== undefined), log: fate.log, answer };
  } finally {
    await service.close();
  }
}

/** The scene as this mail server must play it; why it is deferred is looked for in the log. */
function differing(scene: Scene, { differences, namesSender }: MtaProfile): Scene {
  const { code: _code, ...rest } = scene;
  const { expected, over, by } = differences[scene.name] ?? {};
  return {
    ...rest,
    ...(namesSender === undefined ? {} : { envelopeSeen: namesSender }),
    ...(expected === undefined ? {} : { expected }),
    ...(over === undefined ? {} : { over }),
    ...(by === undefined ? {} : { by }),
  };
}

/** Waits for the wrong reason prove nothing. */
function wrongReason(
  { code }: Scene,
  { outcome, log }: Fate,
  { reasons, reason }: Pick<MtaProfile, 'reasons'> & Pick<Difference, 'reason'>,
): string | undefined {
  if (outcome === 'delivered') return undefined;
  const wanted = reason ?? reasons[code ?? ''];
  if (wanted === undefined) return `no reason known for ${code}`;
  return wanted.test(log) ? undefined : `not ${outcome} for ${code}`;
}

/** What was sent under an answer that asks for a verified session must have gone over one. */
function unverified(
  { outcome, log }: Fate,
  answer: string,
  { session }: MtaProfile,
): string | undefined {
  if (outcome !== 'delivered' || session?.mustFollow.test(answer) !== true) return undefined;
  return session.verified.test(log) ? undefined : `delivered without a verified session: ${answer}`;
}

async function answerFor({ domain, route }: Way, mapName: string): Promise<string> {
  const answer = await askSocketmap({
    address: { kind: 'tcp', host: '127.0.0.1', port: 8461 },
    mapName,
    key: route ?? domain,
    timeoutMs: 30_000,
    clock: systemClock,
  });
  return answer.ok ? answer.value : answer.failure.code;
}

interface Sending {
  readonly scene: Scene;
  readonly stage: Stage;
  readonly mta: Mta;
  readonly canary: string;
}

async function laterFault(
  wanted: SceneOutcome | undefined,
  mta: Mta,
  recipient: string,
): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  const { outcome } = await mta.retry(recipient);
  return outcome === wanted ? undefined : `${outcome} at the next attempt`;
}

async function send({ scene, stage, mta, canary }: Sending): Promise<Fate> {
  const { route } = wayOf(scene, stage);
  return await mta.send({
    recipient: recipientOf(scene, stage),
    subject: scene.name,
    canary,
    ...(route === undefined ? {} : { route }),
  });
}

function recipientOf(scene: Scene, stage: Stage): string {
  return `${scene.message?.localPart ?? 'bob'}@${wayOf(scene, stage).domain}`;
}

interface Way {
  readonly domain: string;
  readonly route: string | undefined;
}

function wayOf({ message }: Scene, stage: Stage): Way {
  const domain = message?.recipientDomain?.(stage) ?? stage.domain.name;
  return { domain, route: message?.route?.(stage) };
}
