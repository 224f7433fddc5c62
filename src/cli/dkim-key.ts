/**
 * `smtp-sts dkim-key`: the key that signs reports, and the record that must be published for it.
 *
 * @module
 */
import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ReportSendSettings } from '../config/reporting-types.ts';
import { normalizeName } from '../dns/name.ts';
import { ERRORS } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { checkKey, type KeyCheck } from '../reporting/mail/check-key.ts';
import {
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  keyAlgorithm,
  makeDkimKey,
  MAX_RSA_BITS,
  MIN_RSA_BITS,
  publicKeyText,
  readPrivateKey,
} from '../reporting/mail/dkim-key.ts';
import { readKeyFile, writeKeyFile } from '../reporting/mail/key-file.ts';
import { keyRecordText } from '../reporting/mail/key-record.ts';
import { EXIT_CANNOT_CREATE, EXIT_NO_INPUT, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { resolverFrom } from './parts.ts';
import {
  CommandStop,
  configFrom,
  configWithoutTrust,
  type SharedOptions,
} from './shared-options.ts';
import { type KeyToPublish, zoneLines } from './text/dkim-key-text.ts';
import { shown } from './text/format.ts';
import { authorOf } from '../reporting/send/author.ts';

interface KeyOptions extends SharedOptions {
  readonly algorithm: KeyAlgorithm;
  readonly bits: number;
  readonly selector?: string;
  readonly domain?: string;
  readonly out?: string;
  readonly alsoEmail?: boolean;
  readonly check?: boolean;
  readonly key?: string;
}

/** Fewer bits are taken by verifiers, but no longer made (RFC 8301 §3.2). */
const DEFAULT_RSA_BITS = 2048;

/** Builds the command. */
export function dkimKeyCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('dkim-key')
    .summary('make the DKIM key that signs TLS reports, or check its published record')
    .description(
      'Reports sent by mail must carry a DKIM signature (RFC 8460 §3). Makes a private key, writes it to\n' +
        'a new file that only you may read, and prints the TXT record to publish. Nothing is overwritten.\n' +
        'With --check, looks the record up and compares it with the key.\n\n' +
        'Exit code: 0 done, or the record fits; 1 it does not fit, 2 DNS gives no answer, 64 wrong usage,\n' +
        '66 the key cannot be read, 73 it cannot be written, 78 the configuration is wrong.',
    )
    .addOption(
      new Option('--algorithm <name>', 'kind of key; not every receiver knows ed25519')
        .choices(KEY_ALGORITHMS)
        .default('rsa'),
    )
    .option('--bits <number>', 'size of an RSA key', parseBits, DEFAULT_RSA_BITS)
    .option(
      '--selector <name>',
      'where it is published: SELECTOR._domainkey.DOMAIN (default: reporting.send.dkim.selector)',
    )
    .option('--domain <name>', 'signing domain (default: that of reporting.send)')
    .option('--out <file>', 'write the private key to this new file')
    .option('--also-email', 'let the record say s=tlsrpt:email: the key may sign other mail too')
    .option('--check', 'compare the published record with the key')
    .option('--key <file>', 'with --check: the private key (default: reporting.send.dkim.key_file)')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts dkim-key --domain example.com --out /etc/smtp-sts/tlsrpt.pem\n' +
        '  smtp-sts dkim-key --check --config /etc/smtp-sts/config.yaml',
    )
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<KeyOptions>();
      done(options.check === true ? await check(options, io) : make(options, io));
    });
}

function parseBits(text: string): number {
  const bits = Number(text);
  if (!/^\d{4}$/.test(text) || bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    throw new InvalidArgumentError(`Expected ${MIN_RSA_BITS} to ${MAX_RSA_BITS}.`);
  }
  return bits;
}

function make(options: KeyOptions, io: Io): number {
  const { algorithm, bits, alsoEmail } = options;
  if (options.out === undefined) throw new CommandStop('name the new file with --out', EXIT_USAGE);
  // The service that reads it is started elsewhere.
  const out = resolve(options.out);
  if (options.key !== undefined) throw new CommandStop('--key goes with --check', EXIT_USAGE);
  const place = placeOf(options, configWithoutTrust(options).reporting.send);
  const key = makeDkimKey(algorithm, bits);
  const written = writeKeyFile(out, key.privateKeyPem);
  if (!written.ok) throw stopFor(written.failure);
  const services = alsoEmail === true ? 'tlsrpt:email' : 'tlsrpt';
  const record = keyRecordText({ keyType: algorithm, publicKey: key.publicKey, services });
  const published: KeyToPublish = { ...place, record };
  if (options.json === true) {
    sayJson(io, { file: out, name: nameOf(place), zone: zoneLines(published).join('\n'), record });
    return 0;
  }
  for (const line of madeLines(published, out)) say(io, line);
  if (algorithm === 'rsa' && bits < DEFAULT_RSA_BITS) {
    complain(io, `warning: ${bits} bits are little; ${DEFAULT_RSA_BITS} are usual`);
  }
  return 0;
}

function madeLines(key: KeyToPublish, file: string): readonly string[] {
  return [
    `The private key is in ${file}. Only you may read it: give it to the user of the service.`,
    '',
    'Publish this record. In a zone file:',
    '',
    ...zoneLines(key),
    '',
    `In a web form, as TXT record of ${nameOf(key)}:`,
    '',
    key.record,
    '',
    ...(key.record.includes('s=tlsrpt;') ? EMAIL_HINT : []),
    'Then set in the configuration:',
    '',
    'reporting:',
    '  send:',
    '    dkim:',
    `      key_file: ${JSON.stringify(file)}`,
    `      selector: ${key.selector}`,
    `      domain: ${key.domain}`,
    '',
    'and see whether it has arrived in DNS: smtp-sts dkim-key --check --config FILE',
  ];
}

/** RFC 6376 §3.6.1: a verifier for mail must ignore a key that does not name `email`. */
const EMAIL_HINT = [
  'Mail filters take s=tlsrpt for no signature at all. If your domain has DMARC p=reject and SPF does',
  'not cover the host that sends reports, make the key with --also-email instead.',
  '',
];

async function check(options: KeyOptions, io: Io): Promise<number> {
  if (options.out !== undefined) {
    throw new CommandStop('--check makes no key: leave --out away', EXIT_USAGE);
  }
  const config = configFrom(options);
  const { send } = config.reporting;
  const place = placeOf(options, send);
  const file = options.key ?? send.dkim.keyFile;
  if (file === '') {
    throw new CommandStop(
      'no key: name it with --key, or set reporting.send.dkim.key_file',
      EXIT_USAGE,
    );
  }
  const pem = readKeyFile(file);
  if (!pem.ok) throw stopFor(pem.failure);
  const key = readPrivateKey(pem.value);
  if (!key.ok) {
    throw new CommandStop(`${file}: ${key.failure.detail} (${key.failure.code})`, EXIT_NO_INPUT);
  }
  const resolver = resolverFrom(config);
  try {
    const result = await checkKey({
      ...place,
      resolver,
      fresh: true,
      algorithm: keyAlgorithm(key.value),
      publicKey: publicKeyText(createPublicKey(key.value)),
    });
    print(result, place, { io, asJson: options.json === true });
    return EXITS[result.verdict];
  } finally {
    resolver.close();
  }
}

const EXITS: Readonly<Record<KeyCheck['verdict'], number>> = { fits: 0, wrong: 1, unknown: 2 };

interface Printed {
  readonly io: Io;
  readonly asJson: boolean;
}

function print(result: KeyCheck, place: Place, { io, asJson }: Printed): void {
  const name = nameOf(place);
  if (asJson) {
    sayJson(io, { name, ...result });
    return;
  }
  say(io, `${name}: ${VERDICTS[result.verdict]}`);
  for (const { code, detail } of result.findings) {
    say(io, `  ${shown(detail)} (${code})`);
    say(io, `      ${ERRORS[code].action}`);
  }
  if (result.record !== undefined) say(io, `  published: ${shown(result.record)}`);
}

const VERDICTS: Readonly<Record<KeyCheck['verdict'], string>> = {
  fits: 'the published record fits the key.',
  wrong: 'the published record does not fit.',
  unknown: 'DNS gives no answer.',
};

interface Place {
  readonly domain: string;
  readonly selector: string;
}

function placeOf(options: KeyOptions, send: ReportSendSettings): Place {
  const sender = authorOf(send);
  const configured =
    send.dkim.domain === '' ? sender.slice(sender.lastIndexOf('@') + 1) : send.dkim.domain;
  const domain = options.domain ?? configured;
  if (domain === '') {
    throw new CommandStop('name the signing domain with --domain', EXIT_USAGE);
  }
  return { domain: named(domain), selector: named(options.selector ?? send.dkim.selector) };
}

function named(text: string): string {
  const name = normalizeName(text);
  if (name.ok) return name.value;
  throw new CommandStop(name.failure.detail, EXIT_USAGE);
}

function nameOf({ domain, selector }: Place): string {
  return `${selector}._domainkey.${domain}`;
}

function stopFor({ code, detail }: Failure): CommandStop {
  const isWriting = code === 'DKIM_KEY_FILE_EXISTS' || code === 'DKIM_KEY_FILE_UNWRITABLE';
  return new CommandStop(`${detail} (${code})`, isWriting ? EXIT_CANNOT_CREATE : EXIT_NO_INPUT);
}
