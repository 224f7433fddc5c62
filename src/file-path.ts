/**
 * Paths of files whose names may be no text: most systems allow any octets.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';

/** As a string where it is UTF-8, as its octets where it is not: a string would lead nowhere. */
export type FilePath = string | Uint8Array;

/** What lies in the folder under this name. */
export function pathIn(folder: FilePath, name: Uint8Array): FilePath {
  if (typeof folder === 'string' && isUtf8(name)) return join(folder, Buffer.from(name).toString());
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), name]);
}

/** For the functions of node:fs, which take octets as a Buffer only. */
export function pathForFs(path: FilePath): string | Buffer {
  if (typeof path === 'string') return path;
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}

/** For people: what is not UTF-8 in it stands as U+FFFD. */
export function pathText(path: FilePath): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}
