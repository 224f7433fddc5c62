/**
 * How large a report may be, packed and unpacked.
 *
 * @module
 */

/** In octets. */
export interface UnpackLimits {
  /** A gzip or zip file. */
  readonly maxPackedBytes: number;
  /** The JSON, unpacked or as it came. */
  readonly maxJsonBytes: number;
}

/** Real reports have less than 3 kB; 10 MB is what receivers are known to take (RFC 8460 §5.2). */
export const DEFAULT_UNPACK_LIMITS: UnpackLimits = {
  maxPackedBytes: 1_048_576,
  maxJsonBytes: 10_485_760,
};

/** Reports shrink to a tenth, those with thousands of like details to a fiftieth; bombs to a thousandth. */
const HIGHEST_RATIO = 200;
/** Up to this size the ratio does not matter. */
const ALWAYS_ALLOWED = 1_048_576;

/** How many octets `packed` octets may become. */
export function unpackedLimit(packed: number, limits: UnpackLimits): number {
  return Math.min(limits.maxJsonBytes, Math.max(ALWAYS_ALLOWED, packed * HIGHEST_RATIO));
}
