/**
 * Sets the stage of a scene, and plays it up to the message that counts. Who sends, does the rest.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { MalloryOptions, Scene, Stage } from './scene.ts';
import { type MarkedHost, markHosts } from './scene-verdict.ts';
import type { LabMx } from './types.ts';
import type { World } from './world.ts';

/** What a stage is made of. */
export interface StageOptions {
  readonly scene: Scene;
  readonly world: World;
  readonly clock: Stage['clock'];
  /** Sends an ordinary message that must arrive. */
  readonly contact: (stage: Stage) => Promise<void>;
}

/** A stage, and the hosts on it that the domain's owner did not set up. */
export interface SetStage {
  readonly stage: Stage;
  readonly strangers: readonly LabMx[];
}

/** Puts the scene's domain up; the domain's name is the scene's. */
export async function setStage({ scene, world, clock, contact }: StageOptions): Promise<SetStage> {
  const strangers: LabMx[] = [];
  const stage: Stage = {
    world,
    domain: await world.domain(scene.domain(`${scene.name}.test`, world)),
    clock,
    async mallory(options = {}) {
      const host = await startMallory(scene.name, world, options);
      strangers.push(host);
      return host;
    },
    contact: async () => await contact(stage),
  };
  return { stage, strangers };
}

/** What the message that counts is told by, and what every host had seen before it. */
export interface Cue {
  /** To stand in the message and nowhere else. */
  readonly canary: string;
  readonly marked: readonly MarkedHost[];
}

/** Plays everything that comes before that message. */
export async function playUpToMessage(scene: Scene, { stage, strangers }: SetStage): Promise<Cue> {
  await scene.prepare?.(stage);
  if (scene.warm === true) await stage.contact();
  await scene.attack?.(stage);
  const { hosts } = stage.domain;
  await Promise.all([...hosts, ...strangers].map((host) => host.settled()));
  return { canary: randomUUID(), marked: markHosts(hosts, strangers) };
}

/** A host that the owner of the scene's domain did not set up, with a name and address of its own. */
async function startMallory(
  sceneName: string,
  world: World,
  options: MalloryOptions,
): Promise<LabMx> {
  const zone = `mallory-${sceneName}.test`;
  const host = options.host ?? `mx.${zone}`;
  world.dns.zone(zone, options.zone ?? 'insecure');
  const started = await world.host({
    host,
    certificates: options.certificates ?? new Map([['', world.ca.issue([host])]]),
    ...(options.fault === undefined ? {} : { fault: options.fault }),
  });
  world.dns.add({ type: 'A', name: host, value: started.options.address });
  return started;
}
