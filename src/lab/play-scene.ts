/**
 * Plays one scene through the real engine and says whether it ended as it must.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import { deliver } from '../relay/deliver.ts';
import type { DeliverOptions } from '../relay/deliver.ts';
import { plainRoute } from '../relay/routes/choice.ts';
import type { DeliveryReport, RecipientReport } from '../relay/types.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { parseNextHop } from '../tls-policy/next-hop.ts';
import { createLabEngine, labConfig } from './lab-engine.ts';
import type { Aftermath, Scene, SceneOutcome, Stage } from './scene.ts';
import { judgeScene } from './scene-verdict.ts';
import { createShiftingClock } from './shifting-clock.ts';
import { playUpToMessage, setStage } from './stage.ts';
import type { World } from './world.ts';

/** How a scene ended. */
export interface SceneResult {
  readonly scene: string;
  readonly title: string;
  readonly rule: string;
  readonly requirements: readonly string[];
  readonly expected: SceneOutcome;
  /** `error`: the scene itself could not be played. */
  readonly got: SceneOutcome | 'error';
  readonly pass: boolean;
  /** What the sender said of the message; one line. */
  readonly detail: string;
  /** What is wrong; absent when it passes. */
  readonly why?: string;
  readonly tookMs: number;
}

/** Plays it in this world; the domain's name is the scene's. Never rejects. */
export async function playScene(scene: Scene, world: World): Promise<SceneResult> {
  const started = performance.now();
  const { name, title, rule, requirements, expected } = scene;
  const common = { scene: name, title, rule, requirements, expected };
  const clock = createShiftingClock();
  const config = labConfig(world, scene.config);
  const engine = createLabEngine(config, clock);
  const tookMs = (): number => Math.round(performance.now() - started);
  try {
    const ended = await perform(scene, world, { engine, config, clock });
    const pass = ended.why === undefined;
    return { ...common, ...ended, pass, tookMs: tookMs() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...common, got: 'error', pass: false, detail: why, why, tookMs: tookMs() };
  } finally {
    await engine.close();
    clock.stop();
  }
}

interface Sender {
  readonly engine: Engine;
  readonly config: Config;
  readonly clock: Stage['clock'];
}

type Ended = Pick<SceneResult, 'got' | 'detail' | 'why'>;

async function perform(scene: Scene, world: World, sender: Sender): Promise<Ended> {
  const set = await setStage({
    scene,
    world,
    clock: sender.clock,
    async contact(stage) {
      const report = await send({
        scene: ordinary(scene),
        stage,
        sender,
        canary: 'first contact',
      });
      const [first] = report.recipients;
      if (first?.status !== 'delivered') throw new Error(`first contact: ${detailOf(first)}`);
    },
  });
  const { stage } = set;
  const { canary, marked } = await playUpToMessage(scene, set);
  const report = await send({ scene, stage, sender, canary });
  const got = outcomeOf(report);
  const sts = sender.engine.policies.peek(stage.domain.name);
  const aftermath: Aftermath = { ...stage, report, sts };
  const code = codeOf(report.recipients[0]);
  const why =
    judgeScene({ scene, got, code, canary, marked }) ??
    policyFault(scene, sts) ??
    scene.check?.(aftermath);
  return { got, detail: detailOf(report.recipients[0]), ...(why === undefined ? {} : { why }) };
}

/** The same way, for a message that wants nothing of its own. */
function ordinary({ message, ...scene }: Scene): Scene {
  if (message === undefined) return scene;
  const { envelope: _envelope, header: _header, ...way } = message;
  return { ...scene, message: way };
}

interface Sending {
  readonly scene: Scene;
  readonly stage: Stage;
  readonly sender: Sender;
  readonly canary: string;
}

async function send({ scene, stage, sender, canary }: Sending): Promise<DeliveryReport> {
  const { message = {}, timeouts } = scene;
  const recipientDomain = message.recipientDomain?.(stage) ?? stage.domain.name;
  const recipient = `${message.localPart ?? 'bob'}@${recipientDomain}`;
  const header = [
    'From: alice@sender.lab.test',
    `To: ${recipient}`,
    `Subject: ${scene.name}`,
    ...(message.header ?? []),
  ];
  const text = `${header.join('\r\n')}\r\n\r\n${canary}\r\n`;
  return await deliver({
    ...sender,
    envelope: {
      from: 'alice@sender.lab.test',
      recipients: [{ address: recipient }],
      body: '8BITMIME',
      ...message.envelope,
    },
    message: [Buffer.from(text)],
    tlsRequiredNo: {
      present: header.includes('TLS-Required: No'),
      submitted: true,
      use: 'submission',
    },
    ...routeOf(scene, stage),
    firstContactMs: sender.config.mtaSts.firstContactMs,
    ...(timeouts === undefined ? {} : { timeouts }),
  });
}

function routeOf({ message }: Scene, stage: Stage): Pick<DeliverOptions, 'route'> {
  const text = message?.route?.(stage);
  if (text === undefined) return {};
  const nextHop = parseNextHop(text, stage.world.smtpPort);
  if (!nextHop.ok) throw new Error(nextHop.failure.detail);
  return { route: () => plainRoute(nextHop.value) };
}

function outcomeOf({ recipients }: DeliveryReport): SceneOutcome {
  const outcomes = { delivered: 'delivered', failed: 'bounced', deferred: 'deferred' } as const;
  return outcomes[recipients[0]?.status ?? 'deferred'];
}

/** Whether the policy look-up ended as the scene says; undefined: it did. */
function policyFault({ policyCode }: Scene, sts: StsStatus | undefined): string | undefined {
  if (policyCode === undefined) return undefined;
  const failure = sts?.kind === 'policy' ? sts.active.refreshFailure : sts?.failure;
  return failure?.code === policyCode
    ? undefined
    : `policy look-up: ${failure?.code ?? 'no failure'} instead of ${policyCode}`;
}

function codeOf(report: RecipientReport | undefined): string | undefined {
  return report === undefined || report.status === 'delivered' ? undefined : report.failure.code;
}

function detailOf(report: RecipientReport | undefined): string {
  if (report === undefined) return 'no recipient';
  if (report.status === 'delivered') {
    return `${report.host ?? '?'}: ${report.verdict?.why ?? report.reply.lines[0] ?? ''}`;
  }
  return `${report.failure.code}: ${report.failure.detail}`;
}
