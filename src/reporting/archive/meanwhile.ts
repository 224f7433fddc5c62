/**
 * Somebody else was quicker.
 *
 * @module
 */

/** A row that was read a moment ago is not as it was: the transaction is to be run again. */
export class Meanwhile extends Error {
  /** The class of PostgreSQL's own: could not serialize. */
  readonly code = '40001';

  constructor() {
    super('another node has changed the report meanwhile');
  }
}
