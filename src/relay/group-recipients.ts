/**
 * Recipients by next hop: one walk over MX hosts for all of a domain, never one for two domains
 * (their policies may differ).
 *
 * @module
 */
import { parseMailbox } from '../smtp/mailbox.ts';
import type { Recipient } from '../smtp/types.ts';
import { ok, type Failure, type Outcome } from '../failure.ts';
import { addressLiteral, parseNextHop, type NextHop } from '../tls-policy/next-hop.ts';
import { hopKey } from './routes/choice.ts';
import type { RouteChoice } from './routes/types.ts';

/** Recipients that travel together. */
export interface RecipientGroup {
  readonly nextHop: NextHop;
  /** Absent where the next hop is the recipients' own. */
  readonly route?: RouteChoice;
  readonly recipients: readonly Recipient[];
}

/** Recipients by next hop, and those whose address leads nowhere. */
export interface Grouping {
  readonly groups: readonly RecipientGroup[];
  readonly invalid: readonly { readonly recipient: Recipient; readonly failure: Failure }[];
}

/**
 * Sends the mail of a domain somewhere else than its MX, or that of an address literal (`[192.0.2.1]`)
 * somewhere else than its address; undefined: nowhere else.
 */
export type Route = (domain: string) => RouteChoice | undefined;

/** Groups recipients; groups are in the order of their first recipient. */
export function groupRecipients(
  recipients: readonly Recipient[],
  options: { readonly port: number; readonly route?: Route },
): Grouping {
  const groups = new Map<string, Way & { recipients: Recipient[] }>();
  const invalid: { recipient: Recipient; failure: Failure }[] = [];
  for (const recipient of recipients) {
    const way = wayOf(recipient.address, options);
    if (way.ok) {
      const key = hopKey(way.value.nextHop, way.value.route);
      const group = groups.get(key) ?? { ...way.value, recipients: [] };
      group.recipients.push(recipient);
      groups.set(key, group);
    } else {
      invalid.push({ recipient, failure: way.failure });
    }
  }
  return { groups: [...groups.values()], invalid };
}

/** How mail gets to an address. */
type Way = Pick<RecipientGroup, 'nextHop' | 'route'>;

/** The next hop of an address: its route, else its own domain or literal (RFC 8461 §1.1, §3.4). */
function wayOf(
  address: string,
  { port, route }: { readonly port: number; readonly route?: Route },
): Outcome<Way> {
  const mailbox = parseMailbox(address);
  if (!mailbox.ok) return invalidRecipient(address, mailbox.failure);
  const own = parseNextHop(mailbox.value.domain, port);
  if (!own.ok) return invalidRecipient(address, own.failure);
  switch (own.value.kind) {
    case 'domain':
      return ok(wayBy(route?.(own.value.domain), own.value));
    case 'address':
      return ok(wayBy(route?.(addressLiteral(own.value.address)), own.value));
    case 'host':
      // `[name]` is how an operator writes a smart host; in an address it means nothing.
      return invalidRecipient(address, {
        code: 'POLICY_RECIPIENT_INVALID',
        detail: 'a name in brackets is no address literal',
      });
    default:
      return own.value satisfies never;
  }
}

function wayBy(route: RouteChoice | undefined, own: NextHop): Way {
  return route === undefined ? { nextHop: own } : { nextHop: route.nextHop, route };
}

function invalidRecipient(address: string, cause: Failure): Outcome<never> {
  const shown = JSON.stringify(address.slice(0, 120));
  return {
    ok: false,
    failure: {
      code: 'POLICY_RECIPIENT_INVALID',
      detail: `recipient ${shown} cannot be delivered to: ${cause.detail}`,
    },
  };
}
