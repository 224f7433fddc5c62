/**
 * Error codes of routes: smart hosts, and AUTH with them.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `ROUTE_`. */
export const ROUTE_ERRORS = {
  ROUTE_PATTERN_INVALID: {
    meaning: 'A pattern of a route is neither a domain, nor `*.domain`, nor `*`, nor an address.',
    action: 'Write `example.com`, `*.example.com`, `*`, `[192.0.2.1]` or `[IPv6:2001:db8::1]`.',
  },
  ROUTE_NEXT_HOP_INVALID: {
    meaning: 'The next hop of a route cannot be read.',
    action: 'Write `[mail.example.com]:587`, `example.com`, `[192.0.2.1]` or `[IPv6:2001:db8::1]`.',
  },
  ROUTE_CREDENTIALS_INCOMPLETE: {
    meaning: 'A route has a user without a password file, or the other way round.',
    action: 'Set both `user` and `password_file`, or neither.',
  },
  ROUTE_USER_INVALID: {
    meaning: 'The user of a route has a character that cannot be said in AUTH.',
    action: 'Write the name without control characters.',
    rule: 'RFC 4616 §2',
  },
  ROUTE_PASSWORD_FILE: {
    meaning: 'The password file of a route cannot be read.',
    action: 'Check its path, and that the user of the service may read it.',
  },
  ROUTE_PASSWORD_FILE_EXPOSED: {
    meaning: 'Every user of this machine may read or change the password file of a route.',
    action: 'Run `chmod 600` on it, change its owner if need be, and think of a new password.',
  },
  ROUTE_PASSWORD_INVALID: {
    meaning: 'The password file of a route does not hold one line with a password.',
    action: 'Write the password into it and nothing else; an end of line behind it does no harm.',
  },
  ROUTE_UNVERIFIABLE: {
    meaning: 'A route asks for a verified certificate, or has a password, and leads to an address.',
    action:
      'Write the name of the host, as in `[mail.example.com]:587`: a certificate proves names.',
    rule: 'RFC 9525 §3',
  },
  ROUTE_LOCAL_ADDRESS: {
    meaning:
      'The local address is IPv4 and the address to connect to IPv6, or the other way round.',
    action: 'Set a local address of the other family, or none.',
  },
  ROUTE_HOST_UNVOUCHED: {
    meaning:
      'A route asks for verified TLS, and nothing vouches that the MX host is one of the next hop.',
    action:
      'Write the host itself in brackets as `next_hop`: MX records that nobody signed can be forged.',
    rule: 'RFC 3207 §6',
  },
  ROUTE_AUTH_UNSAFE: {
    meaning: 'The session with the smart host is not verified, so no password was said.',
    action: 'Mail waits. Look at the verdict beside this failure: it names what was wrong.',
    rule: 'RFC 4954 §9',
  },
  ROUTE_AUTH_NOT_OFFERED: {
    meaning: 'The smart host offers neither AUTH PLAIN nor AUTH LOGIN inside TLS.',
    action:
      'Mail waits. Check the port of the route: submission is on 587 or 465. Drop `user` if no password is wanted.',
    rule: 'RFC 4954 §3',
  },
  ROUTE_AUTH_REFUSED: {
    meaning: 'The smart host refused our user or password.',
    action:
      'Mail waits; none is returned for this before `relay.give_up_after`. Correct `user` or the password file, then reload.',
    rule: 'RFC 4954 §6',
  },
  ROUTE_AUTH_WANTED: {
    meaning: 'The smart host takes mail only from users who authenticate, or not from ours.',
    action:
      'Mail waits; none is returned for this before `relay.give_up_after`. Set `user` and `password_file`, then reload.',
    rule: 'RFC 4954 §6',
  },
  ROUTE_AUTH_TEMPORARY: {
    meaning: 'The smart host could not check our password now.',
    action: 'Mail waits. If it lasts, tell the postmaster of the smart host.',
    rule: 'RFC 4954 §6',
  },
  ROUTE_AUTH_CONFUSED: {
    meaning: 'The smart host answered AUTH with something that has no meaning there.',
    action: 'Mail waits. Check that the port really is an SMTP server.',
    rule: 'RFC 4954 §4',
  },
  ROUTE_AUTH_OUT_OF_PLACE: {
    meaning: 'AUTH was asked for in clear text, before the verdict, or behind a message.',
    action: 'A fault in the calling code: nothing was said.',
    rule: 'RFC 4954 §4',
  },
} as const satisfies Record<string, ErrorEntry>;
