/**
 * The overrides of the store in memory: read at the start and every few seconds, so that a change
 * by the command line or another node has effect soon without a restart.
 *
 * @module
 */
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/types.ts';
import { noteEnds, readOverrides } from './override-table.ts';
import {
  isInForce,
  OVERRIDE_KINDS,
  overrideMark,
  overrideText,
  untilText,
  type Override,
  type OverrideKind,
  type Overrides,
} from './overrides.ts';

/** What a book stands on. */
export interface OverrideBookOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Called for each domain whose override came, went or became another one. */
  readonly onChange?: (policyDomain: string) => void;
}

/** The overrides, kept up to date. */
export interface OverrideBook extends Overrides {
  /** How many have effect now, by kind. */
  numbers(): Readonly<Record<OverrideKind, number>>;
  /**
   * Reads the table now. While the database is down the overrides stay as they were read last.
   *
   * @returns the domains whose override changed
   */
  refresh(): Promise<readonly string[]>;
  /** Reads it every few seconds from now on. */
  start(): void;
  /** Ends that, and waits for a reading that is under way. */
  close(): Promise<void>;
}

/** How often the table is read, milliseconds. */
const POLL_MS = 3_000;

/** An empty book; {@link OverrideBook.refresh} fills it. */
export function createOverrideBook(options: OverrideBookOptions): OverrideBook {
  return new Book(options);
}

/** The overrides as they are in the store now: for a command, which does not live long. */
export async function overridesOf(store: Store, clock: Clock): Promise<Overrides> {
  const byDomain = new Map((await readOverrides(store)).map((each) => [each.policyDomain, each]));
  return { inForce: (policyDomain) => effective(byDomain.get(policyDomain), clock.now()) };
}

function effective(override: Override | undefined, now: number): Override | undefined {
  return override !== undefined && isInForce(override, now) ? override : undefined;
}

class Book implements OverrideBook {
  readonly #options: OverrideBookOptions;
  /** Those that had effect when they were read. */
  #byDomain: ReadonlyMap<string, Override> = new Map();
  #timer: Timer | undefined;
  #reading: Promise<readonly string[]> = Promise.resolve([]);
  #closed = false;
  #up = true;

  constructor(options: OverrideBookOptions) {
    this.#options = options;
  }

  inForce(policyDomain: string): Override | undefined {
    // Hardly anybody has overrides: without any, no clock is asked.
    if (this.#byDomain.size === 0) return undefined;
    return effective(this.#byDomain.get(policyDomain), this.#options.clock.now());
  }

  numbers(): Readonly<Record<OverrideKind, number>> {
    const now = this.#options.clock.now();
    const active = [...this.#byDomain.values()].filter((override) => isInForce(override, now));
    const count = (kind: OverrideKind): number =>
      active.filter((override) => override.kind === kind).length;
    return Object.fromEntries(OVERRIDE_KINDS.map((kind) => [kind, count(kind)])) as Readonly<
      Record<OverrideKind, number>
    >;
  }

  async refresh(): Promise<readonly string[]> {
    // After the one under way: what was written before this call must be seen.
    this.#reading = this.#reading.then(async () => await this.#read());
    return await this.#reading;
  }

  start(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(POLL_MS, () => {
      void this.refresh().finally(() => this.start());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#reading;
  }

  async #read(): Promise<readonly string[]> {
    const { store, clock, log } = this.#options;
    if (this.#closed) return [];
    try {
      const now = clock.now();
      for (const ended of await noteEnds(store, now)) this.#tellEnd(ended);
      const found = (await readOverrides(store)).filter((each) => isInForce(each, now));
      this.#up = true;
      return this.#take(new Map(found.map((each) => [each.policyDomain, each])));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#up) log.error({ code: 'STORE_UNAVAILABLE', reason }, 'overrides cannot be read');
      this.#up = false;
      return [];
    }
  }

  #tellEnd(override: Override): void {
    const { policyDomain, kind, reason, until } = override;
    this.#options.log.warn(
      { event: 'override-expired', code: 'OVERRIDE_EXPIRED', policyDomain, kind, reason },
      `${policyDomain}: the override (${kind}: ${reason}) ended on ${untilText(until)}`,
    );
  }

  #take(next: ReadonlyMap<string, Override>): readonly string[] {
    const before = this.#byDomain;
    this.#byDomain = next;
    const changed = [...new Set([...before.keys(), ...next.keys()])].filter(
      (domain) => overrideMark(before.get(domain)) !== overrideMark(next.get(domain)),
    );
    for (const domain of changed) this.#tellChange(domain, next.get(domain));
    return changed;
  }

  #tellChange(policyDomain: string, override: Override | undefined): void {
    const { log, onChange } = this.#options;
    const fields = { event: 'override-changed', policyDomain, kind: override?.kind ?? 'none' };
    const text =
      override === undefined ? 'no override' : `${override.kind}, ${overrideText(override)}`;
    log.info(fields, `${policyDomain}: ${text}`);
    onChange?.(policyDomain);
  }
}
