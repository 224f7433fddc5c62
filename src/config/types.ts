/**
 * The settings of the whole product, after defaults. One place says what each means: the schema.
 *
 * @module
 */
import type { ReportingSettings } from './reporting-types.ts';
import type { LogFormat, LogLevel } from '../log/log.ts';

/** How an MTA wants its answers. */
export type SocketmapDialect = 'postfix' | 'postfix-tlsrpt' | 'sendmail' | 'exim' | 'requiretls';

/** The oldest TLS for sessions that would otherwise go in clear. */
export type OpportunisticMinVersion = 'TLSv1.2' | 'TLSv1.1' | 'TLSv1';

/** Settings with every default filled in. Durations in milliseconds, sizes in octets. */
export interface Config {
  readonly dns: {
    /** `address`, `address:port`, `[v6]:port`; empty: follow /etc/resolv.conf. */
    readonly resolvers: readonly string[];
    /** Believe the AD bit of resolvers that are not on loopback. */
    readonly trusted: boolean;
    readonly timeoutMs: number;
    readonly attempts: number;
    /** Questions under way at once. */
    readonly concurrency: number;
    /** Answers kept at most. */
    readonly cacheEntries: number;
    readonly selfTest: {
      /** A name whose answer must be secure; empty: not tested. */
      readonly signed: string;
      readonly unsigned: string;
      readonly bogus: string;
      readonly intervalMs: number;
    };
  };
  readonly tls: {
    /** PEM file that replaces the built-in list. */
    readonly caFile: string | undefined;
    /** The oldest TLS taken from a host of which nothing is demanded (RFC 9325 §3.1.1). */
    readonly opportunisticMinVersion: OpportunisticMinVersion;
  };
  readonly smtp: {
    readonly port: number;
    /** EHLO name; default: the machine's host name. */
    readonly heloName: string;
    /** Source addresses for outgoing connections. */
    readonly localAddress: string | undefined;
  };
  readonly policyFetch: {
    readonly port: number;
    readonly timeoutMs: number;
    readonly maxBytes: number;
    readonly proxy: string | undefined;
    /** CIDR blocks reachable although private. With a port other than 443 loopback is in it. */
    readonly allowAddresses: readonly string[];
    readonly concurrency: number;
  };
  readonly mtaSts: {
    readonly firstContactMs: number;
    /** The same where a message is at hand and nobody waits for a map's answer. */
    readonly firstContactRelayMs: number;
    readonly recheckMs: number;
    readonly refreshMs: number;
    readonly refreshJitterMs: number;
    readonly retryMs: number;
    readonly retryMaxMs: number;
    readonly unusedAfterMs: number;
    /** Policies kept at most. */
    readonly maxEntries: number;
    /** Require `text/plain` (RFC 8461 §3.2). */
    readonly requireTextPlain: boolean;
  };
  readonly policy: {
    readonly daneSatisfiesSts: boolean;
    readonly daneWithInsecureMx: boolean;
    readonly enforceTesting: boolean;
    readonly daneRequired: readonly string[];
    readonly deferOnDiscoveryError: boolean;
  };
  readonly store: {
    /** `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. */
    readonly url: string;
  };
  readonly http: {
    /** Where the HTTP API listens: `address:port`. */
    readonly listen: string;
  };
  /** The server that MTAs ask. */
  readonly socketmap: {
    /** `address:port`, `[v6]:port`, `unix:/path`, `fd:NUMBER`; empty: off. */
    readonly listen: readonly string[];
    /** File mode of a UNIX socket, as a number. */
    readonly unixMode: number;
    /** `user`, `user:group` or `:group`, by name or number; undefined: left alone. */
    readonly unixOwner: string | undefined;
    readonly maxConnections: number;
    readonly idleTimeoutMs: number;
    /** The longest that an answer takes. */
    readonly budgetMs: number;
    readonly defaultDialect: SocketmapDialect;
    readonly shutdownTimeoutMs: number;
    /** Other services may listen on the same TCP ports. */
    readonly reusePort: boolean;
  };
  /** What MTAs are told. */
  readonly policyServer: {
    readonly dryRun: boolean;
    /** What is said of a domain of which only some MX hosts have DANE, under an enforced policy. */
    readonly mixedDane: 'secure' | 'dane';
    /** Answers kept at most. */
    readonly answerCacheEntries: number;
    /** How long an answer that has run out is still given while it is renewed. */
    readonly maxStaleMs: number;
  };
  readonly relay: RelaySettings;
  readonly reporting: ReportingSettings;
  readonly control: {
    /** Path of the UNIX socket; empty: none. */
    readonly socket: string;
  };
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
}

/** Sends the mail of some domains somewhere else than their MX. */
export interface RouteSettings {
  /** `example.com`, `*.example.com` (every name below), `*` (everything else), or `[192.0.2.1]`. */
  readonly domains: readonly string[];
  /** As Postfix writes it: `[host]:587`, `host`, `host:26`, `[192.0.2.1]`. */
  readonly nextHop: string;
  /** For AUTH; the password stands in a file of its own. */
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  /** `policy`: as the host's own policies say; `encrypt`: TLS at least; `verify`: a certificate of the web PKI for the host. */
  readonly tls: 'policy' | 'encrypt' | 'verify';
  /** Replace `smtp.helo_name` and `smtp.local_address` for this route. */
  readonly heloName: string | undefined;
  readonly localAddress: string | undefined;
}

/** The relay: takes messages, keeps them, delivers them. Durations in milliseconds, sizes in octets. */
export interface RelaySettings {
  /** False: the service does not take mail. */
  readonly enabled: boolean;
  /** Where messages are taken: `address:port`, `[v6]:port`. */
  readonly listen: readonly string[];
  /** The same with TLS from the first octet (RFC 8314 §3.3). */
  readonly listenTls: readonly string[];
  /** PEM files of our own certificate; undefined: no TLS and so no AUTH and no REQUIRETLS. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Who may send without AUTH. */
  readonly trustedNetworks: readonly string[];
  /** Users and their scrypt hashes; undefined: no AUTH. */
  readonly usersFile: string | undefined;
  readonly maxMessageBytes: number;
  /** New mail leaves so much of the disk of a SQLite store free, octets. */
  readonly minFreeOctets: number;
  readonly maxRecipients: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  /** Messages that one client may hand in within a minute; 0: any number. */
  readonly maxMessagesPerMinute: number;
  /** Refused commands after which a connection is closed. */
  readonly maxErrors: number;
  /** `Received` fields after which a message is in a loop (RFC 5321 §6.3). */
  readonly maxHops: number;
  readonly idleTimeoutMs: number;
  /** Heed `TLS-Required: No` (RFC 8689 §3). */
  readonly tlsRequiredNo: 'submission' | 'always' | 'never';
  /** Deliveries under way at once. */
  readonly concurrency: number;
  /** The same to one next hop. */
  readonly concurrencyPerHop: number;
  /** Messages a minute to one next hop; 0: any number. */
  readonly messagesPerMinutePerHop: number;
  /** Sessions with one address of a host at once, for all domains together. */
  readonly concurrencyPerHost: number;
  /** Messages a minute to one address of a host; 0: any number. */
  readonly messagesPerMinutePerHost: number;
  readonly sessionIdleMs: number;
  readonly messagesPerSession: number;
  readonly retryWaitsMs: readonly number[];
  readonly delayNoticeAfterMs: number;
  readonly giveUpAfterMs: number;
  readonly bounceGiveUpAfterMs: number;
  readonly routes: readonly RouteSettings[];
  /** Evaluate every policy as enforced, deliver as if none was, and count what would have waited. */
  readonly shadow: boolean;
  /** How long deliveries under way may take to end when the service stops. */
  readonly shutdownTimeoutMs: number;
}
