/**
 * The whole catalogue of requirements.
 *
 * @module
 */
import type { Requirement, Section } from './requirement.ts';
import { DANE_DNS, DANE_OUTCOME } from './requirements/dane-dns.ts';
import { DANE_MATCHING, DANE_PUBLISHER } from './requirements/dane-matching.ts';
import { REQUIRETLS } from './requirements/requiretls.ts';
import { IDENTITY, STARTTLS } from './requirements/starttls.ts';
import { STS_APPLICATION, STS_PUBLISHER, STS_REPORTING } from './requirements/sts-application.ts';
import { STS_CACHE, STS_POLICY_DOMAIN } from './requirements/sts-cache.ts';
import { STS_FETCH } from './requirements/sts-fetch.ts';
import { STS_POLICY } from './requirements/sts-policy.ts';
import { STS_RECORD } from './requirements/sts-record.ts';
import { STS_VALIDATION } from './requirements/sts-validation.ts';
import { TLSRPT_RECORD } from './requirements/tlsrpt-record.ts';
import { TLSRPT_REPORT } from './requirements/tlsrpt-report.ts';
import { TLSRPT_TRANSPORT } from './requirements/tlsrpt-transport.ts';
import { NOTIFICATIONS, NULL_MX, TRANSPORT } from './requirements/transport.ts';

/** Every section in the order in which it is shown. */
export const CATALOGUE: readonly Section[] = [
  STS_RECORD,
  STS_POLICY,
  STS_FETCH,
  STS_CACHE,
  STS_POLICY_DOMAIN,
  STS_VALIDATION,
  STS_APPLICATION,
  STS_REPORTING,
  STS_PUBLISHER,
  TLSRPT_RECORD,
  TLSRPT_TRANSPORT,
  TLSRPT_REPORT,
  DANE_DNS,
  DANE_OUTCOME,
  DANE_MATCHING,
  DANE_PUBLISHER,
  REQUIRETLS,
  STARTTLS,
  TRANSPORT,
  NULL_MX,
  NOTIFICATIONS,
  IDENTITY,
];

/** Every requirement of the given sections. */
export function requirementsOf(sections: readonly Section[]): readonly Requirement[] {
  return sections.flatMap((section) => section.requirements);
}
