/**
 * The control socket: HTTP over a UNIX socket for the command line of the same machine. Whoever may
 * open the file may use it; it is made for its owner alone.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { normalizeName } from '../dns/name.ts';
import type { Log } from '../log/log.ts';
import type { ReloadReport } from './reload.ts';
import { listenErrorOf } from '../listen/listen-error.ts';
import { listenOnUnixSocket } from '../listen/unix-socket.ts';

/** What the service lets be done. */
export interface ControlActions {
  readonly log?: Log;
  /** JSON for `GET /status`. */
  status(): object;
  reload(): Promise<ReloadReport>;
  /** Reads the overrides of the store now. @returns policy domains whose override changed */
  refreshOverrides(): Promise<readonly string[]>;
  /** Forgets the policy and the decisions of a domain. @returns whether anything was known */
  forgetPolicy(policyDomain: string): Promise<boolean>;
  /**
   * Queued mail is due: to these destinations, or anywhere. Absent where nothing is relayed.
   */
  readonly wakeQueue?: ((destinations: readonly string[]) => void) | undefined;
  /** A command took mail out of the queue. @returns whether the note could be read */
  readonly noteRemoval?: ((note: unknown) => boolean) | undefined;
}

/** What the socket stands on. */
export interface ControlOptions extends ControlActions {
  readonly path: string;
  readonly log: Log;
}

/** The open socket. */
export interface Control {
  readonly path: string;
  /** Ends it and removes the file. */
  close(): Promise<void>;
}

const HELP = `smtp-sts control socket

GET  /status                    what runs here
POST /reload                    take over the configuration
POST /overrides/refresh         read the overrides of the store now
POST /policies/DOMAIN/forget    forget a policy and what was decided by it
POST /queue/wake                look for queued mail that is due; ?destination=DOMAIN: for this one
POST /queue/removed             log what a command took out of the queue or changed; JSON
`;

/**
 * Opens the socket. A service without one is a service all the same: where it cannot be opened
 * that is logged, and the answer is undefined.
 */
export async function startControl(options: ControlOptions): Promise<Control | undefined> {
  const { path, log } = options;
  const server = createAdaptorServer({ fetch: createControlApi(options).fetch }) as Server;
  try {
    await listenPrivately(server, path);
  } catch (error) {
    const { code, message } = listenErrorOf(`unix:${path}`, error);
    log.warn({ code: 'CONTROL_UNAVAILABLE', path, reason: code }, `no control socket: ${message}`);
    return undefined;
  }
  return {
    path,
    close: async () =>
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Whoever holds a connection without a request must not hold the service.
        if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
      }),
  };
}

/** Makes the folder if need be, and the file so that it is never open to others, not for a moment. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await listenOnUnixSocket(server, path, { mode: 0o600 });
}

/** The requests and their answers; `app.request()` answers without a socket. */
export function createControlApi(actions: ControlActions): Hono {
  const app = new Hono();
  app.get('/', (context) => context.text(HELP));
  app.get('/status', (context) => context.json(actions.status()));
  app.post('/reload', async (context) => {
    const report = await actions.reload();
    return context.json(report, report.outcome === 'ok' ? 200 : 422);
  });
  app.post('/overrides/refresh', async (context) =>
    context.json({ changed: await actions.refreshOverrides() }),
  );
  app.post('/policies/:domain/forget', async (context) => {
    const name = normalizeName(context.req.param('domain'));
    if (!name.ok) {
      const { code, detail } = name.failure;
      return context.json({ error: { code, detail } }, 400);
    }
    return context.json({
      policyDomain: name.value,
      known: await actions.forgetPolicy(name.value),
    });
  });
  app.post('/queue/wake', (context) => {
    actions.wakeQueue?.(context.req.queries('destination') ?? []);
    return context.json({ woken: actions.wakeQueue !== undefined });
  });
  app.post('/queue/removed', async (context) => {
    const note: unknown = await context.req.json().catch(() => undefined);
    if (actions.noteRemoval?.(note) === true) return context.json({ noted: true });
    const detail = 'this service cannot read what the command tells it';
    return context.json({ error: { code: 'CONTROL_ANSWER_INVALID', detail } }, 400);
  });
  app.onError((error, context) => {
    actions.log?.error({ event: 'control', error: String(error) }, 'a control request broke off');
    return context.json({ error: { code: 'CONTROL_ANSWER_INVALID', detail: String(error) } }, 500);
  });
  app.notFound((context) => context.text(HELP, 404));
  return app;
}
