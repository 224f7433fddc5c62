/**
 * The tables of the reports that came in. Times are milliseconds since the Unix epoch.
 *
 * @module
 */

/** The tables of the reports that came in. */
export interface ArchiveTables {}
