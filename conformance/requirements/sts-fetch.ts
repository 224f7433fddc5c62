/**
 * Fetching the policy.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 8461 §3.3, §7.1: fetching the policy. */
export const STS_FETCH: Section = section(
  { id: 'A.3', title: 'Fetching the policy', spec: 'RFC 8461 §3.3, §7.1' },
  [
    [
      'STS-3.3-1',
      'MUST',
      'P',
      'The certificate of the policy host carries its name, is in date and chains to a trusted root.',
    ],
    ['STS-3.3-2', 'DEF', 'S', 'Only DNS names of the certificate count, never its common name.'],
    ['STS-3.3-3', 'MAY', 'P', 'The certificate may have a wildcard as the whole first label.'],
    ['STS-3.3-4', 'MAY', 'S', 'Revocation may be checked.'],
    ['STS-3.3-5', 'MUST', 'S', 'Only status 200 brings a policy.'],
    ['STS-3.3-6', 'MUST NOT', 'S', 'Redirects are not followed.'],
    ['STS-3.3-7', 'MUST NOT', 'S', 'There is no HTTP caching: every fetch is a full one.'],
    ['STS-3.3-8', 'MAY', 'S', 'Fetches may be limited in rate.'],
    [
      'STS-3.3-9',
      'SHOULD',
      'S',
      'After a failed fetch the same id is not tried again for 5 minutes.',
    ],
    ['STS-3.3-10', 'MAY', 'S', 'A time-out bounds the whole fetch; a minute is suggested.'],
    [
      'STS-3.3-11',
      'MAY',
      'S',
      'A limit bounds the size; 64 KiB are suggested, and a cut body is no policy.',
    ],
    ['STS-3.3-12', 'SHOULD', 'P', 'The policy host answers within that time and size.'],
    [
      'STS-3.3-13',
      'MUST',
      'S',
      'A record without an obtainable policy and without a cached one means delivery as without MTA-STS.',
    ],
    [
      'STS-3.3-14',
      'MUST',
      'S',
      'If nothing can be had now, an unexpired cached policy is applied.',
    ],
    [
      'STS-3.3-15',
      'SHOULD',
      'S',
      'Cached policies are renewed well before they expire, about daily.',
    ],
    [
      'STS-3.3-16',
      'SHOULD',
      'S',
      'A failed renewal is made known to the operator, unless the cached mode is `none`.',
    ],
    ['STS-7.1-1', 'MUST', 'S', 'The policy host is named by SNI.'],
    ['STS-7.1-2', 'MAY', 'P', 'The policy host may choose its chain by SNI.'],
    [
      'STS-7.1-3',
      'MUST',
      'P',
      'The policy host presents a chain for its own name or ends the handshake.',
    ],
    [
      'STS-3.3-R1',
      'REC',
      'S',
      'No compression, no cookies, no credentials; an announced body over the limit is refused at once.',
    ],
    [
      'STS-3.3-R2',
      'REC',
      'S',
      'A policy host on a private, loopback or link-local address is not contacted unless configured.',
    ],
    ['STS-3.3-R3', 'REC', 'S', 'One fetch for a domain at a time, shared by all who wait.'],
    ['STS-3.3-R4', 'REC', 'S', 'All addresses of the policy host are tried.'],
  ],
);
