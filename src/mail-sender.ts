/**
 * Sends the mail of the program's own, reports and alerts, by the relay's delivery.
 *
 * @module
 */
import type { Clock } from './clock.ts';
import type { Config } from './config/types.ts';
import type { Outcome } from './failure.ts';
import { createRoutes } from './relay/routes/create-routes.ts';
import type { Routes } from './relay/routes/types.ts';
import { sendOne } from './relay/send-one.ts';
import type { SendMail } from './reporting/types.ts';
import type { Engine } from './tls-policy/engine-types.ts';

/** Sends over the routes that are configured now; they are read once for each configuration. */
export function mailSender(
  config: () => Config,
  parts: { readonly engine: Engine; readonly clock: Clock },
): SendMail {
  let known: { readonly of: Config; readonly routes: Outcome<Routes> } | undefined;
  const routesNow = (now: Config): Outcome<Routes> => {
    if (known?.of !== now || !known.routes.ok) {
      known = { of: now, routes: createRoutes(now.relay.routes, { port: now.smtp.port }) };
    }
    return known.routes;
  };
  return async ({ kind, ...mail }, signal) => {
    const now = config();
    const routes = routesNow(now);
    if (!routes.ok) return { kind: 'later', failure: routes.failure };
    const isReport = kind === 'report';
    return await sendOne(
      // A report goes out whatever the policies say: it may be about them (RFC 8460 §5.3).
      { ...mail, policies: isReport ? 'ignore' : 'enforce' },
      {
        ...parts,
        config: now,
        routes: routes.value,
        ...(isReport ? { allowAddresses: now.reporting.send.https.allowAddresses } : {}),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  };
}
