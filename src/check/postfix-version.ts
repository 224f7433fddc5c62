/**
 * Versions of Postfix, and what each of them can do.
 *
 * @module
 */

/** `3.10.5`: major, minor, patch level. A snapshot (`3.11-20260101`) counts as patch level 0. */
export type PostfixVersion = readonly [major: number, minor: number, patch: number];

/** Reads `mail_version`; undefined for something else. */
export function readPostfixVersion(text: string): PostfixVersion | undefined {
  const groups = /^(?<major>\d+)\.(?<minor>\d+)(?:\.(?<patch>\d+))?(?:[-_].*)?$/.exec(
    text.trim(),
  )?.groups;
  if (groups === undefined) return undefined;
  return [Number(groups['major']), Number(groups['minor']), Number(groups['patch'] ?? 0)];
}

/** Is it this version or a newer one? */
export function isAtLeast(version: PostfixVersion, wanted: PostfixVersion): boolean {
  for (const [index, part] of wanted.entries()) {
    if (version[index] !== part) return version[index]! > part;
  }
  return true;
}

/** `socketmap:` tables. */
export const HAS_SOCKETMAP: PostfixVersion = [2, 10, 0];
/** DANE, and with it `smtp_dns_support_level`. */
export const HAS_DANE: PostfixVersion = [2, 11, 0];
/** `servername=` in a TLS policy: without it every `secure` answer is invalid, and its mail waits. */
export const HAS_SERVERNAME: PostfixVersion = [3, 4, 0];
/** TLSRPT attributes in a TLS policy; older ones call them invalid, and all mail waits. */
export const HAS_TLSRPT: PostfixVersion = [3, 10, 0];
/** `smtp_tls_enforce_sts_mx_patterns`. */
export const HAS_MX_PATTERNS: PostfixVersion = [3, 10, 5];

/** The map name that makes the most of a version. */
export function bestMapName(version: PostfixVersion): 'postfix' | 'postfix-tlsrpt' {
  return isAtLeast(version, HAS_TLSRPT) ? 'postfix-tlsrpt' : 'postfix';
}
