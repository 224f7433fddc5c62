/**
 * One request of the HTTPS endpoint, from its head to its answer.
 *
 * @module
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { printable } from '../../printable.ts';
import { decodeOnce, readBody } from './body.ts';
import { clientKey } from './client-key.ts';
import { createGate, type Gate } from './gate.ts';
import { FAULT, type HttpReply, type Refusal, REFUSALS, replyTo } from './http-reply.ts';
import { checkBodyHead, checkPath, encodingOf, sniff } from './http-request.ts';
import { createRefusalLines, organizationOf, type RefusalLines } from './intake-lines.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import type { ReceiverOptions } from './receiver-types.ts';
import { createSharedBudget, type SharedBudget } from './shared-budget.ts';
import type { IntakeResult } from './types.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** How long a body may take, milliseconds. */
const BODY_MS = 60_000;
const KIB = 1_024;
/** A body that is no larger may come slowly, and finds room when larger ones do not. Nearly all are. */
const SMALL_OCTETS = 64 * KIB;
/** Any larger one: 16 KiB a second. */
const PACE = { everyMs: 5_000, octets: 5 * 16 * KIB, above: SMALL_OCTETS };
/** Octets of all bodies that are in memory at once; of one client an eighth. */
const SHARES = {
  limit: 64 * KIB * KIB,
  perClient: 8 * KIB * KIB,
  reserve: 8 * KIB * KIB,
  small: SMALL_OCTETS,
};
/** Reports that are understood at once. */
const AT_ONCE = 4;
/** How long a client that is refused may go on sending before it is cut off, milliseconds. */
const LINGER_MS = 1_000;

/** Answers requests. */
export interface HttpHandler {
  /** @param invite lets a client send its body that waits to be asked (`Expect: 100-continue`) */
  handle(request: IncomingMessage, response: ServerResponse, invite?: () => void): Promise<void>;
  /** From now on each answer is the last of its connection. */
  goAway(): void;
}

interface Standing extends ReceiverOptions {
  readonly rate: RateLimit;
  readonly gate: Gate;
  readonly budget: SharedBudget;
  readonly refusals: RefusalLines;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly invite: (() => void) | undefined;
}

/** `gone`: nobody waits for an answer. */
type Answer = HttpReply | 'gone';

/** The state of all requests together: what came in a minute, what is in memory. */
export function createHttpHandler(options: ReceiverOptions): HttpHandler {
  const { clock, settings, log } = options;
  const standing: Standing = {
    ...options,
    rate: createRateLimit({ clock, perMinute: () => settings().https.perMinute }),
    gate: createGate(AT_ONCE),
    budget: createSharedBudget(SHARES),
    refusals: createRefusalLines(options),
  };
  let isLast = false;
  return {
    goAway() {
      isLast = true;
    },
    async handle(request, response, invite) {
      const exchange = { request, response, invite };
      response.on('error', () => undefined);
      const answer = await answerTo(exchange, standing).catch((error: unknown) => {
        const { message, stack } = error as Error;
        log.error({ event: 'bug', message, stack }, `a bug in taking a report: ${message}`);
        return FAULT;
      });
      if (answer === 'gone') response.destroy();
      else send(exchange, answer, { standing, isLast });
    },
  };
}

async function answerTo(exchange: Exchange, standing: Standing): Promise<Answer> {
  const { request } = exchange;
  const client = request.socket.remoteAddress ?? '';
  const refusal = checkHead(request, standing);
  if (refusal !== undefined) return turnAway(refusal, client, standing);
  exchange.invite?.();
  const { maxBytes } = standing.settings();
  const { clock } = standing;
  const budget = standing.budget.bodyOf(clientKey(request.socket.remoteAddress));
  const limits = { maxBytes, withinMs: BODY_MS, pace: PACE, budget, clock };
  const body = await readBody(request, limits);
  switch (body.kind) {
    case 'whole':
      try {
        return await standing.gate.run(async () => await takeIn(body.bytes, request, standing));
      } finally {
        budget.give(body.bytes.length);
      }
    case 'gone':
      return 'gone';
    case 'too-large':
      return turnAway(REFUSALS.tooLarge(maxBytes), client, standing);
    case 'too-slow':
      return turnAway(REFUSALS.tooSlow(BODY_MS), client, standing);
    case 'busy':
      return turnAway(REFUSALS.busy, client, standing);
  }
}

function checkHead(request: IncomingMessage, standing: Standing): Refusal | undefined {
  const { method = '', url = '', headers, socket } = request;
  const settings = standing.settings();
  const head = { method, url, headers };
  const wrong = checkPath(head, settings.https.token);
  if (wrong !== undefined) return wrong;
  const wait = standing.rate.take(clientKey(socket.remoteAddress));
  return wait > 0 ? REFUSALS.tooMany(wait) : checkBodyHead(head, settings);
}

async function takeIn(
  body: Buffer,
  request: IncomingMessage,
  standing: Standing,
): Promise<HttpReply> {
  const client = request.socket.remoteAddress ?? '';
  const { intake } = standing;
  const bare = await withoutEncoding(body, request, standing);
  if (!(bare instanceof Uint8Array)) return turnAway(bare, client, standing);
  if (sniff(bare) === 'other') return turnAway(REFUSALS.noReport, client, standing);
  const taken = await intake.file(bare, { way: 'https', headers: plainHeaders(request) });
  const verdict = verdictOf(taken);
  if ('failure' in verdict) tellRefused(verdict, { client, taken }, standing);
  return replyTo(verdict);
}

interface Posted {
  readonly client: string;
  readonly taken: IntakeResult;
}

/** Whoever posted it is told the same; both must be able to find it in their logs. */
function tellRefused(
  { kind, failure }: Extract<Verdict, { readonly failure: unknown }>,
  { client, taken }: Posted,
  { refusals }: Standing,
): void {
  const organization = organizationOf(taken);
  const whose = organization === '' ? '' : ` of ${organization}`;
  const { code, detail } = failure;
  refusals.tell(
    { event: 'report-refused', way: 'https', client, organization, verdict: kind, code },
    `a report${whose} posted by ${printable(client)} was not taken: ${printable(detail)}`,
  );
}

/**
 * What was sent, less its `Content-Encoding`. Whoever says gzip and means that the report itself is
 * gzipped, as `application/tlsrpt+gzip` is, gets the same: it is left packed, for small is what is kept.
 */
async function withoutEncoding(
  body: Buffer,
  { headers }: IncomingMessage,
  { settings }: Standing,
): Promise<Uint8Array | Refusal> {
  if (encodingOf(headers) !== 'gzip') return body;
  const decoded = await decodeOnce(body, settings().maxJsonBytes);
  if (decoded === undefined) return REFUSALS.wrongEncoding;
  return sniff(decoded) === 'json' ? body : decoded;
}

function plainHeaders({ headers }: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => typeof value === 'string'),
  ) as Record<string, string>;
}

function turnAway(refusal: Refusal, client: string, standing: Standing): HttpReply {
  const { why, failure } = refusal;
  standing.metrics?.atTheDoor('https', why);
  const fields = { event: 'report-turned-away', way: 'https', client, why, code: failure.code };
  const text = `a post of ${printable(client)} was turned away: ${failure.detail}`;
  // Scanners are no news.
  if (why === 'not-found' || why === 'method') standing.log.debug(fields, text);
  else standing.refusals.tell(fields, text);
  return refusal;
}

function send(
  { request, response }: Exchange,
  { status, body, headers }: HttpReply,
  { standing, isLast }: { readonly standing: Standing; readonly isLast: boolean },
): void {
  if (response.destroyed) return;
  const all: OutgoingHttpHeaders = {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  const isRead = request.complete;
  if (isLast || !isRead) all['connection'] = 'close';
  response.writeHead(status, all);
  if (isRead) response.end(body);
  else endAfterRest({ request, response, body }, standing);
}

/**
 * The answer goes out at once; the connection stays for a moment. Unread octets would turn its end
 * into a reset, and the client would never read why it was refused.
 */
function endAfterRest(
  { request, response, body }: Pick<Exchange, 'request' | 'response'> & { readonly body: string },
  { clock }: Standing,
): void {
  response.write(body);
  const end = (): void => {
    timer.cancel();
    response.end();
  };
  const timer = clock.after(LINGER_MS, end);
  request.once('end', end).once('close', end).resume();
}
