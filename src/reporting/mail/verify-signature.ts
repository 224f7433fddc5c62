/**
 * Verifies one DKIM signature of a mail.
 *
 * @module
 */
import type { DKIMResult } from 'mailauth';
import type { ErrorCode } from '../../errors.ts';
import { fail, ok, type Failure, type Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import type { BodyForm, BodyKind } from './canonical.ts';
import type { FoundKey } from './find-key.ts';
import { withoutServices } from './key-record.ts';
import { fieldName, joinMail, type SignatureField, type SplitMail } from './signature-fields.ts';
import { listIn, type TagList } from './tag-list.ts';

/** RFC 8301 §3.2. */
const MIN_RSA_BITS = 1024;

/** One signature, and what it takes to verify it. */
export interface SignatureToVerify {
  readonly mail: SplitMail;
  readonly signature: SignatureField;
  /** The body in a form, made once for all signatures. */
  readonly bodyIn: (kind: BodyKind) => BodyForm;
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
  /** Names of the fields that it covers, in lower case (`h=`). */
  readonly signedFields: readonly string[];
  readonly notes: readonly Failure[];
}

/** A signature that may be valid, with its key: only the costly part is left. */
export interface ReadySignature {
  readonly input: SignatureToVerify;
  readonly named: string;
  readonly selector: string;
  readonly body: BodyForm;
  readonly key: FoundKey;
  readonly service: ServiceFault | undefined;
}

/** Looks at all that costs little, and looks up its key: `DKIM_KEY_UNREACHABLE` is for now, every other failure for good. */
export async function readySignature(input: SignatureToVerify): Promise<Outcome<ReadySignature>> {
  const { signature, findKey, requireTlsrptKey } = input;
  const { domain, tags } = signature;
  const selector = tags.get('s') ?? '';
  const named = `signature of ${domain === '' ? 'nobody' : domain}`;
  // Before any look-up: what was left out of the signature could be anything (RFC 8460 §3).
  if (tags.has('l')) return fail('DKIM_LENGTH_TAG', `${named} has l=`);
  if (domain === '' || selector === '') {
    return fail('DKIM_SIGNATURE_MALFORMED', `${named} has no usable d= and s=`);
  }
  const kind = bodyKindOf(tags);
  const malformed = kind === undefined ? 'its c= is unknown' : malformedIn(tags);
  if (kind === undefined || malformed !== undefined) {
    return fail('DKIM_SIGNATURE_MALFORMED', `${named}: ${malformed}`);
  }
  const body = input.bodyIn(kind);
  if (tags.get('bh') !== body.hash) {
    return fail('DKIM_BODY_CHANGED', `${named}: the body is not the one that was signed`);
  }
  const key = await findKey(domain, selector);
  if (!key.ok) return key;
  const service = serviceFault(key.value, requireTlsrptKey);
  if (service?.isFatal === true) return { ok: false, failure: service.failure };
  return ok({ input, named, selector, body, key: key.value, service });
}

/** Verifies it; every failure is for good. */
export async function verifySignature(ready: ReadySignature): Promise<Outcome<ValidSignature>> {
  const { input, named, selector, body, key, service } = ready;
  const { domain, tags } = input.signature;
  const result = await askLibrary(input, body, key);
  const fault = faultOf(result.signature);
  if (fault !== undefined) return fail(fault.code, `${named}: ${fault.text}`);
  const notes = service === undefined ? [] : [service.failure];
  if (key.record.isTesting) {
    notes.push({ code: 'DKIM_KEY_TESTING', detail: `${printable(key.name, 260)} says t=y` });
  }
  const signedFields = listIn(tags.get('h'));
  return ok({ domain, selector, authors: result.authors, signedFields, notes });
}

function bodyKindOf(tags: TagList): BodyKind | undefined {
  const [header, body] = (tags.get('c') ?? 'simple').toLowerCase().split('/');
  const kinds = [header, body ?? 'simple'];
  if (!kinds.every((kind) => kind === 'simple' || kind === 'relaxed')) return undefined;
  return kinds[1] === 'relaxed' ? 'relaxed' : 'simple';
}

function malformedIn(tags: TagList): string | undefined {
  const algorithm = (tags.get('a') ?? '').toLowerCase();
  if (!/^(?:rsa|ed25519)-sha256$/.test(algorithm)) {
    return `its algorithm is ${printable(algorithm, 30)}`;
  }
  return listIn(tags.get('h')).includes('from') ? undefined : 'it does not cover From';
}

/** What is wrong with what a key is for. */
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

/**
 * The library gets the mail with this one signature, and the key that was found, whatever it asks.
 * The body it gets is in form already, which does not change its hash: bringing a large body full of
 * blanks into form takes the library seconds.
 */
async function askLibrary(
  input: SignatureToVerify,
  body: BodyForm,
  key: FoundKey,
): Promise<LibraryAnswer> {
  // Loaded on first use: it takes longer than most commands run.
  const { dkimVerify } = await import('mailauth/lib/dkim/verify.js');
  const answer = await dkimVerify(withOneSignature(input.mail, input.signature, body), {
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
function withOneSignature(mail: SplitMail, { index }: SignatureField, { bytes }: BodyForm): Buffer {
  const fields = mail.fields.filter((field, at) => {
    const name = fieldName(field);
    return at === index || (name !== 'dkim-signature' && !name.startsWith('arc-'));
  });
  return joinMail({ fields, rest: Buffer.concat([Buffer.from('\r\n'), bytes]) });
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
