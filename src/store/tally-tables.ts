/**
 * The tables of the session counts for TLS reports. Times are milliseconds since the Unix epoch.
 *
 * @module
 */

/** The tables of the session counts for TLS reports. */
export interface TallyTables {}
