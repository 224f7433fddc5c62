/**
 * Reads the commands of an SMTP client as a strict server does (RFC 5321 §4.1.1).
 *
 * @module
 */

/** MAIL or RCPT, taken apart; or the reply that refuses it. */
export type ParsedPath =
  | {
      readonly ok: true;
      /** Without angle brackets; '' is the null reverse-path. */
      readonly address: string;
      /** Upper case keyword → value as written; '' without one. */
      readonly parameters: ReadonlyMap<string, string>;
    }
  | { readonly ok: false; readonly reply: string };

const PATH = /^(?<path><(?:"(?:[^"\\]|\\.)*"|[^<>"])*>)(?: +(?<rest>.*))?$/;

/** Reads `FROM:<…> …` or `TO:<…> …`. */
export function parsePath(argument: string, keyword: 'FROM' | 'TO'): ParsedPath {
  const prefix = `${keyword}:`;
  if (argument.slice(0, prefix.length).toUpperCase() !== prefix) {
    return { ok: false, reply: `501 5.5.4 ${prefix} expected` };
  }
  const groups = PATH.exec(argument.slice(prefix.length))?.groups;
  if (groups === undefined) return { ok: false, reply: '501 5.1.7 No path in angle brackets' };
  const words = groups['rest']?.split(' ').filter((word) => word !== '') ?? [];
  const parameters = new Map(
    words.map((word): [string, string] => {
      const equals = word.indexOf('=');
      return equals < 0
        ? [word.toUpperCase(), '']
        : [word.slice(0, equals).toUpperCase(), word.slice(equals + 1)];
    }),
  );
  return { ok: true, address: groups['path']!.slice(1, -1), parameters };
}

/** What the session offers right now. */
export interface Offer {
  readonly keywords: ReadonlyMap<string, string>;
  readonly tls: boolean;
}

/** The reply that refuses these MAIL parameters; undefined if they are in order. */
export function refuseMail(
  { address, parameters }: Extract<ParsedPath, { ok: true }>,
  { keywords, tls }: Offer,
): string | undefined {
  for (const [name, value] of parameters) {
    const refusal = refuseMailParameter({ name, value, keywords, tls });
    if (refusal !== undefined) return refusal;
  }
  return refuseAddress(address, parameters.has('SMTPUTF8'));
}

interface MailParameter extends Offer {
  readonly name: string;
  readonly value: string;
}

function refuseMailParameter({ name, value, keywords, tls }: MailParameter): string | undefined {
  switch (name) {
    case 'SIZE': {
      if (!keywords.has('SIZE')) return unknownParameter(name);
      if (!/^\d{1,20}$/.test(value)) return '501 5.5.4 SIZE wants a number';
      const limit = Number(keywords.get('SIZE'));
      return limit > 0 && Number(value) > limit ? '552 5.3.4 Message too large' : undefined;
    }
    case 'BODY':
      if (!keywords.has('8BITMIME')) return unknownParameter(name);
      return /^(?:7BIT|8BITMIME)$/i.test(value) ? undefined : '501 5.5.4 Unknown BODY';
    case 'SMTPUTF8':
      return keywords.has('SMTPUTF8') && value === '' ? undefined : unknownParameter(name);
    case 'RET':
      if (!keywords.has('DSN')) return unknownParameter(name);
      return /^(?:FULL|HDRS)$/i.test(value) ? undefined : '501 5.5.4 Unknown RET';
    case 'ENVID':
      return keywords.has('DSN') && value !== '' ? undefined : unknownParameter(name);
    case 'REQUIRETLS':
      if (!tls) return '530 5.7.10 REQUIRETLS needs TLS';
      return keywords.has('REQUIRETLS') && value === '' ? undefined : unknownParameter(name);
    default:
      return unknownParameter(name);
  }
}

/** The reply that refuses these RCPT parameters; undefined if they are in order. */
export function refuseRcpt(
  { address, parameters }: Extract<ParsedPath, { ok: true }>,
  { keywords }: Offer,
  smtpUtf8: boolean,
): string | undefined {
  if (address === '') return '501 5.1.3 Empty recipient';
  const strange = parameters
    .keys()
    .find((name) => !keywords.has('DSN') || (name !== 'NOTIFY' && name !== 'ORCPT'));
  if (strange !== undefined) return unknownParameter(strange);
  const notify = parameters.get('NOTIFY');
  if (
    notify !== undefined &&
    !/^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$/i.test(notify)
  ) {
    return '501 5.5.4 Unknown NOTIFY';
  }
  return refuseAddress(address, smtpUtf8);
}

function refuseAddress(address: string, smtpUtf8: boolean): string | undefined {
  if (smtpUtf8 || /^[\x20-\x7e]*$/.test(address)) return undefined;
  return '553 5.6.7 Address needs SMTPUTF8';
}

function unknownParameter(name: string): string {
  return `555 5.5.4 Parameter ${name} not recognised`;
}
