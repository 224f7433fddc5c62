/**
 * The version of this build, from its package.
 *
 * @module
 */
import { readFileSync } from 'node:fs';

/** `1.2.3`. */
export function productVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
