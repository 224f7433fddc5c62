import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SCENES } from '../src/lab/scenes/all.ts';
import { playAllThroughRelay, type RelayedScene } from './peers/relay-scenes.ts';

/**
 * All scenes are played side by side in one world, each with a relay of its own; each test waits for
 * its own.
 */
describe('lab scenes through the relay', () => {
  const slots = new Map(SCENES.map(({ name }) => [name, Promise.withResolvers<RelayedScene>()]));
  let played: Promise<void>;

  before(() => {
    played = playAllThroughRelay((scene, ended) => slots.get(scene)?.resolve(ended));
    // A world that cannot start fails every scene instead of leaving it waiting.
    played.catch((error: unknown) => {
      for (const slot of slots.values()) slot.reject(error);
    });
  });
  after(async () => {
    await played;
  });

  for (const { name, title, requirements } of SCENES) {
    const ids = requirements.length === 0 ? '' : `${requirements.join(', ')}: `;
    it(`${ids}${name}: ${title}`, async () => {
      const { fault, detail } = await slots.get(name)!.promise;
      assert.equal(fault, undefined, `${fault ?? ''} (${detail})`);
    });
  }
});
