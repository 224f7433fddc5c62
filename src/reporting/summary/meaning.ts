/**
 * A failure in plain words.
 *
 * @module
 */

/** Who can mend it. `unclear`: it takes a look at more than the report. */
export type Actor = 'we' | 'sender' | 'nobody' | 'unclear';

/** A failure in plain words. */
export interface Meaning {
  /** What happened, as the sender saw it. */
  readonly means: string;
  readonly todo: string;
  readonly actor: Actor;
}
