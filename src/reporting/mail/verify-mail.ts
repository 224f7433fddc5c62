/**
 * Who sent a report: the DKIM signatures of its mail (RFC 8460 §3, RFC 6376).
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import type { Resolver } from '../../dns/types.ts';
import { fail, type Failure, type Outcome } from '../../failure.ts';
import type { Authenticity } from '../types.ts';
import { bodyForm, type BodyForm, type BodyKind } from './canonical.ts';
import { looseShape } from './signed-shape.ts';
import type { PartPlace } from './types.ts';
import { findKey, type FoundKey } from './find-key.ts';
import { authorsIn } from './mail-facts.ts';
import { isSameOrganization } from './organizational-domain.ts';
import { isOpenToAnybody } from './shared-domains.ts';
import { withoutLeadingLines } from './scan-mail.ts';
import {
  bodyOf,
  fieldName,
  signatureFields,
  type SignatureField,
  splitMail,
  type SplitMail,
} from './signature-fields.ts';
import {
  readySignature,
  type SignatureToVerify,
  type ValidSignature,
  verifySignature,
} from './verify-signature.ts';

/** A mail whose signatures are to be looked at. */
export interface MailToCheck {
  /** The mail as it came: `ReportAttachment.mail.message`. */
  readonly message: Uint8Array;
  readonly resolver: Resolver;
  /** A key that does not say `s=tlsrpt` is not enough (RFC 8460 §3). */
  readonly requireTlsrptKey: boolean;
  /** Milliseconds since the Unix epoch: signatures may have an end. */
  readonly now: number;
  /** Keys that were not found before it aborts could not be looked up now. */
  readonly signal?: AbortSignal;
}

/** A report of the mail, and whose it says it is. */
export interface ReportClaim {
  /**
   * Every name that the report gives for its sender: the domain of `contact-info`, and
   * `TLS-Report-Submitter`. Each must belong to the organisation that signed;
   * where there is none, `From` alone must.
   */
  readonly submitters: readonly string[];
  /** Where it was in the mail; default: `outer`. */
  readonly place?: PartPlace;
}

/** What is to be verified, and against what. */
export type VerifyOptions = MailToCheck & ReportClaim;

/** Says of a report of the mail who sent it. */
export type JudgeReport = (claim: ReportClaim) => Authenticity;

/** Each costs a look-up and one pass over the whole mail. */
const MAX_SIGNATURES = 5;

/**
 * Verifies it. One signature that is valid and aligned is enough: its domain, the one author in `From`
 * and all `submitters` are of one organisation. Never rejects for what the mail or DNS holds.
 */
export async function verifyReportMail(options: VerifyOptions): Promise<Authenticity> {
  return (await checkMail(options))(options);
}

/**
 * Looks at the signatures, those of the author's organisation first and the others only where none
 * of them is valid; keys are looked up side by side.
 */
export async function checkMail(options: MailToCheck): Promise<JudgeReport> {
  const mail = splitMail(withoutLeadingLines(options.message));
  const all = signatureFields(mail);
  if (all.length === 0) {
    const missing = { code: 'DKIM_SIGNATURE_MISSING', detail: 'no DKIM signature' } as const;
    return () => ({ kind: 'unsigned', notes: [noteOf(missing)] });
  }
  const sender = senderOf(mail);
  const notes: Failure[] = [...sender.faults];
  if (all.length > MAX_SIGNATURES) {
    notes.push({
      code: 'DKIM_TOO_MANY_SIGNATURES',
      detail: `${all.length} signatures, ${MAX_SIGNATURES} were looked at`,
    });
  }
  const { requireTlsrptKey, now } = options;
  const shared = { findKey: keyFinder(options), bodyIn: bodyForms(mail) };
  const what = { mail, requireTlsrptKey, now, ...shared };
  const check = async (signatures: readonly SignatureField[]): Promise<readonly Checked[]> =>
    await checkAll(signatures.map((signature) => ({ ...what, signature })));
  const { own, others } = ofAuthor(all, sender);
  const checked = [...(await check(own))];
  const isEnough = checked.some(({ outcome }) => outcome.ok) || options.signal?.aborted === true;
  if (!isEnough) checked.push(...(await check(others)));
  return (claim) => {
    const { submitters, place = 'outer' } = claim;
    const of = { ...sender, submitters: submitters.map(normalized) };
    return judgeAll(checked, { mail, sender: of, place, notes: [...notes], isTemporary: false });
  };
}

/** Keys are waited for together; the costly part is done one by one, until one says all there is to say. */
async function checkAll(signatures: readonly SignatureToVerify[]): Promise<readonly Checked[]> {
  const ready = await Promise.all(signatures.map(readySignature));
  const checked: Checked[] = [];
  for (const [index, each] of ready.entries()) {
    const outcome = each.ok ? await verifySignature(each.value) : each;
    checked.push({ domain: signatures[index]!.signature.domain, outcome });
    if (outcome.ok && outcome.value.signedFields.includes('content-type')) break;
  }
  return checked;
}

/** Forwarders put theirs on top: those of the sender must not be crowded out. */
function ofAuthor(
  all: readonly SignatureField[],
  { author = '' }: Author,
): { readonly own: readonly SignatureField[]; readonly others: readonly SignatureField[] } {
  const isOwn = ({ domain }: SignatureField): boolean => isSameOrganization(author, domain);
  const own = all.filter(isOwn).slice(0, MAX_SIGNATURES);
  const others = all.filter((signature) => !isOwn(signature));
  return { own, others: others.slice(0, MAX_SIGNATURES - own.length) };
}

/** Each key is looked up once, however many signatures name it. */
function keyFinder({
  resolver,
  signal,
}: MailToCheck): (domain: string, selector: string) => Promise<Outcome<FoundKey>> {
  const found = new Map<string, Promise<Outcome<FoundKey>>>();
  return async (domain, selector) => {
    const id = `${selector} ${domain}`;
    const known = found.get(id);
    if (known !== undefined) return await known;
    const signalOption = signal === undefined ? {} : { signal };
    const key = inTime(findKey({ resolver, domain, selector, ...signalOption }), domain, signal);
    found.set(id, key);
    return await key;
  };
}

/** A resolver may need a while to hear of the signal. */
async function inTime(
  key: Promise<Outcome<FoundKey>>,
  domain: string,
  signal: AbortSignal | undefined,
): Promise<Outcome<FoundKey>> {
  if (signal === undefined) return await key;
  const over = Promise.withResolvers<Outcome<FoundKey>>();
  const end = (): void =>
    over.resolve(fail('DKIM_KEY_UNREACHABLE', `the key of ${domain} was not found in time`));
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([key, over.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Each form is made once. */
function bodyForms(mail: SplitMail): (kind: BodyKind) => BodyForm {
  const forms = new Map<BodyKind, BodyForm>();
  return (kind) => {
    const form = forms.get(kind) ?? bodyForm(bodyOf(mail), kind);
    forms.set(kind, form);
    return form;
  };
}

/** Who wrote the mail. */
interface Author {
  /** Domain of the one author. */
  readonly author: string | undefined;
  /** Why no signature can be believed, whoever made it. */
  readonly faults: readonly Failure[];
}

/** Whom a signature must belong to. */
interface Sender extends Author {
  readonly submitters: readonly string[];
}

interface Checked {
  readonly domain: string;
  readonly outcome: Outcome<ValidSignature>;
}

interface State {
  readonly mail: SplitMail;
  readonly sender: Sender;
  readonly place: PartPlace;
  readonly notes: Failure[];
  /** The first valid signature of somebody else. */
  stranger?: ValidSignature;
  isTemporary: boolean;
}

function judgeAll(checked: readonly Checked[], state: State): Authenticity {
  for (const each of checked) {
    const verified = judge(each, state);
    if (verified !== undefined) return verified;
  }
  return withoutVerified(state);
}

function judge({ domain, outcome }: Checked, state: State): Authenticity | undefined {
  const { mail, sender, place, notes } = state;
  const isAligned = sender.faults.length === 0 && isOfSender(domain, sender);
  if (!outcome.ok) {
    notes.push(outcome.failure);
    // Trying again is of use only for a signature that could count.
    state.isTemporary ||= isAligned && outcome.failure.code === 'DKIM_KEY_UNREACHABLE';
    return undefined;
  }
  const valid = outcome.value;
  const loose = looseShape(mail, { signed: valid.signedFields, place });
  if (loose !== undefined) {
    notes.push({ code: 'DKIM_SHAPE_UNSIGNED', detail: `signature of ${domain}: ${loose}` });
    return undefined;
  }
  if (isAligned && authorDomain(valid.authors) === sender.author) {
    const { selector } = valid;
    return { kind: 'verified', domain, selector, notes: valid.notes.map(noteOf) };
  }
  const names = [sender.author ?? 'no single author', ...sender.submitters].join(', ');
  const detail = isOpenToAnybody(domain)
    ? `anybody can be signed for by ${domain}`
    : `signed by ${domain}, sent by ${names}`;
  notes.push({ code: 'DKIM_NOT_ALIGNED', detail });
  state.stranger ??= valid;
  return undefined;
}

function withoutVerified({ notes, isTemporary, stranger }: State): Authenticity {
  const texts = notes.map(noteOf);
  if (isTemporary) return { kind: 'temporary', notes: texts };
  if (stranger === undefined) return { kind: 'broken', notes: texts };
  return { kind: 'unaligned', domain: stranger.domain, notes: texts };
}

function senderOf(mail: SplitMail): Author {
  const authors = authorsIn(
    mail.fields
      .filter((field) => fieldName(field) === 'from')
      .map((field) => Buffer.from(field, 'latin1').toString('utf8'))
      .map((field) => field.slice(field.indexOf(':') + 1).replace(/\r?\n/g, '')),
  );
  const author = authorDomain(authors);
  const faults = TWICE.filter((name) => countOf(name, mail) > 1).map((name): Failure => ({
    code: 'DKIM_FIELD_TWICE',
    detail: `the mail has more than one ${name}`,
  }));
  if (author === undefined) {
    faults.push({ code: 'DKIM_FROM', detail: `the mail has ${authors.length} authors in From` });
  }
  return { author, faults };
}

/** Signing covers the last of two, reading takes the first: whoever adds one could exchange the report. */
const TWICE = ['From', 'Content-Type', 'Content-Transfer-Encoding', 'Content-Disposition'] as const;

/** Counted as the most lenient reader would: blanks and line breaks before the colon do not hide a field. */
function countOf(name: string, { fields }: SplitMail): number {
  const pattern = new RegExp(`(?:^[ \\t]*|\\n)${name}[ \\t\\r\\n]*:`, 'gi');
  return [...fields.join('').matchAll(pattern)].length;
}

function authorDomain(authors: readonly string[]): string | undefined {
  const address = authors.length === 1 ? authors[0]! : '';
  const name = normalizeName(address.slice(address.lastIndexOf('@') + 1));
  return address.includes('@') && name.ok ? name.value : undefined;
}

function isOfSender(domain: string, { author, submitters }: Sender): boolean {
  if (isOpenToAnybody(domain)) return false;
  return [author ?? '', ...submitters].every((name) => isSameOrganization(name, domain));
}

function normalized(name: string): string {
  const normal = normalizeName(name);
  return normal.ok ? normal.value : '';
}

function noteOf({ code, detail }: Failure): string {
  return `${detail} (${code})`;
}
