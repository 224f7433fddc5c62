/**
 * Reads the routes of a configuration, with their passwords: at the start, and again at a reload.
 *
 * @module
 */
import { isIP } from 'node:net';
import type { RouteSettings } from '../../config/types.ts';
import { normalizeName } from '../../dns/name.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { parseNextHop, type NextHop } from '../../tls-policy/next-hop.ts';
import { leadsToLoopback } from './choice.ts';
import { readPasswordFile } from './password-file.ts';
import { createPatternTable, normalPattern } from './patterns.ts';
import type { RouteChoice, Routes } from './types.ts';

/** What routes take from the rest of the configuration. */
export interface RoutesOptions {
  /** The port of a next hop that names none: `smtp.port`. */
  readonly port: number;
}

/**
 * Makes the routes. Nothing is half taken: the first fault of any route is the failure.
 *
 * @returns a `ROUTE_` failure that names the route by its number, counted from 1
 */
export function createRoutes(
  settings: readonly RouteSettings[],
  options: RoutesOptions,
): Outcome<Routes> {
  const table = createPatternTable<RouteChoice>();
  for (const [index, route] of settings.entries()) {
    const added = addRoute(table, route, options);
    if (!added.ok) {
      const { code, detail } = added.failure;
      return fail(code, `route ${index + 1} (${shownPatterns(route)}): ${detail}`);
    }
  }
  return ok({ of: (destination) => table.find(destination) });
}

function addRoute(
  table: ReturnType<typeof createPatternTable<RouteChoice>>,
  route: RouteSettings,
  options: RoutesOptions,
): Outcome<void> {
  const choice = choiceOf(route, options);
  if (!choice.ok) return choice;
  for (const text of route.domains) {
    const pattern = normalPattern(text);
    if (!pattern.ok) return pattern;
    table.add(pattern.value, choice.value);
  }
  return ok(undefined);
}

/** `*.example.com, example.com and 12 more`. */
function shownPatterns({ domains }: RouteSettings): string {
  const shown = domains.slice(0, 3).join(', ');
  return domains.length > 3 ? `${shown} and ${domains.length - 3} more` : shown;
}

function choiceOf(route: RouteSettings, { port }: RoutesOptions): Outcome<RouteChoice> {
  const nextHop = parseNextHop(route.nextHop, port);
  if (!nextHop.ok) return fail('ROUTE_NEXT_HOP_INVALID', nextHop.failure.detail);
  const auth = credentialsOf(route);
  if (!auth.ok) return auth;
  const { tls, heloName, localAddress } = route;
  const choice: RouteChoice = {
    name: shownPatterns(route),
    nextHop: nextHop.value,
    tls,
    ...(auth.value === undefined ? {} : { auth: auth.value }),
    ...(heloName === undefined ? {} : { heloName: asciiHelo(heloName) }),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
  return impossible(choice) ?? ok(choice);
}

/** EHLO takes A-labels alone (RFC 5321 §2.3.5). */
function asciiHelo(name: string): string {
  const ascii = normalizeName(name);
  return ascii.ok ? ascii.value : name;
}

function credentialsOf({ user, passwordFile }: RouteSettings): Outcome<RouteChoice['auth']> {
  if (user === undefined && passwordFile === undefined) return ok(undefined);
  if (user === undefined || passwordFile === undefined) {
    const [there, missing] =
      user === undefined ? ['password_file', 'user'] : ['user', 'password_file'];
    return fail('ROUTE_CREDENTIALS_INCOMPLETE', `there is a ${there}, but no ${missing}`);
  }
  if (/\p{Cc}/u.test(user)) {
    return fail('ROUTE_USER_INVALID', 'the user has a control character');
  }
  const password = readPasswordFile(passwordFile);
  if (!password.ok) return password;
  return ok({ user, password: () => password.value });
}

/** What could never work is said at once, not when the first mail waits. */
function impossible(choice: RouteChoice): Outcome<never> | undefined {
  return unverifiable(choice) ?? wrongFamily(choice);
}

function unverifiable({ nextHop, tls, auth }: RouteChoice): Outcome<never> | undefined {
  if (nextHop.kind !== 'address') return undefined;
  if (tls === 'verify') {
    const detail = `tls: verify needs the name of a host, and next_hop is the address ${nextHop.address}`;
    return fail('ROUTE_UNVERIFIABLE', detail);
  }
  if (auth === undefined || leadsToLoopback(nextHop)) return undefined;
  const detail = `a password goes to a host whose certificate can be verified, and next_hop is the address ${nextHop.address}`;
  return fail('ROUTE_UNVERIFIABLE', detail);
}

function wrongFamily({
  nextHop,
  localAddress,
}: {
  readonly nextHop: NextHop;
  readonly localAddress?: string;
}): Outcome<never> | undefined {
  if (nextHop.kind !== 'address' || localAddress === undefined) return undefined;
  if (isIP(nextHop.address) === isIP(localAddress)) return undefined;
  const detail = `${nextHop.address} cannot be reached from local_address ${localAddress}`;
  return fail('ROUTE_LOCAL_ADDRESS', `${detail}: not of the same family`);
}
