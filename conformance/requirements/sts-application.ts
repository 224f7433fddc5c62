/**
 * Applying a policy, reporting, and the side of the publisher.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 8461 §5, §8.4, appendix B: applying a policy. */
export const STS_APPLICATION: Section = section(
  { id: 'A.7', title: 'Applying a policy', spec: 'RFC 8461 §2, §5, §8.4, appendix B' },
  [
    [
      'STS-5-1',
      'MUST NOT',
      'S',
      'Under `enforce` nothing is delivered to a host that fails a check.',
    ],
    [
      'STS-5-2',
      'DEF',
      'S',
      'Under `testing` all is delivered as without a policy, and failures are reported.',
    ],
    ['STS-5-3', 'DEF', 'S', '`none` is as good as no policy.'],
    [
      'STS-5-4',
      'MUST NOT',
      'S',
      'No message is returned for a policy before DNS was asked for a newer one.',
    ],
    ['STS-5-5', 'SHOULD', 'S', 'Failures under `enforce` are for now: the message waits.'],
    [
      'STS-5.1-3',
      'DEF',
      'S',
      'A cached policy is used first; else one is fetched, and delivery need not wait for it.',
    ],
    [
      'STS-5.1-4',
      'DEF',
      'S',
      'Hosts are tried in the order of preference; a host that fails gives way to the next.',
    ],
    ['STS-5.1-5', 'MUST NOT', 'S', 'Nothing fails for good before a new id was looked for.'],
    ['STS-8.4-1', 'SHOULD', 'S', 'The list of MX hosts is not filtered by the policy beforehand.'],
    [
      'STS-8.4-2',
      'DEF',
      'S',
      'A wrong host of low preference goes unnoticed in delivery; a check sees it.',
    ],
    ['STS-2-1', 'MUST NOT', 'S', 'A satisfied policy does not rescue a host that DANE refuses.'],
    ['STS-App-B-1', 'DEF', 'S', 'A host that does not answer has not failed the policy.'],
    [
      'STS-App-B-2',
      'DEF',
      'S',
      'Live policy before cached one; then pattern, STARTTLS and certificate for each host.',
    ],
    [
      'STS-5-R1',
      'REC',
      'S',
      'STARTTLS refused, cut or broken counts as absent; clear text never follows.',
    ],
    ['STS-5-R2', 'REC', 'S', 'A session is used again only under the same demands.'],
  ],
);

/** RFC 8461 §6: what is reported. */
export const STS_REPORTING: Section = section(
  { id: 'A.8', title: 'Reporting', spec: 'RFC 8461 §6' },
  [
    ['STS-6-1', 'SHOULD', 'TG', 'A record whose policy cannot be fetched is reported.'],
    [
      'STS-6-2',
      'SHOULD',
      'TG',
      'A failed renewal of a cached policy is reported, unless its mode is `none`.',
    ],
    [
      'STS-6-3',
      'SHOULD',
      'TG',
      'Sessions without STARTTLS or a valid certificate are reported, unless the mode is `none`.',
    ],
  ],
);

/** RFC 8461 §8, §9, §10: the publisher. */
export const STS_PUBLISHER: Section = section(
  { id: 'A.9', title: 'The publisher', spec: 'RFC 8461 §8, §9, §10' },
  [
    [
      'STS-8.1-1',
      'SHOULD',
      'P',
      'What the old policy allows keeps working until the new one has reached everyone.',
    ],
    ['STS-8.1-2', 'SHOULD', 'P', 'The policy file changes before the id.'],
    [
      'STS-8.2-1',
      'DEF',
      'P',
      'A provider serves the policy through a CNAME of the record and the policy host.',
    ],
    [
      'STS-8.2-2',
      'DEF',
      'P',
      'The provider still needs a certificate for the policy host of its customer.',
    ],
    ['STS-8.2-3', 'MAY', 'P', 'A reverse proxy may keep the file for a short time.'],
    ['STS-8.3-1', 'DEF', 'P', 'Leaving goes through `none` with a short `max_age` and a new id.'],
    ['STS-9.1-1', 'DEF', 'P', 'The well-known name is `mta-sts.txt`.'],
    [
      'STS-10.3-1',
      'DEF',
      'S P',
      'A planted policy is undone by publishing a new one with a new id.',
    ],
    [
      'STS-10.3-2',
      'DEF',
      'P',
      'Who hands out subdomains keeps `mta-sts` and `_mta-sts` for himself.',
    ],
    [
      'STS-10.4-1',
      'DEF',
      'P',
      'A wildcard admits every host under the domain that can get a certificate.',
    ],
    ['STS-10.1-1', 'DEF', '-', 'All rests on the web PKI.'],
  ],
);
