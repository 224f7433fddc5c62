/**
 * The life of a cached policy, and whose policy it is.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 8461 §5.1, §8, §10.2: cache, renewal, expiry. */
export const STS_CACHE: Section = section(
  { id: 'A.4', title: 'Cache, renewal, expiry', spec: 'RFC 8461 §5.1, §10.2' },
  [
    ['STS-5.1-1', 'DEF', 'S', 'A cached policy is good up to and at `max_age` after its fetch.'],
    ['STS-3-1', 'DEF', 'S', 'A cached policy whose id is unchanged needs no HTTPS for a delivery.'],
    ['STS-5.1-2', 'MAY', 'S', 'A newer policy may be looked for at every delivery.'],
    ['STS-10.2-1', 'SHOULD', 'P', '`max_age` is weeks or more.'],
    [
      'STS-10.2-2',
      'SHOULD NOT',
      'S',
      'Renewal does not wait for expiry and does not depend on the record in DNS.',
    ],
    [
      'STS-10.2-3',
      'SHOULD',
      'S',
      'Repeated failures to renew are made known long before expiry, except for mode `none`.',
    ],
    [
      'STS-10.2-R1',
      'REC',
      'S',
      'Only a fetch extends the life of a policy; an unchanged id does not.',
    ],
    [
      'STS-5.1-R1',
      'REC',
      'S',
      'An old policy fetched under a new id heals itself: daily fetch, and a fetch when no MX host matches.',
    ],
    ['STS-3.3-R5', 'REC', 'S', 'A broken new policy never takes the place of a good cached one.'],
    ['STS-8.3-R1', 'REC', 'S', 'A fetched `none` frees the domain at once.'],
    [
      'STS-3.3-R6',
      'REC',
      'S',
      'Policies survive a restart, and a clock that goes back does no harm.',
    ],
    [
      'STS-3.3-R7',
      'REC',
      'S',
      'The cache is bounded; policies in use are not pushed out by strangers.',
    ],
  ],
);

/** RFC 8461 §1.1, §3.4: whose policy applies. */
export const STS_POLICY_DOMAIN: Section = section(
  { id: 'A.5', title: 'The policy domain', spec: 'RFC 8461 §1.1, §3.4' },
  [
    [
      'STS-1.1-1',
      'DEF',
      'S',
      'The policy domain is the next hop: the domain of the recipient unless routed otherwise.',
    ],
    ['STS-3.4-1', 'MUST', 'S', 'With a smart host its domain is the policy domain.'],
    ['STS-3.4-2', 'DEF', 'S', 'Address literals have no policy.'],
    ['STS-3.4-3', 'MUST NOT', 'S', 'The parent of a subdomain is not asked.'],
    ['STS-3.4-R1', 'REC', 'S', 'The name before a CNAME counts, not its target.'],
    ['STS-3.4-R2', 'REC', 'S', 'Without MX records the domain itself must match a pattern.'],
    ['STS-3.4-R3', 'REC', 'S', 'A null MX ends the matter before any policy.'],
    ['STS-3.4-R4', 'REC', 'S', 'Case, a trailing dot and U-labels make no difference.'],
  ],
);
