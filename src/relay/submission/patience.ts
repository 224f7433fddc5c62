/**
 * How long things may take that have no setting.
 *
 * @module
 */

/** A client that is not trusted waits so long for its greeting; one that talks before is found out. */
export const GREETING_DELAY_MS = 100;
/** From STARTTLS, or from the connection on a TLS port, to the end of the handshake. */
export const HANDSHAKE_MS = 30_000;
/** What every content may take, whatever its size (RFC 5321 §4.5.3.2.5 gives a block 3 minutes). */
const CONTENT_GRACE_MS = 300_000;
/** Octets a millisecond below which a content is a drip: 1 KiB a second. */
const SLOWEST = 1.024;

/** When a content that began at `startedAt` and of which so much has come must be at its end or further on. */
export function contentDeadline(startedAt: number, received: number): number {
  return startedAt + CONTENT_GRACE_MS + received / SLOWEST;
}
