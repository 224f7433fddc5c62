/**
 * What a TLS handshake showed, and what it is worth.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Failure } from '../failure.ts';

/** The web PKI's verdict on a chain, before any name is looked at. */
export type PkixVerdict =
  { readonly trusted: true } | { readonly trusted: false; readonly failure: Failure };

/** What the other side showed in its handshake. The chain is read once, right after the handshake. */
export interface PeerTls {
  /** E.g. `TLSv1.3`. */
  readonly protocol: string;
  /** E.g. `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The SNI name that was sent. */
  readonly servername: string | undefined;
  /** As the server sent it, leaf first. Never empty. */
  readonly chain: readonly X509Certificate[];
  readonly pkix: PkixVerdict;
}

/** A TLS connection whose peer has been seen but not yet judged. */
export interface TlsConnection {
  readonly socket: TLSSocket;
  readonly peer: PeerTls;
}

/** Which certificates are trusted, and from which TLS version on. */
export interface TlsTrust {
  /** PEM certificates that replace the built-in list; absent: the built-in list. */
  readonly ca?: readonly string[];
}
