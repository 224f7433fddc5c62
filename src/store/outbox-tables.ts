/**
 * The tables of the reports that are to be sent. Times are milliseconds since the Unix epoch.
 *
 * @module
 */

/** The tables of the reports that are to be sent. */
export interface OutboxTables {}
