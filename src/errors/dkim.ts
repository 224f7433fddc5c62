/**
 * Error codes of DKIM signatures and keys.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DKIM_`. */
export const DKIM_ERRORS = {
  DKIM_SIGNATURE_MISSING: {
    meaning: 'The mail carries no DKIM signature; a report must.',
    action: 'Nothing to do here; the reporter has to sign.',
    rule: 'RFC 8460 §3',
  },
  DKIM_SIGNATURE_INVALID: {
    meaning: 'The signature does not fit the headers of the mail.',
    action: 'Look whether a gateway before us changes headers.',
    rule: 'RFC 6376 §6.1.3',
  },
  DKIM_BODY_CHANGED: {
    meaning: 'The body of the mail is not the one that was signed.',
    action: 'Look whether a gateway before us adds banners or re-encodes mails.',
    rule: 'RFC 6376 §6.1.3',
  },
  DKIM_SIGNATURE_MALFORMED: {
    meaning: 'The signature breaks the rules, or uses an algorithm that is not to be used.',
    action: 'Nothing to do here; the reporter has to sign with rsa-sha256 or ed25519-sha256.',
    rule: 'RFC 6376 §6.1.1, RFC 8301 §3.1',
  },
  DKIM_SIGNATURE_EXPIRED: {
    meaning: 'The signature has an end (`x=`), and it has passed.',
    action: 'Take reports in when they come; nothing can be done for old ones.',
    rule: 'RFC 6376 §3.5',
  },
  DKIM_SHAPE_UNSIGNED: {
    meaning:
      'The signature is valid, but leaves open what of the mail is the report: it does not cover `Content-Type`, and the body does not show by itself that it was sent as it is read now.',
    action:
      'If this is a real reporter: its signature has to cover `Content-Type` (and `Content-Transfer-Encoding` where the mail has no parts). If not, somebody gave a signed mail another header to pass a text in it off as a report.',
    rule: 'RFC 6376 §5.4.1, §8.2',
  },
  DKIM_LENGTH_TAG: {
    meaning:
      'The signature covers the beginning of the body alone (`l=`): anything could be added.',
    action: 'Nothing to do here; the reporter must not use `l=`.',
    rule: 'RFC 8460 §3',
  },
  DKIM_TOO_MANY_SIGNATURES: {
    meaning: 'The mail has more signatures than are looked at.',
    action: 'Nothing to do: those of the reporter were looked at first.',
  },
  DKIM_FIELD_TWICE: {
    meaning: 'A header field that decides how the mail is read stands in it more than once.',
    action: 'Nothing to do: such a mail is never taken as authentic.',
    rule: 'RFC 6376 §8.15',
  },
  DKIM_FROM: {
    meaning: 'The mail has no From, or more than one author: nobody can be held to it.',
    action: 'Nothing to do: such a mail is never taken as authentic.',
    rule: 'RFC 7489 §6.6.1',
  },
  DKIM_NOT_ALIGNED: {
    meaning: 'The signature is valid, but of another organisation than the reporter.',
    action: 'Nothing to do: anybody can sign a mail for a domain of their own.',
    rule: 'RFC 8460 §3',
  },
  DKIM_KEY_MISSING: {
    meaning: 'The public key is not published.',
    action: 'For our own key: publish the record that `smtp-sts dkim-key` printed.',
    rule: 'RFC 6376 §6.1.2',
  },
  DKIM_KEY_UNREACHABLE: {
    meaning: 'The public key could not be looked up now.',
    action: 'Nothing to do: it is tried again. If it lasts, look at the resolver.',
    rule: 'RFC 6376 §6.1.2',
  },
  DKIM_KEY_REVOKED: {
    meaning: 'The public key was taken back: its record has an empty `p=`.',
    action: 'For our own key: make a new one under another selector.',
    rule: 'RFC 6376 §3.6.1',
  },
  DKIM_KEY_MALFORMED: {
    meaning: 'The record of the public key cannot be used.',
    action:
      'For our own key: publish the record as it was printed, without line breaks inside strings.',
    rule: 'RFC 6376 §3.6.1',
  },
  DKIM_KEY_WEAK: {
    meaning: 'The RSA key has fewer than 1024 bits: it can be broken.',
    action: 'For our own key: make one of 2048 bits.',
    rule: 'RFC 8301 §3.2',
  },
  DKIM_KEY_OTHER_SERVICE: {
    meaning: 'The record of the key names services (`s=`), and neither tlsrpt nor email is one.',
    action: 'For our own key: let the record say `s=tlsrpt`.',
    rule: 'RFC 6376 §3.6.1, RFC 8460 §3',
  },
  DKIM_KEY_NOT_TLSRPT: {
    meaning: 'The record of the key does not say that it is for TLS reports (`s=tlsrpt`).',
    action:
      'For our own key: let the record say `s=tlsrpt`. Most reporters leave it out; only reporting.receive.require_tlsrpt_key asks for it.',
    rule: 'RFC 8460 §3',
  },
  DKIM_KEY_TESTING: {
    meaning: 'The record of the key says that its domain is only trying DKIM out (`t=y`).',
    action: 'For our own key: take `t=y` out of the record.',
    rule: 'RFC 6376 §3.6.1',
  },
  DKIM_KEY_DIFFERS: {
    meaning: 'The published key is not that of our private key.',
    action: 'Publish the record of this key, or sign with the key that is published.',
    rule: 'RFC 6376 §3.6.1',
  },
  DKIM_KEY_SEVERAL_RECORDS: {
    meaning:
      'More than one key is published under the selector: which one is used is left to chance.',
    action: 'Leave one record there; give another key another selector.',
    rule: 'RFC 6376 §3.6.2.2',
  },
  DKIM_KEY_NOT_SET: {
    meaning: 'No DKIM key is configured, and reports by mail must be signed.',
    action: 'Make one with `smtp-sts dkim-key` and set reporting.send.dkim.',
    rule: 'RFC 8460 §3',
  },
  DKIM_KEY_FILE: {
    meaning: 'The file of the DKIM key cannot be read, or holds no key that can be used.',
    action: 'Check reporting.send.dkim.key_file: a PEM file with one RSA or Ed25519 private key.',
    rule: 'RFC 8301 §3, RFC 8463',
  },
  DKIM_KEY_FILE_EXPOSED: {
    meaning: 'Every user of the machine may read or change the file of the DKIM key.',
    action:
      'Take the rights of others away: `chmod 600 FILE`, or 640 where a group has to read it.',
  },
  DKIM_KEY_FILE_EXISTS: {
    meaning: 'There is a file already where the new DKIM key should go.',
    action: 'Name another file, or move the old one away yourself.',
  },
  DKIM_KEY_FILE_UNWRITABLE: {
    meaning: 'The new DKIM key could not be written.',
    action: 'Check the folder and its rights.',
  },
  DKIM_DOMAIN: {
    meaning: 'The signing domain is none, or of another organisation than the From of reports.',
    action:
      'Set reporting.send.dkim.domain to the domain of reporting.send.from, or leave it empty.',
    rule: 'RFC 8460 §3',
  },
} as const satisfies Record<string, ErrorEntry>;
