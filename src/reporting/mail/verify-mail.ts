/**
 * Who sent a report: the DKIM signatures of its mail (RFC 8460 §3, RFC 6376).
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import type { Resolver } from '../../dns/types.ts';
import type { Failure, Outcome } from '../../failure.ts';
import type { Authenticity } from '../types.ts';
import { bodyForm, type BodyForm, type BodyKind } from './canonical.ts';
import { findKey, type FoundKey } from './find-key.ts';
import { authorsIn } from './mail-facts.ts';
import { isSameOrganization } from './organizational-domain.ts';
import { withoutLeadingLines } from './scan-mail.ts';
import {
  bodyOf,
  fieldName,
  signatureFields,
  type SignatureField,
  splitMail,
  type SplitMail,
} from './signature-fields.ts';
import { type ValidSignature, verifySignature } from './verify-signature.ts';

/** What is to be verified, and against what. */
export interface VerifyOptions {
  /** The mail as it came: `ReportAttachment.mail.message`. */
  readonly message: Uint8Array;
  readonly resolver: Resolver;
  /**
   * Every name that the report gives for its sender: the domain of `contact-info`, and
   * `TLS-Report-Submitter`. Each must belong to the organisation that signed;
   * where there is none, `From` alone must.
   */
  readonly submitters: readonly string[];
  /** A key that does not say `s=tlsrpt` is not enough (RFC 8460 §3). */
  readonly requireTlsrptKey: boolean;
  /** Milliseconds since the Unix epoch: signatures may have an end. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/** Each costs a look-up and one pass over the whole mail. */
const MAX_SIGNATURES = 5;

/**
 * Verifies it. One signature that is valid and aligned is enough: its domain, the one author in `From`
 * and all `submitters` are of one organisation. Never rejects for what the mail or DNS holds.
 */
export async function verifyReportMail(options: VerifyOptions): Promise<Authenticity> {
  const mail = splitMail(withoutLeadingLines(options.message));
  const all = signatureFields(mail);
  if (all.length === 0) {
    const missing = { code: 'DKIM_SIGNATURE_MISSING', detail: 'no DKIM signature' } as const;
    return { kind: 'unsigned', notes: [noteOf(missing)] };
  }
  const sender = senderOf(mail, options.submitters);
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
  const state: State = { sender, notes, isTemporary: false };
  for (const signature of alignedFirst(all, sender).slice(0, MAX_SIGNATURES)) {
    const outcome = await verifySignature({ ...what, signature });
    const verified = judge(outcome, signature, state);
    if (verified !== undefined) return verified;
  }
  return withoutVerified(state);
}

/** Each key is looked up once, however many signatures name it. */
function keyFinder({
  resolver,
  signal,
}: VerifyOptions): (domain: string, selector: string) => Promise<Outcome<FoundKey>> {
  const found = new Map<string, Promise<Outcome<FoundKey>>>();
  return async (domain, selector) => {
    const id = `${selector} ${domain}`;
    const known = found.get(id);
    if (known !== undefined) return await known;
    const signalOption = signal === undefined ? {} : { signal };
    const key = findKey({ resolver, domain, selector, ...signalOption });
    found.set(id, key);
    return await key;
  };
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

/** Whom a signature must belong to. */
interface Sender {
  /** Domain of the one author. */
  readonly author: string | undefined;
  readonly submitters: readonly string[];
  /** Why no signature can be believed, whoever made it. */
  readonly faults: readonly Failure[];
}

interface State {
  readonly sender: Sender;
  readonly notes: Failure[];
  /** The first valid signature of somebody else. */
  stranger?: ValidSignature;
  isTemporary: boolean;
}

function judge(
  outcome: Outcome<ValidSignature>,
  { domain }: SignatureField,
  state: State,
): Authenticity | undefined {
  const { sender, notes } = state;
  const isAligned = sender.faults.length === 0 && isOfSender(domain, sender);
  if (!outcome.ok) {
    notes.push(outcome.failure);
    // Trying again is of use only for a signature that could count.
    state.isTemporary ||= isAligned && outcome.failure.code === 'DKIM_KEY_UNREACHABLE';
    return undefined;
  }
  const valid = outcome.value;
  if (isAligned && authorDomain(valid.authors) === sender.author) {
    const { selector } = valid;
    return { kind: 'verified', domain, selector, notes: valid.notes.map(noteOf) };
  }
  const names = [sender.author ?? 'no single author', ...sender.submitters].join(', ');
  notes.push({ code: 'DKIM_NOT_ALIGNED', detail: `signed by ${domain}, sent by ${names}` });
  state.stranger ??= valid;
  return undefined;
}

function withoutVerified({ notes, isTemporary, stranger }: State): Authenticity {
  const texts = notes.map(noteOf);
  if (isTemporary) return { kind: 'temporary', notes: texts };
  if (stranger === undefined) return { kind: 'broken', notes: texts };
  return { kind: 'unaligned', domain: stranger.domain, notes: texts };
}

function senderOf(mail: SplitMail, submitters: readonly string[]): Sender {
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
  return { author, submitters: submitters.map(normalized), faults };
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
  return [author ?? '', ...submitters].every((name) => isSameOrganization(name, domain));
}

/** Forwarders put theirs on top: those of the sender must not be crowded out. */
function alignedFirst(all: readonly SignatureField[], sender: Sender): readonly SignatureField[] {
  const isOwn = ({ domain }: SignatureField): boolean => isOfSender(domain, sender);
  return [...all.filter(isOwn), ...all.filter((signature) => !isOwn(signature))];
}

function normalized(name: string): string {
  const normal = normalizeName(name);
  return normal.ok ? normal.value : '';
}

function noteOf({ code, detail }: Failure): string {
  return `${detail} (${code})`;
}
