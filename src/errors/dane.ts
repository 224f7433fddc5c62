/**
 * Error codes of `dane/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DANE_`. */
export const DANE_ERRORS = {
  DANE_TLSA_SYNTAX: {
    meaning: 'The text is no TLSA record.',
    action: 'Write three numbers from 0 to 255 and the data in hex, e.g. `3 1 1 0123…`.',
    rule: 'RFC 6698 §2.2',
  },
  DANE_NO_ADDRESS: {
    meaning: 'The host has no address, so DANE for it is not looked up.',
    action: 'Nothing here: mail goes to the other hosts, if there are any.',
    rule: 'RFC 7672 §2.2.2',
  },
  DANE_ADDRESS_INSECURE: {
    meaning: 'The zone of the host is not signed, so DANE cannot apply.',
    action: 'Nothing: the owner of the host does not take part.',
    rule: 'RFC 7672 §2.2.2',
  },
  DANE_ADDRESS_LOOKUP_FAILED: {
    meaning: 'No address look-up of the host gave an answer that can be believed.',
    action: 'The host is skipped meanwhile. Ask the owner of the zone if it stays.',
    rule: 'RFC 7672 §2.1.2',
  },
  DANE_TLSA_NONE: {
    meaning: 'The signed zone of the host has no TLSA record for the port.',
    action: 'Nothing: the owner of the host does not take part.',
    rule: 'RFC 7672 §2.2',
  },
  DANE_TLSA_INSECURE: {
    meaning: 'TLSA answers came without DNSSEC protection and do not count.',
    action: 'Nothing: the owner of the host must sign the zone for the records to count.',
    rule: 'RFC 7672 §2.2',
  },
  DANE_TLSA_LOOKUP_FAILED: {
    meaning: 'The TLSA look-up gave no answer that can be believed.',
    action: 'The host is skipped meanwhile. Ask the owner of the zone if it stays.',
    rule: 'RFC 7672 §2.1.2',
  },
  DANE_TLSA_BOGUS: {
    meaning:
      'The TLSA answer failed DNSSEC validation: it is forged, or the zone is signed wrongly.',
    action: 'The host is skipped meanwhile. The owner of the zone must mend its signatures.',
    rule: 'RFC 7672 §2.1.2',
  },
  DANE_ALL_UNUSABLE: {
    meaning: 'TLSA records exist, and not one of them is usable for mail.',
    action: 'TLS is a must, with any certificate. The owner should publish `3 1 1` records.',
    rule: 'RFC 7672 §2.2, §3.1',
  },
  DANE_NO_MATCH: {
    meaning: 'No usable TLSA record matches what the server presented.',
    action: 'The owner of the host must publish TLSA records for its certificate.',
    rule: 'RFC 7672 §3.2',
  },
  DANE_NO_PATH: {
    meaning:
      'The server sent the trust anchor of a TLSA record, but its certificate is not issued by it.',
    action: 'The owner of the host must send the whole chain from its certificate to the anchor.',
    rule: 'RFC 7672 §3.1.2',
  },
  DANE_NAME_MISMATCH: {
    meaning: 'The trust anchor matches, but the certificate is for other names.',
    action: 'The owner of the host must put the name of the MX host into the certificate.',
    rule: 'RFC 7672 §3.2.2',
  },
  DANE_CERTIFICATE_EXPIRED: {
    meaning: 'A certificate on the path to the trust anchor has expired.',
    action: 'The owner of the host must renew it; only DANE-EE records ignore dates.',
    rule: 'RFC 7672 §3.1.2',
  },
  DANE_CERTIFICATE_NOT_YET_VALID: {
    meaning: 'A certificate on the path to the trust anchor is not valid yet.',
    action: 'Check the clock of this machine, then ask the owner of the host.',
    rule: 'RFC 7672 §3.1.2',
  },
  DANE_CHAIN_CONSTRAINT: {
    meaning: 'The path to the trust anchor breaks a constraint that one of its certificates sets.',
    action: 'The owner of the host must mend the chain; the detail names the constraint.',
    rule: 'RFC 7672 §3.1.2, RFC 5280 §6.1',
  },
  DANE_CHAIN_TOO_COMPLEX: {
    meaning: 'The server sent so many certificates that the search for a path was given up.',
    action: 'The owner of the host must send only the certificates that form the chain.',
  },
} as const satisfies Record<string, ErrorEntry>;
