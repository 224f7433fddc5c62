/**
 * Fetching a document over HTTPS from a host that a stranger named.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Resolver } from '../dns/types.ts';
import type { TlsTrust } from '../tls/types.ts';

/** What the fetcher is given once. */
export interface HttpsFetcherOptions extends TlsTrust {
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Default 443. */
  readonly port?: number;
  /** Milliseconds from the first DNS question to the last byte. Default 60,000 (RFC 8461 §3.3). */
  readonly timeoutMs?: number;
  /** Octets of body. Default 65,536 (RFC 8461 §3.3). */
  readonly maxBytes?: number;
  /** CIDR blocks that may be reached although they are private, loopback or reserved. Default none. */
  readonly allowAddresses?: readonly string[];
  /** `http://host:port` of a CONNECT proxy. The proxy only carries bytes: TLS is ours, end to end. */
  readonly proxy?: string;
  readonly localAddress?: string;
}

/** A document that arrived whole over a verified connection with status 200. */
export interface FetchedDocument {
  readonly body: Uint8Array;
  /** Verbatim, '' if absent. */
  readonly contentType: string;
  /**
   * The response said where it ends (length or chunks). If not, whoever can cut the connection can
   * cut the text: Node.js does not tell an end that TLS announced from one that it did not (RFC 9112 §8).
   */
  readonly endIsCertain: boolean;
  /** The address it came from (the proxy's, if there is one). */
  readonly address: string;
  /** Milliseconds from start to last byte. */
  readonly tookMs: number;
  /** Subject and issuer of the leaf, for people. */
  readonly certificate: {
    readonly subject: string;
    readonly issuer: string;
    readonly validTo: string;
  };
}
