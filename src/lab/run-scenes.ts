/**
 * Plays scenes, several at once, and yields what came of them in their order.
 *
 * @module
 */
import { playScene } from './play-scene.ts';
import type { SceneResult } from './play-scene.ts';
import type { Scene } from './scene.ts';
import { SCENES } from './scenes/all.ts';
import { startWorld } from './world.ts';
import type { WorldOptions } from './world.ts';

/** Which scenes, and how. */
export interface RunScenesOptions extends WorldOptions {
  /** Only scenes whose name contains one of these; none: all. */
  readonly filter?: readonly string[];
  /** Default 8. */
  readonly concurrency?: number;
  /** Told whenever a scene has ended, in whatever order. */
  readonly onProgress?: (ended: number, all: number) => void;
  readonly signal?: AbortSignal;
}

const CONCURRENCY = 8;

/** The scenes that a filter leaves. */
export function selectScenes(filter: readonly string[] = []): readonly Scene[] {
  if (filter.length === 0) return SCENES;
  return SCENES.filter(({ name }) => filter.some((part) => name.includes(part)));
}

/** Starts a world, plays, and takes the world down again, also when nobody wants the rest. */
export async function* runScenes(
  options: RunScenesOptions = {},
): AsyncGenerator<SceneResult, void, undefined> {
  const scenes = selectScenes(options.filter);
  const world = await startWorld(options);
  const slots = scenes.map(() => Promise.withResolvers<SceneResult>());
  let stopped = false;
  let ended = 0;
  const queue = scenes.entries();
  const worker = async (): Promise<void> => {
    for (const [index, scene] of queue) {
      if (stopped || options.signal?.aborted === true) return;
      const result = await playScene(scene, world);
      ended += 1;
      options.onProgress?.(ended, scenes.length);
      slots[index]!.resolve(result);
    }
  };
  const workers = Array.from({ length: options.concurrency ?? CONCURRENCY }, worker);
  const all = Promise.all(workers);
  try {
    for (const slot of slots) {
      // Nobody plays the rest once the signal has said stop.
      const result = await Promise.race([slot.promise, all.then(() => undefined)]);
      if (result === undefined) return;
      yield result;
    }
  } finally {
    stopped = true;
    await all;
    await world.close();
  }
}
