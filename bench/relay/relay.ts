/**
 * The relay beside Debian's Postfix: both write to the same disk before they say yes, both use TLS
 * 1.3 on both sides, both verify the certificate of each host; loaded in turns by the same generator.
 *
 * @module
 */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedFolder } from '../../scripts/unpacked-peers.ts';
import { findProgram } from '../../scripts/peers.ts';
import { startMachine } from '../../test/peers/namespace.ts';
import type { Bench, BenchOptions, Measurement } from '../figure.ts';
import { createArena, type ArenaOptions, type ArenaOrder, type Opened } from './arena.ts';
import { type Ask, fullQueueFigures, type Plan, planOf, shapeFigures } from './rows.ts';

/** Not in memory, and kept over a restart by the rules of the system: a real disk. */
const ON_DISK = '/var/tmp';

/** Accepted, delivered, and what it costs. */
export const relayBench: Bench = {
  name: 'relay/beside-postfix',
  what: 'messages accepted and delivered, beside Postfix (rows: accept, deliver, queue, million)',
  run: async (options) => {
    const plan = planOf(options);
    const folder = mkdtempSync(join(ON_DISK, 'smtp-sts-bench-'));
    // Postfix's own user must get through.
    chmodSync(folder, 0o755);
    try {
      return await contest(plan, { folder, options });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function contest(
  plan: Plan,
  { folder, options }: { readonly folder: string; readonly options: BenchOptions },
): Promise<readonly Measurement[]> {
  const { profile, note } = options;
  const arenaOptions: ArenaOptions = {
    postfix: canRunPostfix(),
    domains: plan.domains,
    ...(profile === undefined ? {} : { profile }),
  };
  const { ask, end } = await place(folder, arenaOptions);
  try {
    const opened = await ask<Opened>({ kind: 'open' });
    for (const line of notesOf(opened)) note(line);
    const figures = [
      ...diskFigures(opened),
      ...(await shapeFigures(plan, { ask, opened, note })),
      ...(await fullQueueFigures(plan, { ask, opened, note })),
    ];
    await ask({ kind: 'close' });
    return figures;
  } finally {
    await end();
  }
}

function canRunPostfix(): boolean {
  const mayUnshare = process.getuid?.() === 0 || findProgram('sudo') !== undefined;
  return existsSync(unpackedFolder('postfix')) && mayUnshare;
}

interface Place {
  readonly ask: Ask;
  readonly end: () => Promise<void>;
}

/** With Postfix: a private machine. Without: right here. */
async function place(folder: string, options: ArenaOptions): Promise<Place> {
  if (options.postfix) {
    const program = join(import.meta.dirname, 'contest.ts');
    const args = [folder, JSON.stringify(options)];
    const machine = startMachine({ peer: 'postfix', program, args });
    return {
      ask: async <Answer>(order: ArenaOrder) => await machine.ask<Answer>(order),
      end: async () => await machine.stop(),
    };
  }
  const arena = await createArena(folder, options);
  return {
    ask: async <Answer>(order: ArenaOrder) => (await arena.carryOut(order)) as Answer,
    end: async () => {
      await arena.carryOut({ kind: 'close' });
    },
  };
}

function notesOf({ contestants, settings, inMemory }: Opened): readonly string[] {
  const lines = [`taking part in turns: ${contestants.join(', ')}`];
  if (inMemory) lines.push(`${ON_DISK} is in memory: figures say nothing about a disk`);
  for (const name of contestants) {
    for (const setting of settings[name] ?? []) lines.push(`${name}: ${setting}`);
  }
  return lines;
}

function diskFigures({ disk }: Opened): readonly Measurement[] {
  return [
    { figure: 'disk: appends of 4 KiB with fdatasync', unit: '/s', ours: disk.appendsPerSecond },
    { figure: 'disk: new files of 4 KiB with fsync', unit: '/s', ours: disk.filesPerSecond },
  ];
}
