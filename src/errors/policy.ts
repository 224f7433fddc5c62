/**
 * Error codes of `tls-policy/` and `relay/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `POLICY_`. */
export const POLICY_ERRORS = {
  POLICY_NEXT_HOP_INVALID: {
    meaning: 'The text is neither a mail domain, nor a host in brackets, nor an address literal.',
    action: 'Write `example.com`, `[mail.example.com]:587`, `[192.0.2.1]` or `[IPv6:2001:db8::1]`.',
    rule: 'RFC 5321 §4.1.3',
  },
  POLICY_DOMAIN_NOT_FOUND: {
    meaning: 'DNS says that the recipient domain does not exist.',
    action: 'Return the message: the address is wrong or the domain has lapsed.',
    rule: 'RFC 5321 §5.1',
  },
  POLICY_NULL_MX: {
    meaning: 'The domain says that it takes no mail.',
    action: 'Return the message: no retry can help.',
    rule: 'RFC 7505 §3',
  },
  POLICY_NO_MX_HOST: {
    meaning: 'The domain has MX records, but none of them names a host.',
    action: 'The owner of the domain must mend its MX records; mail waits meanwhile.',
    rule: 'RFC 5321 §5.1',
  },
  POLICY_MX_LOOKUP_FAILED: {
    meaning: 'The MX records of the domain could not be looked up, so its hosts are not known.',
    action:
      'Mail waits. Look at the DNS failure in the text; a bogus answer is for the domain owner.',
    rule: 'RFC 7672 §2.1.2',
  },
  POLICY_MX_IS_ADDRESS: {
    meaning: 'An MX record holds an IP address where a host name must stand.',
    action: 'The owner of the domain must name a host; the record is passed over.',
    rule: 'RFC 5321 §5.1',
  },
  POLICY_MX_NAME_INVALID: {
    meaning: 'An MX record holds something that is no host name.',
    action: 'The owner of the domain must mend the record; it is passed over.',
    rule: 'RFC 5321 §5.1',
  },
  POLICY_ADDRESS_LOOKUP_FAILED: {
    meaning: 'The addresses of the MX host could not be looked up.',
    action: 'The host is passed over until DNS answers.',
    rule: 'RFC 7672 §2.1.2',
  },
  POLICY_NO_ADDRESS: {
    meaning: 'The MX host has neither an IPv4 nor an IPv6 address.',
    action: 'The owner of the domain must give the host an address or drop the MX record.',
    rule: 'RFC 5321 §5.1',
  },
  POLICY_GATHER_TIMEOUT: {
    meaning: 'DNS took longer for all hosts of the domain than is allowed for one decision.',
    action: 'Mail waits. If it persists, look at the resolver and at the number of MX hosts.',
  },
  POLICY_MX_NOT_IN_POLICY: {
    meaning: 'The MX host matches no `mx` pattern of the MTA-STS policy of the domain.',
    action:
      'The owner of the domain must add the host to the policy or drop the MX record. Where DANE secures the host, `policy.dane_satisfies_sts` lets it do.',
    rule: 'RFC 8461 §4.1',
  },
  POLICY_DANE_REQUIRED: {
    meaning: 'DANE is mandatory for this destination by local choice, and it cannot be done.',
    action: 'Take the domain off the `daneRequired` list, or wait for its TLSA records.',
    rule: 'RFC 7672 §2.2',
  },
  POLICY_NO_HOST_USABLE: {
    meaning: 'Every host of the domain is refused, each for a reason of its own.',
    action: 'Mail waits. What to mend is said of each host by itself.',
    rule: 'RFC 5321 §4.5.4.1',
  },
  POLICY_DISCOVERY_FAILED: {
    meaning:
      'DNS did not say whether the domain has an MTA-STS policy, and the setting says to wait.',
    action: 'Mail waits. Mend DNS, or unset `deferOnDiscoveryError`.',
    rule: 'RFC 8461 §3.1',
  },
  POLICY_STORE_DOWN: {
    meaning: 'The policy store does not answer, so a known policy could be overlooked.',
    action: 'Mend the database. Mail waits meanwhile: store trouble never means "no policy".',
  },
  POLICY_TLS_MISSING: {
    meaning: 'The host must show TLS and the session has none.',
    action: 'The owner of the host must offer STARTTLS; the host is passed over meanwhile.',
    rule: 'RFC 8461 §4.2, RFC 7672 §2.2',
  },
  POLICY_DECISION_INVALID: {
    meaning: 'The text is not a decision record of this version.',
    action: 'Make a new one with `explain --json`.',
  },
  POLICY_RECIPIENT_INVALID: {
    meaning: 'The recipient address is not a mailbox.',
    action: 'Return the message to its author.',
    rule: 'RFC 5321 §4.1.2',
  },
  POLICY_MAIL_LOOP: {
    meaning: 'This host is itself the best MX host of the domain, but does not take its mail.',
    action: 'Route the domain elsewhere, take its mail, or drop this host from its MX records.',
    rule: 'RFC 5321 §5.1',
  },
  POLICY_DELIVERY_STOPPED: {
    meaning: 'The program is stopping, or whoever asked for the delivery gave up.',
    action: 'Nothing: the message is tried again later.',
  },
  POLICY_HOST_BUSY: {
    meaning: 'As many sessions with the host are in use as the relay may have with it.',
    action:
      'None: the message takes its turn. If mail for a host of your own waits long, raise `relay.concurrency_per_host`.',
  },
  POLICY_DELIVERY_BROKEN: {
    meaning: 'A delivery ended in an error of this program.',
    action: 'The message is tried again. Report the error with the text of the log.',
  },
  POLICY_ANSWER_LATE: {
    meaning: 'An MTA asked, and DNS did not answer within `socketmap.budget`.',
    action:
      'Mail for the domain waits and the look-up goes on for the next attempt. If it is not this domain alone, look at the resolver.',
  },
  POLICY_ANSWER_STOPPED: {
    meaning: 'An MTA asked while the service was stopping.',
    action: 'Nothing: the MTA asks again.',
  },
  POLICY_ANSWER_BROKEN: {
    meaning: 'A decision ended in an error of this program.',
    action: 'Mail for the domain waits. Report the error with the text of the log.',
  },
  POLICY_REQUIRETLS_MX: {
    meaning: 'REQUIRETLS: neither DNSSEC nor an enforced MTA-STS policy vouches for the MX host.',
    action: 'Return the message: the destination cannot promise what the sender asked for.',
    rule: 'RFC 8689 §4.2.1',
  },
  POLICY_REQUIRETLS_UNSURE: {
    meaning:
      'REQUIRETLS: whether an MTA-STS policy vouches for the MX host could not be found out now.',
    action: 'Mail waits. Look at the failure in the text: DNS, the policy host, or the database.',
    rule: 'RFC 8689 §4.2.1',
  },
  POLICY_REQUIRETLS_UNVERIFIED: {
    meaning: 'REQUIRETLS: the TLS session is missing or its certificate could not be verified.',
    action: 'Return the message unless the fault passes by itself.',
    rule: 'RFC 8689 §4.2.1',
  },
  POLICY_REQUIRETLS_UNSUPPORTED: {
    meaning: 'REQUIRETLS: the host does not offer it inside TLS.',
    action: 'Return the message with status 5.7.30.',
    rule: 'RFC 8689 §4.2.1',
  },
} as const satisfies Record<string, ErrorEntry>;
