import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SceneResult } from '../src/lab/play-scene.ts';
import { runScenes } from '../src/lab/run-scenes.ts';
import { SCENES } from '../src/lab/scenes/all.ts';

/**
 * All scenes are played side by side in one world; each test waits for its own.
 */
describe('lab scenes', () => {
  const slots = new Map(SCENES.map(({ name }) => [name, Promise.withResolvers<SceneResult>()]));
  let played: Promise<void>;

  before(() => {
    played = (async () => {
      for await (const result of runScenes()) slots.get(result.scene)?.resolve(result);
    })();
    // A world that cannot start fails every scene instead of leaving it waiting.
    played.catch((error: unknown) => {
      for (const slot of slots.values()) slot.reject(error);
    });
  });
  after(async () => {
    await played;
  });

  it('have names of their own', () => {
    assert.equal(slots.size, SCENES.length);
  });

  for (const { name, title, requirements } of SCENES) {
    const ids = requirements.length === 0 ? '' : `${requirements.join(', ')}: `;
    it(`${ids}${name}: ${title}`, async () => {
      const result = await slots.get(name)!.promise;
      assert.ok(result.pass, `${result.why ?? ''} (${result.detail})`);
    });
  }
});
