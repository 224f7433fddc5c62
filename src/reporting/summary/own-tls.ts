/**
 * What an MX host of ours shows to whoever asks for TLS, remembered in a form that can be compared
 * with TLSA records and dates later.
 *
 * @module
 */
import { createHash, type X509Certificate } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { ok, type Outcome } from '../../failure.ts';
import { connectSmtp } from '../../smtp/session.ts';
import type { SmtpConnectOptions, SmtpSession } from '../../smtp/types.ts';
import { certificateFields } from '../../tls/certificate-fields.ts';
import { certificateText } from '../../tls/certificate-text.ts';
import { matchIdentity, presentedNames } from '../../tls/identity.ts';
import type { PeerTls } from '../../tls/types.ts';
import { printable } from '../../printable.ts';
import type { OwnTls } from './own-state-types.ts';

/** Looks what a host shows now; a failure is one to connect. */
export type TlsProbe = (question: ProbeQuestion) => Promise<Outcome<OwnTls>>;

/** Which host. */
export interface ProbeQuestion {
  /** MX host name, normalised. */
  readonly host: string;
  /** Tried in order until one answers. */
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal;
}

/** How to connect. */
export interface TlsProbeOptions {
  readonly clock: Clock;
  readonly port: number;
  readonly heloName: string;
  /** Trust anchors, PEM; undefined: the built-in list. */
  readonly ca?: readonly string[];
  /** Replaces the connection in tests. */
  readonly connect?: (options: SmtpConnectOptions) => Promise<Outcome<SmtpSession>>;
}

/** Nobody waits long for an explanation, milliseconds. */
const PATIENCE = { connect: 10_000, greeting: 10_000, ehlo: 10_000, startTls: 10_000, quit: 2_000 };
const MOST_ADDRESSES = 3;
const MOST_NAMES = 20;

/** Asks by SMTP; nothing is sent. */
export function createTlsProbe(options: TlsProbeOptions): TlsProbe {
  return async ({ host, addresses, signal }) => {
    const more = signal === undefined ? {} : { signal };
    let last: Outcome<OwnTls> = {
      ok: false,
      failure: { code: 'POLICY_NO_ADDRESS', detail: `${host} has no address` },
    };
    for (const address of addresses.slice(0, MOST_ADDRESSES)) {
      last = await probeAddress(options, { host, address, ...more });
      if (last.ok) return last;
    }
    return last;
  };
}

interface AddressQuestion {
  readonly host: string;
  readonly address: string;
  readonly signal?: AbortSignal;
}

async function probeAddress(
  { clock, port, heloName, ca, connect = connectSmtp }: TlsProbeOptions,
  question: AddressQuestion,
): Promise<Outcome<OwnTls>> {
  const opened = await connect({ ...question, port, heloName, clock, timeouts: PATIENCE });
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    const trust = ca === undefined ? {} : { ca };
    const peer = await session.startTls({ servername: question.host, ...trust });
    if (peer.ok) return ok(ownTls(peer.value, question.host));
    return peer.failure.resultType === 'starttls-not-supported'
      ? ok({ kind: 'no-starttls' })
      : peer;
  } finally {
    if (session.peer === undefined) session.destroy();
    else await session.quit();
  }
}

/** What is worth remembering of a handshake. */
export function ownTls({ chain, pkix }: PeerTls, host: string): OwnTls {
  const [leaf, ...issuers] = chain as readonly [X509Certificate, ...X509Certificate[]];
  return {
    kind: 'certificate',
    text: certificateText(leaf),
    names: presentedNames(leaf)
      .slice(0, MOST_NAMES)
      .map((name) => printable(name, 100)),
    fits: matchIdentity(leaf, [host]) !== undefined,
    validFrom: leaf.validFromDate.getTime(),
    validTo: leaf.validToDate.getTime(),
    distrust: pkix.trusted || isAboutDates(pkix.failure.reasonCode) ? '' : pkix.failure.detail,
    leafForms: formsOf(leaf),
    issuerForms: issuers.slice(0, 5).flatMap(formsOf),
  };
}

function isAboutDates(reasonCode: string | undefined): boolean {
  return reasonCode === 'CERT_HAS_EXPIRED' || reasonCode === 'CERT_NOT_YET_VALID';
}

/** `selector matching-type hex`, without usage: what a TLSA record of any usage may hold. */
function formsOf(certificate: X509Certificate): readonly string[] {
  const whole = certificate.raw;
  const key = certificateFields(whole)?.spki;
  const parts: readonly (readonly [number, Uint8Array | undefined])[] = [
    [0, whole],
    [1, key],
  ];
  return parts.flatMap(([selector, part]) =>
    part === undefined
      ? []
      : [
          `${selector} 1 ${createHash('sha256').update(part).digest('hex')}`,
          `${selector} 2 ${createHash('sha512').update(part).digest('hex')}`,
        ],
  );
}
