/**
 * The HTTP face: the decision record of a domain, health, metrics. Read only.
 *
 * @module
 */
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { decisionToJson } from '../tls-policy/decision-record.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { parseNextHop } from '../tls-policy/next-hop.ts';

/** What the API stands on. */
export interface HttpApiOptions {
  readonly engine: Engine;
  readonly metrics: Metrics;
  /** Port of MX hosts, for next hops that name none. */
  readonly smtpPort: number;
  /** Longest wait for a first contact, milliseconds. */
  readonly firstContactMs: number;
  readonly clock: Clock;
  /** Why MTAs should not be sent here yet; empty: they may. */
  readonly notReady: () => readonly string[];
}

const HELP = `smtp-sts

GET /v1/policy/DOMAIN   how mail for DOMAIN may travel: the evidence and the decision, as JSON
GET /healthz            is the service alive, and what does it stand on
GET /readyz             may MTAs ask it yet: 200, or 503 and why not
GET /metrics            numbers for Prometheus
`;

/** Builds the API; `app.request()` answers without a socket. */
export function createHttpApi(options: HttpApiOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders());
  app.get('/', (context) => context.text(HELP));
  app.get('/healthz', (context) => context.json(health(options.engine)));
  app.get('/readyz', (context) => {
    const reasons = options.notReady();
    if (reasons.length === 0) return context.json({ ready: true });
    return context.json({ ready: false, reasons }, 503);
  });
  app.get('/metrics', async (context) =>
    context.body(await options.metrics.text(), 200, {
      'content-type': options.metrics.contentType,
    }),
  );
  app.get('/v1/policy/:domain', async (context) => await answerPolicy(context, options));
  app.notFound((context) => context.text(HELP, 404));
  return app;
}

function health(engine: Engine): object {
  const stats = engine.policies.stats();
  return {
    status: stats.storeUp ? 'ok' : 'degraded',
    store: stats.storeUp ? 'up' : 'down, answers come from memory',
    policies: stats.entries,
  };
}

async function answerPolicy(context: Context, options: HttpApiOptions): Promise<Response> {
  const nextHop = parseNextHop(context.req.param('domain') ?? '', options.smtpPort);
  if (!nextHop.ok) return context.json(errorBody(nextHop.failure), 400);
  const startedAt = options.clock.now();
  const record = await options.engine.decide(nextHop.value, { budgetMs: options.firstContactMs });
  options.metrics.decided(record.policy.outcome, options.clock.now() - startedAt);
  return context.body(decisionToJson(record), 200, { 'content-type': 'application/json' });
}

function errorBody(failure: Failure): object {
  return { error: { code: failure.code, detail: failure.detail } };
}
