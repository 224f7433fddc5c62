/**
 * Verifies one DKIM signature of a mail.
 *
 * @module
 */
import type { DKIMResult } from 'mailauth';
import type { ErrorCode } from '../../errors.ts';
import { fail, ok, type Failure, type Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { FoundKey } from './find-key.ts';
import { withoutServices } from './key-record.ts';
import { fieldName, joinMail, type SignatureField, type SplitMail } from './signature-fields.ts';

/** RFC 8301 §3.2. */
const MIN_RSA_BITS = 1024;

/** One signature, and what it takes to verify it. */
export interface SignatureToVerify {
  readonly mail: SplitMail;
  readonly signature: SignatureField;
  readonly findKey: (domain: string, selector: string) => Promise<Outcome<FoundKey>>;
  readonly requireTlsrptKey: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** A signature that is valid. */
export interface ValidSignature {
  readonly domain: string;
  readonly selector: string;
  /** Addresses in all `From` fields, as the verifier read them. */
  readonly authors: readonly string[];
  readonly notes: readonly Failure[];
}

/** Verifies it: `DKIM_KEY_UNREACHABLE` is for now, every other failure for good. */
export async function verifySignature(input: SignatureToVerify): Promise<Outcome<ValidSignature>> {
  const { signature, findKey, requireTlsrptKey } = input;
  const { domain, tags } = signature;
  const selector = tags.get('s') ?? '';
  const named = `signature of ${domain === '' ? 'nobody' : domain}`;
  // Before any look-up: what was left out of the signature could be anything (RFC 8460 §3).
  if (tags.has('l')) return fail('DKIM_LENGTH_TAG', `${named} has l=`);
  if (domain === '' || selector === '') {
    return fail('DKIM_SIGNATURE_MALFORMED', `${named} has no usable d= and s=`);
  }
  const key = await findKey(domain, selector);
  if (!key.ok) return key;
  const service = serviceFault(key.value, requireTlsrptKey);
  if (service?.isFatal === true) return { ok: false, failure: service.failure };
  const result = await askLibrary(input, key.value);
  const fault = faultOf(result.signature);
  if (fault !== undefined) return fail(fault.code, `${named}: ${fault.text}`);
  const notes = service === undefined ? [] : [service.failure];
  if (key.value.record.isTesting) {
    notes.push({ code: 'DKIM_KEY_TESTING', detail: `${printable(key.value.name, 260)} says t=y` });
  }
  return ok({ domain, selector, authors: result.authors, notes });
}

interface ServiceFault {
  readonly failure: Failure;
  readonly isFatal: boolean;
}

function serviceFault({ name, record }: FoundKey, isRequired: boolean): ServiceFault | undefined {
  if (record.service === 'tlsrpt') return undefined;
  const says = record.services === undefined ? 'no s=' : `s=${record.services}`;
  const detail = printable(`${name} has ${says}`, 360);
  return record.service === 'other'
    ? { failure: { code: 'DKIM_KEY_OTHER_SERVICE', detail }, isFatal: true }
    : { failure: { code: 'DKIM_KEY_NOT_TLSRPT', detail }, isFatal: isRequired };
}

interface LibraryAnswer {
  readonly signature: DKIMResult | undefined;
  readonly authors: readonly string[];
}

/** The library gets the mail with this one signature, and the key that was found, whatever it asks. */
async function askLibrary(input: SignatureToVerify, key: FoundKey): Promise<LibraryAnswer> {
  // Loaded on first use: it takes longer than most commands run.
  const { dkimVerify } = await import('mailauth/lib/dkim/verify.js');
  const answer = await dkimVerify(withOneSignature(input.mail, input.signature), {
    resolver: async () => await Promise.resolve([[withoutServices(key.text)]]),
    minBitLength: MIN_RSA_BITS,
    rejectRsaSha1: true,
    curTime: new Date(input.now),
  });
  // More than one From field is more than one author, whatever stands in them.
  const isSingle = answer.fromFields === 1;
  return { signature: answer.results[0], authors: isSingle ? answer.headerFrom : [] };
}

/** ARC is left out too: its seals are signatures of others, with keys of their own. */
function withOneSignature(mail: SplitMail, { index }: SignatureField): Buffer {
  const fields = mail.fields.filter((field, at) => {
    const name = fieldName(field);
    return at === index || (name !== 'dkim-signature' && !name.startsWith('arc-'));
  });
  return joinMail({ fields, rest: mail.rest });
}

interface Fault {
  readonly code: ErrorCode;
  readonly text: string;
}

/** In the library's words; undefined: it passed. */
function faultOf(result: DKIMResult | undefined): Fault | undefined {
  const status = result?.status;
  if (status?.result === 'pass') return undefined;
  const comment = typeof status?.comment === 'string' ? status.comment : '';
  const rule = status?.policy?.['dkim-rules'];
  if (rule === 'weak-key') {
    return { code: 'DKIM_KEY_WEAK', text: `its RSA key has fewer than ${MIN_RSA_BITS} bits` };
  }
  if (rule !== undefined) return { code: 'DKIM_SIGNATURE_MALFORMED', text: 'rsa-sha1' };
  const code = CODES[comment];
  if (code !== undefined) return { code, text: comment };
  // What the library passes over it does not name.
  const text = comment === '' || status?.result === 'none' ? 'unknown algorithm' : comment;
  return { code: 'DKIM_SIGNATURE_MALFORMED', text: printable(text) };
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  'body hash did not verify': 'DKIM_BODY_CHANGED',
  'bad signature': 'DKIM_SIGNATURE_INVALID',
  expired: 'DKIM_SIGNATURE_EXPIRED',
  'invalid expiration': 'DKIM_SIGNATURE_EXPIRED',
  'invalid public key': 'DKIM_KEY_MALFORMED',
  'unknown key type': 'DKIM_KEY_MALFORMED',
  'unknown key version': 'DKIM_KEY_MALFORMED',
  'inappropriate hash algorithm': 'DKIM_KEY_MALFORMED',
};
