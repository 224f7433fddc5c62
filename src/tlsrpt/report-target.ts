/**
 * Reading one URI of a `rua` list (RFC 8460 §3).
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import type { ErrorCode } from '../errors.ts';
import { quoted } from '../problems.ts';
import type { ReportTarget } from './types.ts';

/** What is wrong with a URI. */
interface UriFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
}

/** A target, with what its author hardly meant; or why the URI is ignored. */
export type TargetReading = { readonly target: ReportTarget; readonly trap?: UriFault } | UriFault;

/** RFC 3986 §2.2 and §2.3, without `,` `!` `;`, which must be percent-encoded here. */
const URI = /^(?:[A-Za-z0-9._~:/?#[\]@$&'()*+=-]|%[0-9A-Fa-f]{2})+$/;
const DOT_ATOM = /^[^\x00-\x20\x7f()<>[\]:;@\\,."]+(?:\.[^\x00-\x20\x7f()<>[\]:;@\\,."]+)*$/;
const QUOTED_STRING = /^"(?:[^\x00-\x1f\x7f"\\]|\\[\x20-\x7e])*"$/;
const LONGEST_URI = 2048;

/** Reads one URI, without spaces around it. */
export function readReportTarget(uri: string): TargetReading {
  if (uri === '') return bad('an empty place stands in the list', 'remove one ","');
  if (uri.startsWith('"')) {
    return bad(
      `${quoted(uri)} stands in quotes`,
      `remove the quotes: write ${uri.replaceAll('"', '').slice(0, 100)}`,
    );
  }
  if (/[ \t](?:mailto|https?):/i.test(uri)) {
    return bad(`${quoted(uri)} is more than one place`, 'use a comma between the places');
  }
  if (/![0-9]*[kmgt]?$/i.test(uri)) {
    return bad(
      `${quoted(uri)} has a size limit, which is a habit of DMARC and unknown here`,
      `write ${uri.slice(0, uri.lastIndexOf('!')).slice(0, 100)}`,
    );
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const fix = uri.includes('@') ? `write mailto:${uri.slice(0, 100)}` : 'begin with mailto:';
    return bad(`${quoted(uri)} has no scheme`, fix);
  }
  if (scheme !== 'mailto' && scheme !== 'https') {
    return {
      code: 'TLSRPT_RUA_SCHEME',
      message: `${quoted(uri)} is neither mailto: nor https: and is ignored`,
      fix: scheme === 'http' ? 'use https:' : 'use mailto: or https:',
    };
  }
  if (uri.length > LONGEST_URI || !URI.test(uri)) {
    return bad(
      `${quoted(uri)} is not a URI`,
      'percent-encode what may not stand there: "," as %2C, "!" as %21, ";" as %3B',
    );
  }
  return scheme === 'mailto' ? readMailto(uri) : readHttps(uri);
}

/** The address only; header fields such as `?subject=` have no meaning for reports. */
function readMailto(uri: string): TargetReading {
  const encoded = uri.slice('mailto:'.length).replace(/[?#].*$/, '');
  const address = decode(encoded);
  const at = address?.lastIndexOf('@') ?? -1;
  if (address === undefined || at < 1) return badAddress(uri);
  const localPart = address.slice(0, at);
  const isLocalPart = DOT_ATOM.test(localPart) || QUOTED_STRING.test(localPart);
  const domain = normalizeName(address.slice(at + 1), { hostName: true });
  if (!domain.ok || !isLocalPart || Buffer.byteLength(localPart) > 64) return badAddress(uri);
  const target = { kind: 'mailto', uri, address: `${localPart}@${domain.value}` } as const;
  return localPart.startsWith('//') ? { target, trap: slashes(uri) } : { target };
}

/** A slash may stand in a local part (RFC 5322 §3.2.3), but nobody means two of them. */
function slashes(uri: string): UriFault {
  return {
    code: 'TLSRPT_RUA_SLASHES',
    message: `in ${quoted(uri)} the "//" is part of the address: mailto: has none`,
    fix: `write ${uri.replace('//', '').slice(0, 100)}`,
  };
}

function readHttps(uri: string): TargetReading {
  const url = /^https:\/\/[^/?#]/i.test(uri) ? URL.parse(uri) : null;
  if (url === null || url.hostname === '') {
    return bad(`${quoted(uri)} is not a usable https address`, 'write https://HOST/PATH');
  }
  if (url.username !== '' || url.password !== '') {
    const without = `https://${url.host}${url.pathname}${url.search}`;
    return bad(
      `the https address of ${url.host} has a user name or a password: senders do not log in, and anybody can read the record`,
      `write ${without.slice(0, 100)}`,
    );
  }
  url.hash = '';
  return { target: { kind: 'https', uri, url: url.href } };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function badAddress(uri: string): UriFault {
  return bad(`${quoted(uri)} is not one mail address`, 'write e.g. mailto:reports@example.com');
}

function bad(message: string, fix: string): UriFault {
  return { code: 'TLSRPT_RUA_URI', message, fix };
}
