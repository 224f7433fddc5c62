/**
 * Reading our own report back from the outbox: strict, for it was written by us.
 *
 * @module
 */
import { gunzipSync } from 'node:zlib';
import type { ResultType } from '../../failure.ts';
import type { FailureDetail, PolicyResult, PolicyType, TlsReport } from '../../tlsrpt/report.ts';
import type { FailureDetailJson, PolicyResultJson, ReportJson } from '../../tlsrpt/write-report.ts';

/** The JSON of a packed report of ours. Throws for anything else. */
export function unpackOwnReport(gzip: Uint8Array): string {
  return gunzipSync(gzip, { maxOutputLength: 64 * 1024 * 1024 }).toString('utf8');
}

/** A packed report of ours. Throws for anything else. */
export function readOwnReport(gzip: Uint8Array): TlsReport {
  const json = JSON.parse(unpackOwnReport(gzip)) as ReportJson;
  return {
    organizationName: json['organization-name'],
    contactInfo: json['contact-info'],
    reportId: json['report-id'],
    start: Date.parse(json['date-range']['start-datetime']),
    // Written as the second before it.
    end: Date.parse(json['date-range']['end-datetime']) + 1000,
    policies: json.policies.map(policyResult),
  };
}

function policyResult(json: PolicyResultJson): PolicyResult {
  const { policy, summary } = json;
  return {
    policy: {
      type: policy['policy-type'] as PolicyType,
      domain: policy['policy-domain'],
      strings: policy['policy-string'] ?? [],
      mxHosts: policy['mx-host'] ?? [],
    },
    successes: summary['total-successful-session-count'],
    failures: summary['total-failure-session-count'],
    details: (json['failure-details'] ?? []).map(failureDetail),
  };
}

function failureDetail(json: FailureDetailJson): FailureDetail {
  return {
    resultType: json['result-type'] as ResultType,
    count: json['failed-session-count'],
    ...given('sendingMtaIp', json['sending-mta-ip']),
    ...given('receivingMxHostname', json['receiving-mx-hostname']),
    ...given('receivingMxHelo', json['receiving-mx-helo']),
    ...given('receivingIp', json['receiving-ip']),
    ...given('additionalInformation', json['additional-information']),
    ...given('reasonCode', json['failure-reason-code']),
  };
}

function given<K extends keyof FailureDetail>(
  key: K,
  value: string | undefined,
): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, string>>);
}
