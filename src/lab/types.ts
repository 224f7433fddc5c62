/**
 * The lab: a small internet on loopback. A world is described in plain data and then stands up.
 *
 * @module
 */

/** How DNS treats a zone. */
export type ZoneMode =
  /** Signed: answers carry AD. */
  | 'secure'
  | 'insecure'
  /** Signed wrongly: the validator says SERVFAIL with EDE 6. */
  | 'bogus'
  | 'servfail'
  /** No answer at all. */
  | 'timeout'
  /** UDP answers are cut, TCP answers are whole. */
  | 'truncated'
  /** Answers that are no DNS messages. */
  | 'garbage';

/** One record, in plain words. */
export type LabRecord =
  | {
      readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS';
      readonly name: string;
      readonly value: string;
      readonly ttl?: number;
    }
  | {
      readonly type: 'MX';
      readonly name: string;
      readonly preference: number;
      readonly exchange: string;
      readonly ttl?: number;
    }
  | {
      readonly type: 'TXT';
      readonly name: string;
      readonly value: string | readonly string[];
      readonly ttl?: number;
    }
  | {
      readonly type: 'TLSA';
      readonly name: string;
      readonly usage: number;
      readonly selector: number;
      readonly matchingType: number;
      readonly data: Uint8Array;
      readonly ttl?: number;
    };

/** The DNS stand-in: authoritative and validating at once. All may be changed while it runs. */
export interface LabDns {
  readonly address: string;
  readonly port: number;
  /** Creates a zone or changes its mode. The longest matching zone serves a name. */
  zone(apex: string, mode: ZoneMode): void;
  /** Overrides the mode for one name (and type): a single bogus TLSA in a secure zone. */
  override(name: string, mode: ZoneMode | undefined, type?: string): void;
  add(...records: readonly LabRecord[]): void;
  remove(name: string, type?: string): void;
  /** Every question since the start or the last `forget()`. */
  readonly queries: readonly {
    readonly name: string;
    readonly type: string;
    readonly transport: 'udp' | 'tcp';
  }[];
  forget(): void;
  close(): Promise<void>;
}

/** What kind of certificate a lab host presents. */
export type CertificateKind =
  | 'valid'
  | 'wildcard'
  | 'expired'
  | 'not-yet-valid'
  | 'self-signed'
  | 'wrong-name'
  | 'cn-only'
  | 'partial-wildcard'
  | 'untrusted-ca'
  | 'missing-intermediate';

/** Key, leaf and what is sent along with it; PEM. */
export interface LabCertificate {
  readonly key: string;
  /** Leaf first. */
  readonly chain: string;
  readonly leaf: string;
  /** DER of the certificate and of its public key (SPKI), for TLSA records. */
  readonly der: Uint8Array;
  readonly spki: Uint8Array;
}

/** The lab's certificate authority: a root and an intermediate. */
export interface LabCa {
  /** PEM of the root: the lab's `--ca-file`. */
  readonly rootPem: string;
  readonly rootDer: Uint8Array;
  readonly rootSpki: Uint8Array;
  readonly intermediateDer: Uint8Array;
  readonly intermediateSpki: Uint8Array;
  issue(names: readonly string[], kind?: CertificateKind): LabCertificate;
}

/** How an MX host misbehaves. */
export type MxFault =
  | 'none'
  /** STARTTLS is not offered. */
  | 'strip-starttls'
  /** STARTTLS is offered and answered 454. */
  | 'refuse-starttls'
  /** A reply is slipped in behind the 220. */
  | 'inject-after-220'
  /** Closes instead of a handshake. */
  | 'drop-handshake'
  /** Sends something that is no TLS. */
  | 'garbage-handshake'
  /** TLS 1.1 at most. */
  | 'tls-1.1'
  /** One byte at a time, slowly. */
  | 'drip'
  /** Accepts connections and says nothing. */
  | 'silent'
  /** Greets with 421. */
  | 'busy'
  /** A reply that never ends. */
  | 'endless-reply'
  /** The port is closed. */
  | 'down'
  /** 550 to every RCPT. */
  | 'reject-recipients'
  /** 451 to every RCPT. */
  | 'greylist'
  /** 530 to MAIL outside TLS. */
  | 'insist-on-tls';

/** A lab MX host. */
export interface LabMxOptions {
  /** 127.x.y.z; every host has its own. */
  readonly address: string;
  readonly port: number;
  readonly host: string;
  /** Certificates by SNI name; '' is the default. */
  readonly certificates: ReadonlyMap<string, LabCertificate>;
  readonly fault?: MxFault;
  /** EHLO keywords without STARTTLS; defaults to what a modern server offers. */
  readonly keywords?: readonly string[];
}

/** A message that arrived at a lab MX host. */
export interface LabMessage {
  readonly from: string;
  readonly recipients: readonly string[];
  /** Parameters of MAIL in upper case, e.g. `BODY=8BITMIME`. */
  readonly mailParameters: readonly string[];
  readonly content: Uint8Array;
  /** Undefined: it came in clear text. */
  readonly tls: { readonly protocol: string; readonly servername: string | undefined } | undefined;
}

/** A running lab MX host. */
export interface LabMx {
  readonly options: LabMxOptions;
  readonly messages: readonly LabMessage[];
  /** Every command line received, with whether it came inside TLS. */
  readonly commands: readonly { readonly line: string; readonly tls: boolean }[];
  readonly connections: number;
  /** What came outside TLS, as latin1, up to 1 MiB: a message must never be found in it. */
  readonly clearText: string;
  setFault(fault: MxFault): void;
  setCertificates(certificates: ReadonlyMap<string, LabCertificate>): void;
  /** Resolves when the last `setFault` has taken effect: opening and closing a port takes a moment. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** How a policy host misbehaves. */
export type PolicyFault =
  | 'none'
  | 'down'
  | 'redirect'
  | 'not-found'
  | 'status-204'
  | 'status-206'
  | 'server-error'
  | 'html'
  | 'no-content-type'
  | 'oversize'
  | 'oversize-chunked'
  | 'drip'
  | 'silent'
  | 'truncated-body'
  | 'gzip-bomb'
  | 'huge-header'
  | 'tls-1.1';

/** What a lab policy host serves; may be changed while it runs. */
export interface LabPolicyHost {
  readonly address: string;
  readonly port: number;
  /** Serves `policy` for `policyDomain` under a certificate for `mta-sts.<policyDomain>`. */
  serve(policyDomain: string, policy: string, certificate?: LabCertificate): void;
  setFault(policyDomain: string, fault: PolicyFault): void;
  /** Requests seen: host, path, headers. */
  readonly requests: readonly {
    readonly host: string;
    readonly path: string;
    readonly sni: string;
    readonly headers: Readonly<Record<string, string>>;
  }[];
  close(): Promise<void>;
}
