/**
 * The tables of the alerts about reports. Times are milliseconds since the Unix epoch.
 *
 * @module
 */

/** The tables of the alerts about reports. */
export interface AlertTables {}
