/**
 * Leaves the lab standing, for people to try things against it.
 *
 * @module
 */
import { raiseStandingDomains, REPORTS_GO_TO, SELF_TEST_NAMES } from './standing-domains.ts';
import type { StandingDomain } from './standing-domains.ts';
import { untilAborted } from './until-ended.ts';
import { startWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

/** How to stand. */
export interface ServeLabOptions extends WorldOptions {
  /** How the reader calls this program. Default `smtp-sts`. */
  readonly program?: string;
  readonly write: (text: string) => void;
  /** Aborted: the lab is taken down. */
  readonly signal: AbortSignal;
}

/** Starts the lab, says what can be tried, and stands until the signal. */
export async function serveLab(options: ServeLabOptions): Promise<void> {
  const world = await startWorld(options);
  try {
    const domains = await raiseStandingDomains(world);
    options.write(labGuide(world, domains, options.program));
    await untilAborted(options.signal);
  } finally {
    await world.close();
  }
  options.write('The lab is gone.\n');
}

/** What stands where, and commands to try against it. */
export function labGuide(
  world: World,
  domains: readonly StandingDomain[],
  program: string = 'smtp-sts',
): string {
  const { dns, policyHost, smtpPort, caFile } = world;
  const resolver = `${dns.address}:${dns.port}`;
  const flags = [
    `--resolver ${resolver}`,
    `--ca-file ${caFile}`,
    `--smtp-port ${smtpPort}`,
    `--https-port ${policyHost.port}`,
    '--store sqlite::memory:',
  ].join(' ');
  const good = world.domains.get('good.test');
  const width = Math.max(...domains.map(({ name }) => name.length));
  return [
    'The lab stands. Ctrl-C takes it down.',
    '',
    `  DNS            ${resolver}`,
    `  policy host    ${policyHost.address}:${policyHost.port}`,
    `  MX hosts       port ${smtpPort}, each on its own 127.x.y.z`,
    `  CA             ${caFile}`,
    '',
    'Domains',
    ...domains.map(({ name, shows }) => `  ${name.padEnd(width)}  ${shows}`),
    '',
    'Try',
    `  LAB="${flags}"`,
    `  ${program} explain good.test $LAB`,
    `  ${program} explain --connect stripped.test $LAB`,
    `  ${program} explain --connect dane-bad.test $LAB`,
    `  dig @${dns.address} -p ${dns.port} +adflag _mta-sts.good.test TXT`,
    `  dig @${dns.address} -p ${dns.port} +dnssec _${smtpPort}._tcp.mx1.dane.test TLSA`,
    `  curl --cacert ${caFile} --connect-to mta-sts.good.test:443:${policyHost.address}:${policyHost.port} \\`,
    '    https://mta-sts.good.test/.well-known/mta-sts.txt',
    ...(good === undefined ? [] : otherClients(world, good.host.options)),
    '',
    `Most domains ask for TLS reports, to be sent to ${REPORTS_GO_TO}.`,
    '',
    "For a resolver's proof of itself (dns.self_test in the configuration)",
    `  signed: ${SELF_TEST_NAMES.signed}   unsigned: ${SELF_TEST_NAMES.unsigned}   bogus: ${SELF_TEST_NAMES.bogus}`,
    '',
    '',
  ].join('\n');
}

/** What other people's programs make of it; posttls-finger comes with Postfix. */
function otherClients(
  { caFile, smtpPort }: World,
  { address, host }: { readonly address: string; readonly host: string },
): string[] {
  return [
    `  openssl s_client -starttls smtp -connect ${address}:${smtpPort} \\`,
    `    -servername ${host} -verify_hostname ${host} -CAfile ${caFile}`,
    `  posttls-finger -c -l secure -F ${caFile} '[${address}]:${smtpPort}' ${host}`,
  ];
}
