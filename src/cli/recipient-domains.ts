/**
 * Recipient domains in a list of domains, a list of addresses, or the log of an MTA.
 *
 * @module
 */

/**
 * The recipient domains on a line, as they are written there: of a delivery to another host in the
 * log of Postfix, Sendmail or Exim, or of a line that is nothing but a domain or an address. Lines
 * of any other kind have none.
 */
export function recipientDomains(line: string): readonly string[] {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return [];
  if (!/\s/.test(text)) return plainDomain(text);
  return (postfixRecipients(text) ?? sendmailRecipients(text) ?? eximRecipients(text)).flatMap(
    (address) => domainOfAddress(address),
  );
}

/** `example.com`, `user@example.com`, `<user@example.com>,`. */
function plainDomain(text: string): readonly string[] {
  const bare = text.replace(/,$/, '').replace(/^<(.*)>$/, '$1');
  if (bare.includes('@')) return domainOfAddress(bare);
  // A word of some other file is no domain.
  return /^[^\s<>()@,;:/\\"=]+\.[^\s<>()@,;:/\\"=]+$/.test(bare) ? [bare] : [];
}

function domainOfAddress(address: string): readonly string[] {
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return address.includes('@') && domain !== '' && !domain.startsWith('[') ? [domain] : [];
}

/** Postfix services that deliver to other hosts, or would have. */
const POSTFIX_SENDERS: ReadonlySet<string> = new Set(['smtp', 'relay', 'error', 'retry']);

/** `… postfix/smtp[123]: 4F2A: to=<user@example.com>, orig_to=<…>, relay=…`. */
function postfixRecipients(text: string): readonly string[] | undefined {
  const found = /\bpostfix[\w.-]*\/(?:[\w.-]+\/)*(?<service>[\w-]+)\[\d+\]: (?<rest>.*)$/.exec(
    text,
  );
  const { service, rest = '' } = found?.groups ?? {};
  if (service === undefined) return undefined;
  if (!POSTFIX_SENDERS.has(service)) return [];
  const to = /(?:^|[\s,])to=<(?<address>[^>]*)>/.exec(rest)?.groups?.['address'];
  return to === undefined ? [] : [to];
}

/** `… sendmail[123]: m1: to=<a@example.com>,<b@example.net>, delay=…, mailer=esmtp, …`. */
function sendmailRecipients(text: string): readonly string[] | undefined {
  const found = /\b(?:sendmail|sm-mta)\[\d+\]: \S+: (?<rest>.*)$/.exec(text)?.groups?.['rest'];
  if (found === undefined) return undefined;
  const to = /^to=(?<list>.*?)(?:, \w+=|$)/.exec(found)?.groups?.['list'];
  const mailer = /, mailer=(?<mailer>[^,\s]+)/.exec(found)?.groups?.['mailer'] ?? 'esmtp';
  if (to === undefined || !/^(?:[ed]?smtp8?|relay)$/.test(mailer)) return [];
  return to.split(',').map((address) => address.trim().replace(/^<(.*)>$/, '$1'));
}

/** `2026-01-01 12:00:00 1abc-0001-Xy => user@example.com R=dnslookup T=remote_smtp H=mx.example.com …`. */
function eximRecipients(text: string): readonly string[] {
  const found =
    /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: [+-]\d{4})?(?: \[\d+\])? [\w-]+ (?<sign>=>|->|>>|\*\*|==) (?<rest>.*)$/.exec(
      text,
    )?.groups;
  const { sign = '', rest = '' } = found ?? {};
  // What arrived somewhere names the host, unless it stayed on this machine.
  const arrived = sign === '=>' || sign === '->' || sign === '>>';
  if (arrived && !/ H=/.test(rest)) return [];
  const address = rest.split(/[\s:]/)[0] ?? '';
  return address.includes('@') ? [address] : [];
}
