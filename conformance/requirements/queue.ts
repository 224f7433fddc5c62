/**
 * What the catalogue says of rules that a queue has to live by.
 *
 * @module
 */

/** Beside a rule that is proven by itself. */
export const QUEUE_NOTE = 'the rule is proven; the queue that lives by it comes later';

/** Beside one that is not built. */
export const QUEUE_LATER = 'comes with the queue';
