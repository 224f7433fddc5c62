/**
 * Error codes of `dns/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DNS_`. */
export const DNS_ERRORS = {
  DNS_NAME_INVALID: {
    meaning: 'The name cannot be looked up: it is not a valid host name.',
    action: 'Mend the name.',
    rule: 'RFC 1035 §2.3.1, RFC 5891 §4',
  },
  DNS_DOMAIN_UNKNOWN: {
    meaning: 'The resolver says that a domain does not exist, though mail or reports come for it.',
    action: 'Check the resolver with `smtp-sts doctor`, and that the domain is still registered.',
  },
  DNS_TIMEOUT: {
    meaning: 'No resolver answered in time.',
    action: 'Check the resolver and the path to it.',
  },
  DNS_SERVFAIL: {
    meaning: 'The resolver could not get an answer.',
    action: 'Ask the owner of the zone, or try again later.',
  },
  DNS_BOGUS: {
    meaning: 'DNSSEC validation failed: the answer is forged, or the zone is signed wrongly.',
    action: 'Ask the owner of the zone. Nothing is sent meanwhile.',
    rule: 'RFC 7672 §2.1.1',
  },
  DNS_REFUSED: {
    meaning: 'The resolver refuses to answer this machine.',
    action: 'Allow this machine in the access rules of the resolver, or use another resolver.',
    rule: 'RFC 1035 §4.1.1',
  },
  DNS_NOTIMP: {
    meaning: 'The resolver does not know this kind of question.',
    action: 'Use a resolver that supports all record types.',
    rule: 'RFC 1035 §4.1.1',
  },
  DNS_FORMERR: {
    meaning: 'The resolver cannot read the question, not even without EDNS.',
    action: 'Look for a middlebox that damages DNS packets, or use another resolver.',
    rule: 'RFC 6891 §7',
  },
  DNS_RCODE: {
    meaning: 'The resolver answered with an unexpected response code.',
    action: 'Look the code up in the log of the resolver.',
    rule: 'RFC 6895 §2.3',
  },
  DNS_UNREACHABLE: {
    meaning: 'The resolver cannot be reached: nothing listens there, or there is no route to it.',
    action: 'Start the resolver, or correct its address in the settings or in /etc/resolv.conf.',
  },
  DNS_TCP_CLOSED: {
    meaning: 'The resolver closed the TCP connection before the answer was complete.',
    action: 'Check that the resolver answers over TCP, and that no firewall cuts it off.',
    rule: 'RFC 7766 §5',
  },
  DNS_ANSWER_MALFORMED: {
    meaning: 'The answer of the resolver cannot be read or contradicts itself.',
    action: 'Ask the same question with another tool; if it fails too, replace the resolver.',
    rule: 'RFC 1035 §4.1',
  },
  DNS_ANSWER_MISMATCH: {
    meaning: 'What came back answers another question: a fault of the resolver, or a forgery.',
    action: 'Look for somebody who forges answers on the path to the resolver.',
    rule: 'RFC 5452 §9.1',
  },
  DNS_ANSWER_TRUNCATED: {
    meaning: 'The answer is cut short even over TCP.',
    action: 'Ask the owner of the zone: the record set is too large.',
    rule: 'RFC 2181 §9',
  },
  DNS_ANSWER_NAME: {
    meaning: 'The answer leads to a name that no host can have.',
    action: 'Ask the owner of the zone to correct the record.',
    rule: 'RFC 1123 §2.1',
  },
  DNS_NOT_RECURSIVE: {
    meaning: 'The resolver only refers to other servers instead of answering.',
    action: 'Use a resolver that does recursion for this machine.',
    rule: 'RFC 1034 §4.3.1',
  },
  DNS_CNAME_LOOP: {
    meaning: 'The CNAME records of the name lead in a circle.',
    action: 'Ask the owner of the zone.',
    rule: 'RFC 1034 §3.6.2',
  },
  DNS_CNAME_TOO_LONG: {
    meaning: 'The chain of CNAME records is longer than is followed.',
    action: 'Ask the owner of the zone to shorten the chain.',
    rule: 'RFC 7672 §2.1.3',
  },
  DNS_CHAIN_CHANGED: {
    meaning: 'A CNAME record went away while its DNSSEC state was being asked for.',
    action: 'Nothing: the look-up is repeated later.',
    rule: 'RFC 7672 §2.1.3',
  },
  DNS_SOCKETS: {
    meaning: 'No socket could be opened: too many files are open.',
    action: 'Raise the limit of open files (LimitNOFILE), or lower dns.concurrency.',
  },
  DNS_OVERLOADED: {
    meaning: 'Too many look-ups wait already.',
    action: 'Raise dns.concurrency, or find out who asks so much.',
  },
  DNS_ABORTED: {
    meaning: 'Whoever asked stopped waiting.',
    action: 'Nothing: the caller ran out of time or was stopped.',
  },
  DNS_CLOSED: {
    meaning: 'The resolver was closed while or before the look-up ran.',
    action: 'Nothing: the program is stopping.',
  },
  DNS_TXT_BOM: {
    meaning: 'A byte order mark stands before the text of a TXT record.',
    action: 'Save the file as UTF-8 without one, and keep it out of the zone.',
    rule: 'RFC 8461 §3.1, RFC 8460 §3',
  },
  DNS_TXT_QUOTE_OPEN: {
    meaning: 'A quoted string of a TXT record is not closed on its line.',
    action: 'Close the quote; give each line its own quotes.',
    rule: 'RFC 1035 §5.1',
  },
  DNS_TXT_OUTSIDE_QUOTES: {
    meaning: 'A part of a TXT record stands in quotes and another part outside.',
    action: 'Put the whole record into quotes.',
    rule: 'RFC 1035 §5.1',
  },
  DNS_TXT_STRING_LONG: {
    meaning: 'A quoted string of a TXT record is longer than a character-string can be.',
    action: 'Cut it into several quoted strings of at most 255 octets.',
    rule: 'RFC 1035 §3.3',
  },
  DNS_TXT_ZONE_LINE: {
    meaning: 'The text is a whole line of a zone file; only its TXT data is the record.',
    action: 'Nothing for a zone file; a form of a DNS provider wants the text alone.',
    rule: 'RFC 1035 §5.1',
  },
  DNS_TXT_UNQUOTED: {
    meaning: 'TXT data of a zone file has `;` outside quotes, where it begins a comment.',
    action: 'Put the record into quotes.',
    rule: 'RFC 1035 §5.1',
  },
  DNS_TXT_BACKSLASH: {
    meaning: 'A record outside quotes has `\\;`, which only a zone file reads as `;`.',
    action: 'Write `;` in the form of a DNS provider.',
    rule: 'RFC 1035 §5.1',
  },
  DNS_TXT_LINE_BREAK: {
    meaning: 'A record without quotes goes on over a line end.',
    action: 'Write the record on one line.',
  },
  DNS_TXT_OTHER_RECORD: {
    meaning: 'Among several TXT records one is of another kind; it is passed over.',
    action: 'Nothing.',
  },
} as const satisfies Record<string, ErrorEntry>;
