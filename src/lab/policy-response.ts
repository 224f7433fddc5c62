/**
 * What a lab policy host answers to one request, in every way that is right or wrong.
 *
 * @module
 */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Clock, Timer } from '../clock.ts';
import type { PolicyFault } from './types.ts';

/** RFC 8461 §3.3. */
const WELL_KNOWN = '/.well-known/mta-sts.txt';
/** Where the redirect points: a policy that must never be taken. */
export const REDIRECT_TARGET = '/elsewhere/mta-sts.txt';
/** Milliseconds between two octets of a host that drips. */
const DRIP_MS = 100;
/** Octets; more than the 64 KiB of RFC 8461 §3.3. */
const OVERSIZE = 70_000;
const HUGE = 1024 * 1024;

/** One request and what is to be answered. */
export interface PolicyAnswer {
  readonly path: string;
  readonly policy: string;
  readonly fault: PolicyFault;
  readonly clock: Clock;
}

/** Answers. Wrong answers carry a valid policy wherever they can: only the wrong thing is wrong. */
export function respond(response: ServerResponse, answer: PolicyAnswer): void {
  const { path, policy, fault } = answer;
  if (path !== WELL_KNOWN && path !== REDIRECT_TARGET) {
    plain(response, 404, 'Not here\n');
    return;
  }
  switch (path === REDIRECT_TARGET ? 'none' : fault) {
    case 'none':
    // These two are dealt with before there is a request.
    case 'down':
    case 'tls-1.1':
      plain(response, 200, policy);
      break;
    case 'redirect':
      response.writeHead(302, { location: REDIRECT_TARGET, 'content-type': 'text/plain' });
      response.end(policy);
      break;
    case 'not-found':
      plain(response, 404, policy);
      break;
    case 'status-204':
      response.writeHead(204, { 'content-type': 'text/plain' }).end();
      break;
    case 'status-206':
      plain(response, 206, policy);
      break;
    case 'server-error':
      plain(response, 500, policy);
      break;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(policy);
      break;
    case 'no-content-type':
      response.writeHead(200).end(policy);
      break;
    case 'oversize':
      plain(response, 200, padded(policy, OVERSIZE));
      break;
    case 'oversize-chunked':
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write(policy);
      response.end(padded('', HUGE));
      break;
    case 'drip':
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': policy.length });
      drip(response, answer);
      break;
    case 'silent':
      break;
    case 'truncated-body':
      response.writeHead(200, {
        'content-type': 'text/plain',
        'content-length': policy.length + 100,
      });
      response.write(policy, () => response.socket?.destroy());
      break;
    case 'gzip-bomb':
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' });
      response.end(gzipSync(padded(policy, 10 * HUGE)));
      break;
    case 'huge-header':
      response.writeHead(200, { 'content-type': 'text/plain', 'x-huge': 'x'.repeat(HUGE) });
      response.end(policy);
      break;
  }
}

function plain(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    // Senders must not heed it (RFC 8461 §3.3).
    'cache-control': 'max-age=3600',
  });
  response.end(body);
}

/** Valid extension lines behind the policy, up to the size. */
function padded(policy: string, size: number): string {
  const line = `x-padding: ${'x'.repeat(50)}\r\n`;
  return policy + line.repeat(Math.ceil((size - policy.length) / line.length));
}

function drip(response: ServerResponse, { policy, clock }: PolicyAnswer): void {
  let timer: Timer | undefined;
  const next = (index: number): void => {
    if (index >= policy.length) {
      response.end();
      return;
    }
    response.write(policy[index]);
    timer = clock.after(DRIP_MS, () => next(index + 1));
  };
  response.on('close', () => timer?.cancel());
  next(0);
}
