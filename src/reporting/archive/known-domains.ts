/**
 * Which policy domains are ours.
 *
 * @module
 */

/**
 * Does the domain fit one of the patterns: `example.com`, `*.example.com` (all below it, not
 * itself), `*` (any, unknown ones too)?
 *
 * @param domain A-labels in lower case; '' where a report does not say
 */
export function isKnownDomain(domain: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    const plain = pattern.toLowerCase().replace(/\.$/, '');
    return plain.startsWith('*.') ? domain.endsWith(plain.slice(1)) : domain === plain;
  });
}
