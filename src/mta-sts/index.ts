/**
 * MTA-STS (RFC 8461): records, policies, matching, fetching, and the policy cache.
 *
 * @module
 */
export { discover, selectStsRecord, STS_LABEL, type DiscoverOptions } from './discover.ts';
export {
  fetchStsPolicy,
  POLICY_PATH,
  policyHost,
  type FetchedPolicy,
  type FetchPolicyOptions,
} from './fetch-policy.ts';
export { lintPolicy, lintRecord } from './lint.ts';
export { mxMatches, policyAllows } from './match.ts';
export { MAX_MAX_AGE, readStsPolicy, stsPolicyText } from './policy.ts';
export { MAX_POLICY_BYTES } from './policy-lines.ts';
export { createStsPolicies, type StsPoliciesOptions } from './policies.ts';
export { readStsRecord, stsRecordText } from './record.ts';
export type {
  ActivePolicy,
  Discovery,
  PolicyEntry,
  StsEvent,
  StsLookupOptions,
  StsMode,
  StsPolicies,
  StsPolicy,
  StsRecord,
  StsStats,
  StsStatus,
} from './types.ts';
