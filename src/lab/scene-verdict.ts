/**
 * Whether a scene ended as it must: the outcome, the host that got the message, and above all
 * that nothing of it went anywhere else.
 *
 * @module
 */
import type { Scene, SceneOutcome } from './scene.ts';
import type { LabMessage, LabMx } from './types.ts';

/** A host with what it had seen before the message in question was sent. */
export interface MarkedHost {
  readonly host: LabMx;
  readonly stranger: boolean;
  readonly messages: number;
  readonly commands: number;
}

/** Remembers what every host has seen so far. */
export function markHosts(
  own: readonly LabMx[],
  strangers: readonly LabMx[],
): readonly MarkedHost[] {
  const mark = (host: LabMx, stranger: boolean): MarkedHost => ({
    host,
    stranger,
    messages: host.messages.length,
    commands: host.commands.length,
  });
  return [...own.map((host) => mark(host, false)), ...strangers.map((host) => mark(host, true))];
}

/** What is compared. */
export interface SceneEnd {
  readonly scene: Scene;
  readonly got: SceneOutcome;
  /** Why it was not delivered. */
  readonly code: string | undefined;
  /** Stands in the message and nowhere else. */
  readonly canary: string;
  readonly marked: readonly MarkedHost[];
}

/** What is wrong; undefined: nothing. */
export function judgeScene(end: SceneEnd): string | undefined {
  const { scene, got } = end;
  return (
    leakOf(end) ??
    (got === scene.expected ? undefined : `${got} instead of ${scene.expected}`) ??
    (got === 'delivered' ? arrivalOf(end) : reasonOf(end))
  );
}

/** Worst first: a message, or only its envelope, where it must not be. */
function leakOf({ scene, canary, marked }: SceneEnd): string | undefined {
  const target = scene.expected === 'delivered' ? targetOf(scene, marked) : undefined;
  for (const one of marked) {
    const { host } = one.host.options;
    const isTarget = one === target;
    if (!isTarget && newMessages(one).length > 0) return `${host} got the message`;
    if (!(isTarget && scene.over === 'clear') && one.host.clearText.includes(canary)) {
      return `the message went to ${host} in clear text`;
    }
    const mail = newCommands(one).find(({ line }) => /^MAIL /i.test(line));
    const allowed = isTarget || scene.envelopeSeen === true;
    if (mail !== undefined && (!allowed || (!mail.tls && scene.over !== 'clear'))) {
      return `${host} was sent ${mail.line} ${mail.tls ? 'inside TLS' : 'in clear text'}`;
    }
  }
  return undefined;
}

function reasonOf({ scene, code }: SceneEnd): string | undefined {
  return scene.code === undefined || code === scene.code
    ? undefined
    : `${code ?? 'no code'} instead of ${scene.code}`;
}

function arrivalOf({ scene, canary, marked }: SceneEnd): string | undefined {
  const target = targetOf(scene, marked);
  if (target === undefined) return 'the scene names no such host';
  const { host } = target.host.options;
  const [message, ...more] = newMessages(target);
  if (message === undefined) return `${host} did not get the message`;
  if (more.length > 0) return `${host} got the message ${more.length + 1} times`;
  if (!Buffer.from(message.content).includes(canary)) return `${host} got another message`;
  const over = message.tls === undefined ? 'clear' : 'tls';
  const wanted = scene.over ?? 'tls';
  return over === wanted ? undefined : `the message came over ${over} instead of ${wanted}`;
}

function targetOf({ by = 0 }: Scene, marked: readonly MarkedHost[]): MarkedHost | undefined {
  return by === 'mallory'
    ? marked.find(({ stranger }) => stranger)
    : marked.filter(({ stranger }) => !stranger)[by];
}

function newMessages({ host, messages }: MarkedHost): readonly LabMessage[] {
  return host.messages.slice(messages);
}

function newCommands({ host, commands }: MarkedHost): LabMx['commands'] {
  return host.commands.slice(commands);
}
