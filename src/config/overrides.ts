/**
 * Settings that the command line may change, laid over the file.
 *
 * @module
 */

/** What options on the command line set; absent: as in the file. */
export interface ConfigOverrides {
  readonly resolvers?: readonly string[];
  readonly trusted?: boolean;
  readonly caFile?: string;
  readonly smtpPort?: number;
  readonly httpsPort?: number;
  readonly allowAddresses?: readonly string[];
  readonly storeUrl?: string;
  readonly listen?: string;
  readonly socketmap?: readonly string[];
  readonly dryRun?: boolean;
  readonly control?: string;
  readonly logLevel?: string;
}

/** The key of the file behind each option. */
export const OVERRIDDEN_KEYS: Readonly<Record<keyof ConfigOverrides, readonly [string, string]>> = {
  resolvers: ['dns', 'resolvers'],
  trusted: ['dns', 'trusted'],
  caFile: ['tls', 'ca_file'],
  smtpPort: ['smtp', 'port'],
  httpsPort: ['policy_fetch', 'port'],
  allowAddresses: ['policy_fetch', 'allow_addresses'],
  storeUrl: ['store', 'url'],
  listen: ['http', 'listen'],
  socketmap: ['socketmap', 'listen'],
  dryRun: ['policy_server', 'dry_run'],
  control: ['control', 'socket'],
  logLevel: ['log', 'level'],
};

/** How an option is spelled on the command line, for messages. */
const SPELLINGS: Readonly<Record<keyof ConfigOverrides, string>> = {
  resolvers: '--resolver',
  trusted: '--resolver-trusted',
  caFile: '--ca-file',
  smtpPort: '--smtp-port',
  httpsPort: '--https-port',
  allowAddresses: '--allow-address',
  storeUrl: '--store',
  listen: '--listen',
  socketmap: '--socketmap',
  dryRun: '--dry-run',
  control: '--control',
  logLevel: '--log-level',
};

type Tree = Readonly<Record<string, unknown>>;

/** The file's tree with the options laid over it; the tree itself is not changed. */
export function applyOverrides(tree: Tree, overrides: ConfigOverrides): Tree {
  let result = tree;
  for (const [option, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const [section, key] = OVERRIDDEN_KEYS[option as keyof ConfigOverrides];
    const old = result[section];
    // A section that is not a map is a fault of the file, and stays for the schema to name.
    if (old !== undefined && (typeof old !== 'object' || old === null || Array.isArray(old)))
      continue;
    result = { ...result, [section]: { ...(old as Tree | undefined), [key]: value as unknown } };
  }
  return result;
}

/** The option that set `path`, if one did, as it is spelled on the command line. */
export function optionBehind(
  path: readonly PropertyKey[],
  overrides: ConfigOverrides,
): string | undefined {
  const hit = Object.entries(OVERRIDDEN_KEYS).find(
    ([option, [section, key]]) =>
      path[0] === section &&
      path[1] === key &&
      overrides[option as keyof ConfigOverrides] !== undefined,
  );
  return hit === undefined ? undefined : SPELLINGS[hit[0] as keyof ConfigOverrides];
}
