/**
 * What the tests of every mail server have in common: a private machine, and the scenes in it.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import type { UnpackedPeer } from '../../scripts/unpacked-peers.ts';
import type { LabCommand, Seen } from './lab-commands.ts';
import type { Fate, MtaProfile } from './mta.ts';
import { MTA_SCENES } from './mta-scenes.ts';
import { startMachine } from './namespace.ts';
import type { Played } from './play-through.ts';

/** A mail server in a machine of its own. */
export interface MtaBench {
  readonly obey: <Answer = unknown>(command: LabCommand) => Promise<Answer>;
  /** Sends a message to an address and says what became of it. */
  readonly send: (recipient: string) => Promise<Fate>;
  readonly look: (domain: string) => Promise<Seen>;
  /** What the map says of a key, as the mail server reads it. */
  readonly ask: (key: string, map?: string) => Promise<string | undefined>;
  readonly stop: () => Promise<void>;
}

/** Starts it. */
export function startMta(peer: UnpackedPeer['name']): MtaBench {
  const program = join(import.meta.dirname, 'mta-machine.ts');
  const machine = startMachine({ peer, program, args: [peer] });
  const obey: MtaBench['obey'] = async (command) => await machine.ask(command);
  return {
    obey,
    send: async (recipient) =>
      await obey({ do: 'send', message: { recipient, subject: 'hello', canary: 'hello' } }),
    look: async (domain) => await obey({ do: 'look', domain }),
    ask: async (key, map) => {
      const question = { do: 'ask', key, ...(map === undefined ? {} : { map }) } as const;
      return (await obey<{ answer?: string }>(question)).answer;
    },
    stop: async () => await machine.stop(),
  };
}

/** A test for each scene; where the mail server differs, the name says how, and claims no more. */
export function playScenes(bench: () => MtaBench, { differences, lacks }: MtaProfile): void {
  for (const { name, title, requirements } of MTA_SCENES) {
    if (lacks.includes(name)) continue;
    const difference = differences[name];
    const ids = requirements.length === 0 ? '' : `${requirements.join(', ')}: `;
    const label =
      difference === undefined
        ? `${ids}${name}: ${title}`
        : `(differs) ${name}: ${title}; ${difference.why}`;
    it(label, async () => {
      const { faults, log, answer } = await bench().obey<Played>({ do: 'play', scene: name });
      assert.deepEqual(faults, [], `${answer}\n${log}`);
    });
  }
}
