/**
 * What the readers of a datagram share.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';

/** Takes note of something odd; each code is kept once. */
export type Note = (code: ErrorCode) => void;

/** Whether it is a JSON object, so that its keys may be asked for. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
