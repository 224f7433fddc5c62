/**
 * Mail of our own that does not go through the queue: whoever sends it keeps it, tries again and
 * wants to know at once what came of it.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import { fail, type Failure } from '../failure.ts';
import { createAddressGuard } from '../http/address-guard.ts';
import { connectSmtp } from '../smtp/session.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import { deliver, type DeliverOptions } from './deliver.ts';
import { ownIdentity } from './own-identity.ts';
import type { RouteChoice, Routes } from './routes/types.ts';
import type { RecipientReport } from './types.ts';

/** One message to one recipient. */
export interface OwnMail {
  /** `MAIL FROM`; '' is the null reverse-path. */
  readonly reversePath: string;
  readonly to: string;
  /** With CRLF. */
  readonly content: Uint8Array;
  /**
   * `ignore`: MTA-STS and DANE are not enforced and the session is not counted, as a TLS report
   * needs it (RFC 8460 §3, §5.3). `enforce`: as any other mail.
   */
  readonly policies: 'ignore' | 'enforce';
}

/** What came of it. `later`: worth another try. */
export type OwnMailResult =
  | { readonly kind: 'accepted'; readonly text: string }
  | { readonly kind: 'later' | 'refused'; readonly failure: Failure };

/** What sending stands on. */
export interface SendOneOptions extends Pick<
  DeliverOptions,
  'engine' | 'clock' | 'connect' | 'onAttempt' | 'signal'
> {
  /**
   * Where a stranger names the recipient, as for reports: hosts that DNS names are connected to at
   * public addresses only, and in these blocks. A route is the operator's own, and goes anywhere.
   * Default: no check.
   */
  readonly allowAddresses?: readonly string[];
  readonly config: Pick<Config, 'smtp' | 'tls' | 'mtaSts' | 'relay'>;
  readonly routes: Routes;
}

/** Sends it once. Never rejects for a network reason. */
export async function sendOne(mail: OwnMail, options: SendOneOptions): Promise<OwnMailResult> {
  const { config, routes, onAttempt, allowAddresses, ...rest } = options;
  let route: RouteChoice | undefined;
  const report = await deliver({
    ...rest,
    ...(allowAddresses === undefined
      ? {}
      : { connect: guarded(options, allowAddresses, () => route !== undefined) }),
    config,
    envelope: {
      from: mail.reversePath,
      recipients: [{ address: mail.to }],
      size: mail.content.length,
    },
    message: [mail.content],
    route: (destination) => (route = routes.of(destination)),
    own: ownIdentity(config),
    firstContactMs: config.mtaSts.firstContactRelayMs,
    ...(mail.policies === 'ignore'
      ? { tlsRequiredNo: { present: true, submitted: true, use: 'always' } as const }
      : {}),
    ...(mail.policies === 'ignore' || onAttempt === undefined ? {} : { onAttempt }),
  });
  const attempts = report.hops.flatMap((hop) => hop.attempts);
  const result = resultOf(report.recipients[0]!);
  if (result.kind !== 'later' || attempts.length === 0 || !attempts.every(isBarred)) return result;
  // Where its hosts lie is no fault of the moment.
  return { ...result, kind: 'refused' };
}

const BARRED = 'REPORT_SEND_ADDRESS_REFUSED';

type Connect = NonNullable<DeliverOptions['connect']>;

/** Anybody can name a host of our own network as the place for reports (RFC 8460 §7). */
function guarded(
  { connect = connectSmtp }: SendOneOptions,
  allow: readonly string[],
  isRouted: () => boolean,
): Connect {
  const guard = createAddressGuard(allow);
  return async (how) => {
    const why = isRouted() ? undefined : guard.why(how.address);
    if (why === undefined) return await connect(how);
    const detail = `${how.host} at ${how.address} may not be reached (${why})`;
    return fail(BARRED, detail);
  };
}

function isBarred({ failure }: AttemptEvent): boolean {
  return failure?.code === BARRED;
}

function resultOf(report: RecipientReport): OwnMailResult {
  switch (report.status) {
    case 'delivered': {
      const host = report.host ?? report.address ?? 'unknown host';
      return { kind: 'accepted', text: `${host}: ${replyText(report)}` };
    }
    case 'deferred':
      return { kind: 'later', failure: report.failure };
    case 'failed':
      return { kind: 'refused', failure: report.failure };
    default:
      return report satisfies never;
  }
}

function replyText({ reply }: Extract<RecipientReport, { status: 'delivered' }>): string {
  return [reply.code, ...reply.lines].join(' ');
}
