/**
 * Error codes of `http/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `HTTP_`. */
export const HTTP_ERRORS = {
  HTTP_TIMEOUT: {
    meaning: 'The HTTPS request did not finish in time.',
    action: 'Check the host and the path to it.',
  },
  HTTP_ABORTED: {
    meaning: 'The HTTPS request was called off before it finished.',
    action: 'Nothing: the program was stopping, or nobody waited for the answer any more.',
  },
  HTTP_HOST_NOT_FOUND: {
    meaning: 'The host has no address: DNS knows neither an A nor an AAAA record for it.',
    action: 'The owner of the domain must publish an address for the host.',
    rule: 'RFC 8461 §3.3',
  },
  HTTP_DNS_FAILED: {
    meaning: 'The addresses of the host could not be looked up.',
    action: 'Check the resolver, or ask the owner of the zone; the detail names the answer.',
  },
  HTTP_ADDRESS_REFUSED: {
    meaning:
      'All addresses of the host are private, local or reserved: a stranger may not send us there.',
    action:
      'If the host is meant to be reached inside your network, add its block to `policyFetch.allowAddresses`.',
  },
  HTTP_CONNECT_FAILED: {
    meaning: 'No address of the host took a TCP connection on the HTTPS port.',
    action: 'Check the host, firewalls, and the way out for port 443.',
  },
  HTTP_PROXY_FAILED: {
    meaning: 'The CONNECT proxy did not open the way to the host.',
    action: 'Check the proxy in `policyFetch.proxy` and what it allows.',
  },
  HTTP_PROXY_INVALID: {
    meaning: 'The proxy setting is not of the form `http://host:port`.',
    action: 'Mend `policyFetch.proxy`.',
  },
  HTTP_RESPONSE_INVALID: {
    meaning: 'What the host sent is not a valid HTTP/1.1 response, or its header is too large.',
    action: 'The owner of the host must mend the web server.',
    rule: 'RFC 9112 §2.1',
  },
  HTTP_REDIRECT: {
    meaning: 'The host answered with a redirect, which may not be followed.',
    action: 'The owner of the host must serve the document at the address itself.',
    rule: 'RFC 8461 §3.3',
  },
  HTTP_STATUS: {
    meaning: 'The host answered with a status other than 200.',
    action: 'The owner of the host must serve the document; the detail names the status.',
    rule: 'RFC 8461 §3.3',
  },
  HTTP_CONTENT_ENCODING: {
    meaning: 'The host compressed the document although it was asked not to.',
    action: 'The owner of the host must honour `Accept-Encoding: identity`.',
    rule: 'RFC 9110 §12.5.3',
  },
  HTTP_TOO_LARGE: {
    meaning: 'The document is larger than the limit.',
    action: 'The owner of the host must make it smaller (64 KiB is customary).',
    rule: 'RFC 8461 §3.3',
  },
  HTTP_TRUNCATED: {
    meaning: 'The connection ended before the document was whole.',
    action: 'Check the host and the path to it.',
  },
} as const satisfies Record<string, ErrorEntry>;
