/**
 * Waiting for what another process does.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds between two looks. */
const PAUSE_MS = 10;

/**
 * Looks until there is something.
 *
 * @throws when there is nothing for `limitMs`
 */
export async function waitFor<Found>(
  look: () => Found | undefined | Promise<Found | undefined>,
  { what, limitMs = 60_000 }: { readonly what: () => string; readonly limitMs?: number },
): Promise<Found> {
  const started = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() - started > limitMs) throw new Error(`still waiting: ${what()}`);
    await setTimeout(PAUSE_MS);
  }
}

/** A file as it is now; empty when there is none. */
export function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
