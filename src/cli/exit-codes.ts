/**
 * Exit codes that all commands share. What 0 to 3 mean is each command's own; `--help` says it.
 *
 * @module
 */

/** The command line is wrong (BSD sysexits `EX_USAGE`). */
export const EXIT_USAGE = 64;
/** A file could not be read (`EX_NOINPUT`). */
export const EXIT_NO_INPUT = 66;
/** A file could not be written (`EX_CANTCREAT`). */
export const EXIT_CANNOT_CREATE = 73;
/** A bug, or something nobody expected (`EX_SOFTWARE`). */
export const EXIT_SOFTWARE = 70;
/** The service could not be started: port taken, database out of reach (`EX_OSERR`). */
export const EXIT_UNAVAILABLE = 69;
/** The configuration is wrong (`EX_CONFIG`). */
export const EXIT_CONFIG = 78;
