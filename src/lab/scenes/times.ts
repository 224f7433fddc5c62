/**
 * Stretches of time that scenes let pass.
 *
 * @module
 */

/** Milliseconds. Longer than the pause between two looks at a record id, and than most TTLs. */
export const TEN_MINUTES = 600_000;
/** Milliseconds. */
export const DAY = 86_400_000;
