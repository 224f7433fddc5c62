/**
 * `smtp-sts import-config`: the configuration of another policy server as one of ours.
 *
 * @module
 */
import { Command, Option } from 'commander';
import { EXIT_CONFIG } from './exit-codes.ts';
import { readInput } from './input.ts';
import type { Io } from './io.ts';
import { convertConfig, PEERS, type Peer } from './peer-config/convert.ts';
import { CommandStop } from './shared-options.ts';

/** More than any such file. */
const LARGEST_FILE = 1_048_576;

/** Builds the command. */
export function importConfigCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('import-config')
    .summary('turn the configuration of postfix-mta-sts-resolver or postfix-tlspol into ours')
    .description(
      'Reads the YAML file of the other program and prints ours. What has no counterpart is named in\n' +
        'a comment, with what to do instead. Nothing is changed and nothing is started.\n\n' +
        'Exit code: 0 converted, 64 wrong usage, 66 the file cannot be read, 78 it is no file of either program.',
    )
    .argument('<file>', 'the other program’s file, or - for standard input')
    .addOption(
      new Option('--from <program>', 'whose file it is (default: its keys tell)').choices(PEERS),
    )
    .addHelpText(
      'after',
      '\nExample:\n  smtp-sts import-config /etc/mta-sts-daemon.yml > /etc/smtp-sts/config.yaml',
    )
    .action(async (file: string, options: { readonly from?: Peer }) => {
      const source = Buffer.from(await readInput(file, io, LARGEST_FILE)).toString('utf8');
      const name = file === '-' ? 'the configuration' : file;
      const converted = convertConfig(source, { name, peer: options.from });
      if (!converted.ok) {
        const { code, detail } = converted.failure;
        throw new CommandStop(`${file}: ${detail} (${code})`, EXIT_CONFIG);
      }
      io.stdout.write(converted.value.text);
      done(0);
    });
}
