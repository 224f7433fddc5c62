/**
 * The settings of TLS reporting. Durations in milliseconds, sizes in octets.
 *
 * @module
 */

/** Counting, sending and taking in TLS reports (RFC 8460). */
export interface ReportingSettings {
  readonly tally: TallySettings;
  readonly send: ReportSendSettings;
  readonly receive: ReportReceiveSettings;
  readonly alerts: ReportAlertSettings;
}

/** Counting sessions. */
export interface TallySettings {
  readonly enabled: boolean;
  /** How long counts wait in memory for company before they are written. */
  readonly flushMs: number;
  /** How long the counts of a day are kept after its end. */
  readonly keepMs: number;
  readonly datagrams: {
    /** Path of the UNIX datagram socket to which Postfix reports; empty: none. */
    readonly socket: string;
    readonly mode: number;
    /** `user`, `user:group` or `:group`; empty: as the process. */
    readonly owner: string;
  };
}

/** Making and sending reports. */
export interface ReportSendSettings {
  readonly enabled: boolean;
  /** Stands in every report. */
  readonly organization: string;
  /** A mailbox; its domain is the submitter. */
  readonly contact: string;
  /** `From` of reports sent by mail; empty: the contact. */
  readonly from: string;
  /** `MAIL FROM` of reports; empty: the null reverse-path. */
  readonly bounceAddress: string;
  readonly dkim: {
    /** PEM file of the private key; empty: reports by mail are not sent (RFC 8460 §3). */
    readonly keyFile: string;
    readonly selector: string;
    /** `d=`; empty: the domain of `From`. */
    readonly domain: string;
  };
  /** Reports leave spread over this time after midnight UTC (RFC 8460 §4.1). */
  readonly spreadMs: number;
  /** How long a report is tried (RFC 8460 §5.5). */
  readonly giveUpAfterMs: number;
  /** `failures`: days on which all went well are not reported. */
  readonly report: 'all' | 'failures';
  /** `all`: each place of a record gets the report; `first`: the others only if it fails (RFC 8460 §3). */
  readonly targets: 'all' | 'first';
  /** Leave out the addresses of our own hosts (RFC 8460 §8). */
  readonly omitSendingIp: boolean;
  /** Recipient domains that never get a report, and all below them with `*.`. */
  readonly skipDomains: readonly string[];
  /** Reports to one place a day, for all domains together. */
  readonly maxPerTarget: number;
  readonly https: {
    /** `strict`: the certificate must be valid; `ignore`: any is taken (RFC 8460 §3). */
    readonly certificates: 'strict' | 'ignore';
    /** Networks that are else refused: private, loopback, link-local. */
    readonly allowAddresses: readonly string[];
    /** Ports besides 443 that may be used. */
    readonly allowPorts: readonly number[];
  };
}

/** Taking in reports about our own domains. */
export interface ReportReceiveSettings {
  /** Policy domains whose reports are kept, `*.example.com`, or `*` for any. */
  readonly domains: readonly string[];
  /** What reports without a valid aligned DKIM signature are worth. */
  readonly unauthenticated: 'count' | 'show' | 'refuse';
  /** Reports whose key does not say `s=tlsrpt` are not verified (RFC 8460 §3). */
  readonly requireTlsrptKey: boolean;
  readonly https: {
    /** `address:port`; empty: no endpoint. Plain HTTP where there is no certificate: behind a proxy. */
    readonly listen: string;
    readonly certFile: string | undefined;
    readonly keyFile: string | undefined;
    /** The last part of the path, `/v1/reports/TOKEN`; empty: `/v1/reports`. */
    readonly token: string;
    readonly perMinute: number;
  };
  readonly smtp: {
    /** `address:port` or a path of a UNIX socket; empty: no receiver. */
    readonly listen: string;
    readonly protocol: 'lmtp' | 'smtp';
    readonly perMinute: number;
  };
  readonly maildir: {
    /** Empty: none is watched. */
    readonly path: string;
    readonly intervalMs: number;
  };
  /** A message or a file. */
  readonly maxBytes: number;
  /** Unpacked. */
  readonly maxJsonBytes: number;
  /** Reports that one sender may have stored in a day. */
  readonly perSenderAndDay: number;
  /** Senders, as the summary names them, that raise no alert and are not part of its sums. */
  readonly ignoreSenders: readonly string[];
  /** How long reports are kept with all details and as they came. */
  readonly keepDetailsMs: number;
  /** How long the daily sums are kept. */
  readonly keepDailyMs: number;
}

/** Telling somebody. */
export interface ReportAlertSettings {
  /** Mailboxes; empty: no mail. */
  readonly mailTo: readonly string[];
  readonly mailFrom: string;
  /** `https://…`; empty: none. */
  readonly webhook: string;
  /** Failed sessions of 100, by day and domain, above which an alert is raised. */
  readonly failurePercent: number;
  /** Days with fewer sessions raise no alert about rates. */
  readonly minSessions: number;
  /** A reporter that sent daily and then nothing for so long has fallen silent. */
  readonly silentAfterMs: number;
  readonly intervalMs: number;
}
