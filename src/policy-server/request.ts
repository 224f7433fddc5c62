/**
 * What an MTA asks: the name of a map, a space, and a key.
 *
 * @module
 */

/** A request, taken apart. */
export interface MapRequest {
  readonly mapName: string;
  /** As it was written, an octet in each character (latin1). */
  readonly key: string;
}

/**
 * Takes a request apart at its first space.
 *
 * @param payload an octet in each character (latin1)
 * @returns undefined where there is no space, and so no key
 */
export function readRequest(payload: string): MapRequest | undefined {
  const space = payload.indexOf(' ');
  if (space < 0) return undefined;
  return { mapName: payload.slice(0, space), key: payload.slice(space + 1) };
}
