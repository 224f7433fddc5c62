/**
 * The options that every command takes, and the configuration they lead to.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig } from '../config/load-config.ts';
import type { ConfigOverrides } from '../config/overrides.ts';
import { systemFolders } from '../config/system-folders.ts';
import type { Config } from '../config/types.ts';
import type { Problem } from '../failure.ts';
import type { ConfigSource } from '../policy-server/reload.ts';
import { loadCaFile } from '../tls/trust.ts';
import { EXIT_CONFIG, EXIT_USAGE } from './exit-codes.ts';

/** What the shared options were set to. */
export interface SharedOptions {
  readonly config?: string;
  readonly resolver?: readonly string[];
  readonly resolverTrusted?: boolean;
  readonly caFile?: string;
  readonly smtpPort?: number;
  readonly httpsPort?: number;
  readonly store?: string;
  readonly control?: string;
  readonly allowAddress?: readonly string[];
  /** `serve` only. */
  readonly listen?: string;
  /** `serve` only. */
  readonly socketmap?: readonly string[];
  /** `serve` only. */
  readonly dryRun?: boolean;
  /** `serve` only. */
  readonly logLevel?: string;
  readonly json?: boolean;
}

/** The command cannot go on: a message for a person, and the exit code. */
export class CommandStop extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Adds the shared options to the program; they may stand before or after the command's name. */
export function addSharedOptions(program: Command): Command {
  return program
    .option(
      '--config <file>',
      'YAML configuration file (default: none, every setting has a default)',
    )
    .option(
      '--resolver <addr[:port]>',
      'DNS resolver to ask; may be given several times (default: /etc/resolv.conf)',
      collect,
    )
    .option(
      '--resolver-trusted',
      'believe the AD bit of resolvers that are not on loopback (only over a path nobody can touch)',
    )
    .option('--ca-file <pem>', 'trust these certificate authorities instead of the built-in list')
    .option('--smtp-port <port>', 'port of MX hosts (default: 25)', parsePort)
    .option(
      '--https-port <port>',
      'port of policy hosts (default: 443); any other marks a test set-up, in which loopback may be reached',
      parsePort,
    )
    .option('--store <url>', 'sqlite:PATH or postgres://… (default: sqlite:var/smtp-sts.sqlite)')
    .option('--control <path>', 'control socket of the running service (default: var/control.sock)')
    .addOption(
      new Option(
        '--allow-address <cidr>',
        'private addresses that a policy host may have; may be given several times',
      ).argParser(collect),
    )
    .option('--json', 'print JSON for machines instead of text for people');
}

/** For an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A port number of the command line. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  }
  return port;
}

/** The same configuration, read again whenever it is asked for. */
export function configSource(options: SharedOptions): ConfigSource {
  const path = options.config === undefined ? {} : { path: options.config };
  const file = options.config === undefined ? {} : { file: options.config };
  return {
    ...file,
    read: () =>
      loadConfig({
        ...path,
        overrides: overridesFrom(options),
        folders: systemFolders(process.env),
      }),
  };
}

/** Loads the configuration that the shared options name; throws {@link CommandStop} when it is wrong. */
export function configFrom(options: SharedOptions): Config {
  return configWithWarnings(options).config;
}

/** The same for a command that opens no TLS: it may not be allowed to read `tls.ca_file`. */
export function configWithoutTrust(options: SharedOptions): Config {
  return validConfig(options).config;
}

/** The same, with the valid settings that are a trap. */
export function configWithWarnings(options: SharedOptions): ValidConfig {
  const valid = validConfig(options);
  checkCaFile(valid.config);
  return valid;
}

interface ValidConfig {
  readonly config: Config;
  readonly warnings: readonly Problem[];
}

function validConfig(options: SharedOptions): ValidConfig {
  const loaded = configSource(options).read();
  if (loaded.value === undefined) {
    const lines = loaded.problems.map((problem) => problemText(problem, options.config));
    const isUsage = loaded.problems.every(({ code }) => code === 'CONFIG_OPTION_INVALID');
    throw new CommandStop(lines.join('\n'), isUsage ? EXIT_USAGE : EXIT_CONFIG);
  }
  return { config: loaded.value, warnings: loaded.problems };
}

/** `FILE:LINE:COLUMN: what is wrong` and, below it, the cure. */
export function problemText(
  { code, line, column, message, fix }: Problem,
  file: string | undefined,
): string {
  // An option stands in no file, and a file that cannot be read has no lines.
  const hasNoPlace = code === 'CONFIG_OPTION_INVALID' || code === 'CONFIG_UNREADABLE';
  const where = hasNoPlace || file === undefined ? '' : `${file}:${line}:${column}: `;
  return `${where}${message}\n    ${fix} (${code})`;
}

/** A trust list that cannot be read would make every verdict wrong: nothing starts without it. */
function checkCaFile(config: Config): void {
  if (config.tls.caFile === undefined) return;
  const loaded = loadCaFile(config.tls.caFile);
  if (loaded.ok) return;
  throw new CommandStop(`${loaded.failure.detail} (${loaded.failure.code})`, EXIT_CONFIG);
}

function overridesFrom(options: SharedOptions): ConfigOverrides {
  return {
    ...(options.resolver === undefined ? {} : { resolvers: options.resolver }),
    ...(options.resolverTrusted === undefined ? {} : { trusted: options.resolverTrusted }),
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
    ...(options.smtpPort === undefined ? {} : { smtpPort: options.smtpPort }),
    ...(options.httpsPort === undefined ? {} : { httpsPort: options.httpsPort }),
    ...(options.store === undefined ? {} : { storeUrl: options.store }),
    ...(options.control === undefined ? {} : { control: options.control }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.socketmap === undefined ? {} : { socketmap: options.socketmap }),
    ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
    ...(options.logLevel === undefined ? {} : { logLevel: options.logLevel }),
    ...(options.allowAddress === undefined ? {} : { allowAddresses: options.allowAddress }),
  };
}
