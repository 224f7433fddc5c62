/**
 * What a person types as a destination.
 *
 * @module
 */
import { type NextHop, parseNextHop } from '../tls-policy/next-hop.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { CommandStop } from './shared-options.ts';

/**
 * A next hop from the command line; an address stands for its domain. Throws {@link CommandStop}
 * for what is neither.
 */
export function nextHopFrom(text: string, defaultPort: number): NextHop {
  const domain = text.slice(text.lastIndexOf('@') + 1);
  const parsed = parseNextHop(domain, defaultPort);
  if (parsed.ok) return parsed.value;
  throw new CommandStop(`${parsed.failure.code}: ${parsed.failure.detail}`, EXIT_USAGE);
}
