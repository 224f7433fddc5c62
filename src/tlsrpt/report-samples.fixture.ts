/**
 * Reports in the shapes that real senders give them, with names and numbers of documentation.
 *
 * @module
 */

/** A report as an object before it is JSON. */
export type Sample = Readonly<Record<string, unknown>>;

/** What most samples differ from: one clean STS policy, 3 sessions, no failure. */
export function plainSample(changes: Sample = {}): Sample {
  return {
    'organization-name': 'Reporter Inc.',
    'date-range': {
      'start-datetime': '2026-03-02T00:00:00Z',
      'end-datetime': '2026-03-02T23:59:59Z',
    },
    'contact-info': 'tls-reports@reporter.example',
    'report-id': '2026-03-02T00:00:00Z_example.com',
    policies: [policySample()],
    ...changes,
  };
}

/** One entry of `policies`; what is given replaces whole keys of `policy`. */
export function policySample(policy: Sample = {}, rest: Sample = {}): Sample {
  return {
    policy: {
      'policy-type': 'sts',
      'policy-string': [
        'version: STSv1',
        'mode: enforce',
        'mx: mx1.example.com',
        'mx: *.backup.example.com',
        'max_age: 604800',
      ],
      'policy-domain': 'example.com',
      'mx-host': ['mx1.example.com', '*.backup.example.com'],
      ...policy,
    },
    summary: counts(3, 0),
    ...rest,
  };
}

/** A `summary`. */
export function counts(successes: unknown, failures: unknown): Sample {
  return {
    'total-successful-session-count': successes,
    'total-failure-session-count': failures,
  };
}

/** JSON as octets. */
export function json(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function failure(type: string, count: number, more: Sample = {}): Sample {
  return { 'result-type': type, 'failed-session-count': count, ...more };
}

const SESSION = {
  'sending-mta-ip': '192.0.2.25',
  'receiving-mx-hostname': 'mx1.example.com',
  'receiving-ip': '198.51.100.7',
};

const DAY_2026 = {
  'start-datetime': '2026-05-11T00:00:00Z',
  'end-datetime': '2026-05-11T23:59:59Z',
};

/** The STS policy changed twice in the day: three entries of one domain, each with its own text. */
const googleChanged: Sample = plainSample({
  policies: [
    policySample({}, { summary: counts(1, 0) }),
    policySample(
      {
        'policy-string': ['version: STSv1', 'mode: enforce', 'mx: mx9.example.com ', 'max_age: 99'],
      },
      {
        summary: counts(0, 3),
        'failure-details': [1, 2, 3].map((octet) =>
          failure('validation-failure', 1, { ...SESSION, 'sending-mta-ip': `192.0.2.${octet}` }),
        ),
      },
    ),
    policySample(
      {
        'policy-string': ['version: STSv1', 'mode: testing', 'mx: mx9.example.com', 'max_age: 99'],
      },
      {
        summary: counts(0, 10),
        'failure-details': [2, 2, 2, 2, 2].map((count, index) =>
          failure('certificate-host-mismatch', count, {
            ...SESSION,
            'sending-mta-ip': `192.0.2.${index + 10}`,
          }),
        ),
      },
    ),
  ],
});

const google2019: Sample = {
  'organization-name': 'Reporter Inc.',
  'date-range': {
    'start-datetime': '2019-07-08T00:00:00Z',
    'end-datetime': '2019-07-08T23:59:59Z',
  },
  'contact-info': 'tls-reports@reporter.example',
  'report-id': '2019-07-08T00:00:00Z_example.net',
  policies: [
    {
      policy: { 'policy-type': 'no-policy-found' },
      summary: { 'total-successful-session-count': 2 },
    },
    {
      policy: { 'policy-type': 'new-policy-type' },
      summary: { 'total-successful-session-count': 5 },
    },
  ],
};

const microsoft = {
  'organization-name': 'Windows Corporation',
  'date-range': DAY_2026,
  'contact-info': 'noreply-tlsrpt@windows.example',
};

const microsoftNoZone: Sample = {
  ...microsoft,
  'date-range': { 'start-datetime': '2024-02-20T00:00:00', 'end-datetime': '2024-02-20T23:59:59' },
  'report-id': '133529111122223333+example.com',
  policies: [policySample({ 'mx-host': undefined })],
};

const microsoftBoth: Sample = {
  ...microsoft,
  'report-id': '133529444455556666+example.com',
  policies: [
    policySample({ 'mx-host': undefined }, { summary: counts(4, 0) }),
    {
      policy: {
        'policy-type': 'tlsa',
        'policy-string': [JSON.stringify([`3 1 1 ${'0A'.repeat(32)}`, `3 1 1 ${'B1'.repeat(32)}`])],
        'policy-domain': 'example.com',
      },
      summary: counts(4, 0),
    },
  ],
};

const microsoftFetchError: Sample = {
  ...microsoft,
  'report-id': '9988776655+',
  policies: [
    {
      policy: { 'policy-type': 'sts', 'policy-domain': 'example.org' },
      summary: counts(0, 3),
      'failure-details': [failure('sts-policy-fetch-error', 3)],
    },
  ],
};

const socketLabs: Sample = plainSample({
  'date-range': {
    'start-datetime': '2020-09-01T00:00:00Z',
    'end-datetime': '2020-09-02T00:00:00Z',
  },
  policies: [
    policySample({ 'mx-host': [] }, { summary: counts(12, 0), 'failure-details': [] }),
    policySample(
      { 'mx-host': [] },
      {
        summary: counts(0, 2),
        'failure-details': [
          failure('starttls-not-supported', 2, {
            'sending-mta-ip': '192.0.2.44',
            'receiving-mx-host-name': 'mx1.example.com',
          }),
        ],
      },
    ),
  ],
});

/** Keys in alphabetical order, the end at midnight, more details than failures. */
const mailRu: Sample = {
  'contact-info': 'support@corp.post.example',
  'date-range': {
    'end-datetime': '2026-02-14T00:00:00Z',
    'start-datetime': '2026-02-13T00:00:00Z',
  },
  'organization-name': 'Post.example',
  policies: [
    {
      'failure-details': ['status 404', 'said "no" at https://mta-sts.example.com/'].map(
        (reason) => ({
          'failed-session-count': 1,
          'failure-reason-code': reason,
          'result-type': 'sts-policy-fetch-error',
        }),
      ),
      policy: { 'policy-domain': 'example.com', 'policy-type': 'sts' },
      summary: counts(0, 1),
    },
  ],
  'report-id': '0f0e0d0c-1111-2222-3333-444455556666@post.example',
};

const stalwart: Sample = {
  'organization-name': 'mail.example',
  'date-range': {
    'start-datetime': '2026-04-01T09:14:00Z',
    'end-datetime': '2026-04-02T00:00:00Z',
  },
  'contact-info': null,
  'report-id': '987_654',
  policies: [
    {
      policy: {
        'policy-type': 'no-policy-found',
        'policy-string': [],
        'policy-domain': 'example.com',
        'mx-host': [],
      },
      summary: counts(1, 0),
      'failure-details': [],
    },
  ],
};

/** Postfix by way of tlsrpt-reporter: no policy domain, the EHLO reply in place of a name. */
const postfix: Sample = plainSample({
  'report-id': '2026-03-02_idx1@reporter.example',
  policies: [
    {
      policy: { 'policy-type': 'no-policy-found' },
      summary: counts(4, 1),
      'failure-details': [
        failure('validation-failure', 1, {
          ...SESSION,
          'receiving-mx-helo': '250-mx1.example.com\r\n250-PIPELINING\r\n250 SMTPUTF8',
          'failure-reason-code': 'tls-handshake-failure',
        }),
      ],
    },
  ],
});

/** The example of the RFC in shape, after erratum 6241. */
const rfc: Sample = {
  'organization-name': 'Firm-A',
  'date-range': {
    'start-datetime': '2018-10-01T00:00:00Z',
    'end-datetime': '2018-10-01T23:59:59Z',
  },
  'contact-info': 'reports@firm-a.example',
  'report-id': '11112222-aaaa-bbbb-cccc-333344445555',
  policies: [
    policySample(
      {},
      {
        summary: counts(812, 33),
        'failure-details': [
          failure('certificate-expired', 10, {
            'sending-mta-ip': '2001:db8:7:12::1',
            'receiving-mx-hostname': 'mx1.example.com',
          }),
          failure('starttls-not-supported', 20, {
            'sending-mta-ip': '2001:db8:7:13::1',
            'receiving-mx-hostname': 'mx2.backup.example.com',
            'receiving-ip': '203.0.113.9',
            'additional-information': 'https://firm-a.example/info?id=4711#no-tls',
          }),
          failure('validation-failure', 3, {
            'sending-mta-ip': '198.51.100.33',
            'receiving-ip': '203.0.113.10',
            'receiving-mx-hostname': 'mx3.backup.example.com',
            'failure-reason-code': 'X509_V_ERR_INVALID_PURPOSE',
          }),
        ],
      },
    ),
  ],
};

const lenient: Sample = {
  'organization-name': 'Odd Reporter',
  'date-range': {
    'start-datetime': '2026-03-02T00:00:00+00:00',
    'end-datetime': '2026-03-02T23:59:59.999+00:00',
  },
  'report-id': 'odd-7',
  policies: [
    {
      policy: {
        'policy-type': 'STS',
        'policy-string': 'version: STSv1',
        'policy-domain': 'Example.COM.',
      },
      summary: counts('31', '6'),
      'failure-details': [
        { 'result-type': 'Testing', 'sending-mta-ip': 'x.x.x.x', 'failed-session-count': '4' },
        { 'result-type': 'CERTIFICATE_EXPIRED', 'receiving-mx-hostname': 'MX1.Example.COM.' },
      ],
    },
    { policy: { 'policy-type': 'sts' }, summary: counts(1, 0) },
  ],
};

const mixed: Sample = plainSample({
  policies: [
    policySample({ 'mx-host': undefined, 'mx-host-pattern': ['mx1.example.com'] }),
    {
      policy: { 'policy-type': 'tlsa', 'policy-domain': 'mx1.example.com' },
      summary: counts(10, 1),
      'failure-details': [
        failure('tlsa-invalid', 1, { 'additional-info-uri': 'https://reporter.example/why' }),
      ],
    },
    {
      policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'example.net' },
      summary: counts(50, 0),
    },
  ],
});

/** Every shape by the kind of sender that writes it. */
export const REPORT_SAMPLES = {
  google: plainSample(),
  googleNoPolicy: plainSample({
    policies: [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'example.com' },
        summary: counts(1, 0),
      },
    ],
  }),
  googleChanged,
  google2019,
  microsoftNoZone,
  microsoftBoth,
  microsoftFetchError,
  socketLabs,
  mailRu,
  stalwart,
  postfix,
  rfc,
  lenient,
  mixed,
} as const satisfies Record<string, Sample>;
