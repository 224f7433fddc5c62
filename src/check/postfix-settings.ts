/**
 * The settings of an installed Postfix, as its own `postconf` tells them.
 *
 * @module
 */
import type { ProgramResult, RunProgram } from './doctor-types.ts';
import { type PostfixVersion, readPostfixVersion } from './postfix-version.ts';

/** What matters of main.cf and master.cf. */
export interface PostfixSettings {
  readonly version: PostfixVersion;
  readonly versionText: string;
  readonly values: Readonly<Record<PostfixParameter, string>>;
  /** The delivery agent runs in a chroot of `queue_directory`. */
  readonly chroot: boolean;
}

/** `absent`: no Postfix here. */
export type PostfixFound =
  | { readonly kind: 'found'; readonly settings: PostfixSettings }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

const PARAMETERS = [
  'compatibility_level',
  'queue_directory',
  'smtp_dns_support_level',
  'smtp_host_lookup',
  'smtp_tls_security_level',
  'smtp_tls_policy_maps',
  'smtp_tls_CAfile',
  'smtp_tls_CApath',
  'smtp_tls_enforce_sts_mx_patterns',
  'tls_append_default_CA',
] as const;

/** A parameter that is looked at. */
export type PostfixParameter = (typeof PARAMETERS)[number];

/** Asks `postconf`. */
export async function readPostfix(
  run: RunProgram,
  configFolder: string | undefined,
): Promise<PostfixFound> {
  const where = configFolder === undefined ? [] : ['-c', configFolder];
  const asked = await run('postconf', [...where, '-h', 'mail_version']);
  if (asked.kind === 'missing') return { kind: 'absent' };
  const versionText = stdoutOf(asked)?.trim();
  const version = versionText === undefined ? undefined : readPostfixVersion(versionText);
  if (versionText === undefined || version === undefined) {
    return { kind: 'unreadable', why: complaintOf(asked) };
  }
  // Parameters that this version does not know are left out, with a warning on standard error.
  const listed = stdoutOf(await run('postconf', [...where, '-x', ...PARAMETERS]));
  if (listed === undefined) return { kind: 'unreadable', why: 'postconf does not tell settings' };
  const service = stdoutOf(await run('postconf', [...where, '-M', 'smtp/unix'])) ?? '';
  const values = { ...valuesIn(listed), ...overridesIn(service) };
  const chroot = isChroot(service, values.compatibility_level);
  return { kind: 'found', settings: { version, versionText, values, chroot } };
}

function stdoutOf(result: ProgramResult): string | undefined {
  return result.kind === 'done' && result.exitCode === 0 ? result.stdout : undefined;
}

function complaintOf(result: ProgramResult): string {
  switch (result.kind) {
    case 'missing':
      return 'postconf is not there';
    case 'timeout':
      return 'postconf does not come to an end';
    case 'done':
      return `postconf says: ${(result.stderr || result.stdout).trim().split('\n')[0] ?? ''}`;
  }
}

function valuesIn(text: string): Record<PostfixParameter, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+) =\s?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value.trim());
  }
  return Object.fromEntries(PARAMETERS.map((name) => [name, found.get(name) ?? ''])) as Record<
    PostfixParameter,
    string
  >;
}

/** `-o name=value` of the delivery agent in master.cf wins over main.cf. */
function overridesIn(service: string): Partial<Record<PostfixParameter, string>> {
  const found: Partial<Record<PostfixParameter, string>> = {};
  for (const [, name, value] of service.matchAll(/\s-o\s+\{?\s*(\w+)\s*=\s*([^\s}]*)/g)) {
    const parameter = PARAMETERS.find((known) => known === name);
    if (parameter !== undefined) found[parameter] = value ?? '';
  }
  return found;
}

/** The fifth column. `-` means no from compatibility level 1 on, yes before. */
function isChroot(service: string, compatibilityLevel: string): boolean {
  const column = service.trim().split(/\s+/)[4];
  if (column === 'y') return true;
  return column === '-' && /^0?$/.test(compatibilityLevel);
}
