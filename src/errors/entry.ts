/**
 * The shape of an entry in the error register.
 *
 * @module
 */

/** What one error code means. */
export interface ErrorEntry {
  /** What it means, one sentence. */
  readonly meaning: string;
  /** What an operator does about it, one or two sentences. */
  readonly action: string;
  /** The rule behind it, e.g. `RFC 8461 §3.3`; absent where there is none. */
  readonly rule?: string;
}
