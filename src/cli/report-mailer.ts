/**
 * What commands send reports with: our own delivery, the guarded HTTPS request, the configured key.
 *
 * @module
 */
import { hostname } from 'node:os';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Resolver } from '../dns/types.ts';
import { mailSender } from '../mail-sender.ts';
import { createRoutes } from '../relay/routes/create-routes.ts';
import { signerOf } from '../reporting/send/author.ts';
import type { DeliverReportOptions } from '../reporting/send/deliver-report.ts';
import { createReportPoster } from '../reporting/send/post-report.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { EXIT_CONFIG } from './exit-codes.ts';
import { CommandStop } from './shared-options.ts';

/** The ways out for reports. */
export type ReportMailer = Pick<
  DeliverReportOptions,
  'settings' | 'sendMail' | 'postReport' | 'signer'
>;

/** The ways out as the service would have them. */
export function reportMailer(config: Config, engine: Engine, resolver: Resolver): ReportMailer {
  const { send } = config.reporting;
  const routes = createRoutes(config.relay.routes, { port: config.smtp.port });
  if (!routes.ok) {
    throw new CommandStop(`${routes.failure.detail} (${routes.failure.code})`, EXIT_CONFIG);
  }
  const signer = signerOf(send);
  return {
    settings: send,
    signer: () => signer,
    sendMail: mailSender(() => config, { engine, clock: systemClock }),
    postReport: createReportPoster({
      resolver,
      clock: systemClock,
      settings: () => send,
      ca: () => engine.ca,
      ...(config.smtp.localAddress === undefined ? {} : { localAddress: config.smtp.localAddress }),
    }),
  };
}

/** Stops where there is no key to sign with: nothing will change by itself. */
export function requireSigner(signer: ReturnType<ReportMailer['signer']>): void {
  if (signer.ok) return;
  const { code, detail } = signer.failure;
  throw new CommandStop(
    `${detail}. Make a key with \`smtp-sts dkim-key --domain DOMAIN --out FILE\`, or mend reporting.send.dkim (${code})`,
    EXIT_CONFIG,
  );
}

/** Names this command among the nodes. */
export function commandOwner(): string {
  return `${hostname()}/command/${process.pid}`;
}
