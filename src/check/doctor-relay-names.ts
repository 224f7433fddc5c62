/**
 * What receivers find out of this machine: its EHLO name, and whether forward and reverse DNS agree.
 *
 * @module
 */
import { addressBytes } from '../http/cidr.ts';
import { createAddressGuard } from '../http/address-guard.ts';
import { fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

const NAME = 'relay ehlo name';
const REVERSE = 'relay reverse dns';

/** Receivers judge by both, so that wrong ones cost deliveries; none stops the service. */
export async function nameFindings(around: Surroundings): Promise<readonly Finding[]> {
  const { config, relay } = around;
  const own = config.smtp.localAddress;
  const all = own === undefined ? await relay.sourceAddresses() : [own];
  const isPublic = createAddressGuard([], () => []);
  const outgoing = all.filter((address) => isPublic.allows(address));
  const findings = [await ehloFinding(around, outgoing)];
  for (const address of outgoing) findings.push(await reverseFinding(around, address));
  if (outgoing.length === 0) {
    const what = `not checked: the address that others see is not known here (${all.join(', ') || 'no way out'})`;
    findings.push(fine(REVERSE, what));
  }
  return findings;
}

async function ehloFinding(around: Surroundings, outgoing: readonly string[]): Promise<Finding> {
  const { heloName } = around.config.smtp;
  const mend =
    'set smtp.helo_name to the full name of this machine, and publish its address in DNS';
  if (!heloName.replace(/\.$/, '').includes('.')) {
    const what = `smtp.helo_name is ${heloName}: no full domain name (RFC 5321 §4.1.1.1), many receivers refuse it`;
    return warning(NAME, what, mend);
  }
  const addresses = await addressesOf(around, heloName);
  if (addresses === undefined)
    return fine(NAME, `${heloName} was not checked: DNS does not answer`);
  if (addresses.length === 0) {
    return warning(NAME, `${heloName} has no address in DNS: many receivers refuse it`, mend);
  }
  const strange = outgoing.filter((address) => !has(addresses, address));
  if (strange.length === 0) return fine(NAME, `${heloName} is ${addresses.join(', ')}`);
  return warning(
    NAME,
    `${heloName} is ${addresses.join(', ')}, and mail goes out from ${strange.join(', ')}`,
    'publish that address for the name, or set smtp.local_address to one that it has',
  );
}

async function reverseFinding(around: Surroundings, address: string): Promise<Finding> {
  const names = await around.relay.namesOf(address);
  if (names === undefined) return fine(REVERSE, `${address} was not checked: DNS does not answer`);
  const { heloName } = around.config.smtp;
  const mend = `have who gave you the address point its reverse DNS (PTR) to ${heloName}`;
  if (names.length === 0) {
    return warning(REVERSE, `${address} has no name: many receivers refuse its mail`, mend);
  }
  let isSilent = false;
  for (const name of names) {
    const addresses = await addressesOf(around, name);
    if (addresses === undefined) isSilent = true;
    else if (has(addresses, address)) return fine(REVERSE, `${address} is ${name}, and back`);
  }
  const list = names.join(', ');
  if (isSilent)
    return fine(REVERSE, `${address} is ${list}, not checked back: DNS does not answer`);
  const what = `${address} is ${list}, which does not lead back to it: many receivers refuse its mail`;
  return warning(REVERSE, what, mend);
}

/** Undefined where DNS does not answer. */
async function addressesOf(
  { relay }: Surroundings,
  name: string,
): Promise<readonly string[] | undefined> {
  const answers = [await relay.dns.lookup(name, 'A'), await relay.dns.lookup(name, 'AAAA')];
  const addresses = answers.flatMap((answer): readonly string[] =>
    answer.kind === 'records' ? answer.records : [],
  );
  const isSilent = answers.some(({ kind }) => kind === 'failure');
  return addresses.length === 0 && isSilent ? undefined : addresses;
}

/** An address may be written in more than one way. */
function has(addresses: readonly string[], address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes === undefined) return false;
  return addresses.some((each) => {
    const other = addressBytes(each);
    return other !== undefined && Buffer.compare(other, bytes) === 0;
  });
}
