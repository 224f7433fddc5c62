/**
 * The machine as the doctor sees it.
 *
 * @module
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { HttpAnswer, MapQuestion, Surroundings } from '../check/doctor-types.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { DnsResolver } from '../dns/resolver.ts';
import { runSelfTest } from '../dns/self-test.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { silentLog } from '../log/log.ts';
import { dialectOf } from '../policy-server/dialect.ts';
import { parseSocketAddress } from '../listen/socket-address.ts';
import { askSocketmap } from '../policy-server/socketmap-client.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { openStore } from '../store/open-store.ts';
import { StoreError } from '../store/store-error.ts';
import { loadCaFile } from '../tls/trust.ts';
import { realRelay } from './relay-surroundings.ts';
import { realReporting } from './reporting-surroundings.ts';
import { runProgram } from './run-program.ts';

/** How long anything outside may take, milliseconds. */
const PATIENCE_MS = 5_000;

/** What the doctor is given. */
export interface SurroundingsOptions {
  readonly config: Config;
  readonly resolver: DnsResolver;
  readonly postfixConfig: string | undefined;
}

/** The real thing. */
export function realSurroundings(options: SurroundingsOptions): Surroundings {
  const { config, resolver, postfixConfig } = options;
  const { intervalMs: _, ...names } = config.dns.selfTest;
  return {
    config,
    clock: systemClock,
    run: async (program, args) => await runProgram(program, args, PATIENCE_MS),
    readText,
    selfTest: async () => await runSelfTest({ resolver, names }),
    upstreams: () => resolver.upstreams,
    roots: config.tls.caFile === undefined ? ok(rootCertificates) : loadCaFile(config.tls.caFile),
    tryStore: async () => await tryStore(config.store.url),
    askHttp: async (path) => await askHttp(config.http.listen, path),
    askMap,
    dialectOf: (mapName) => dialectOf(mapName, config.socketmap.defaultDialect),
    postfixConfig,
    relay: realRelay(config, resolver),
    reporting: realReporting(config, resolver),
  };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function tryStore(url: string): Promise<Outcome<string>> {
  const path = /^sqlite:(?<path>.+)$/.exec(url)?.groups?.['path'];
  if (path !== undefined && path !== ':memory:' && !existsSync(path)) return tryFolder(path);
  try {
    // Who only looks moves nothing aside: mail may be in it.
    const store = await openStore(url, { log: silentLog, onDamage: 'refuse' });
    try {
      const lease = { name: 'doctor', owner: String(process.pid) };
      await takeLease(store, { ...lease, now: systemClock.now(), holdMs: 1 });
      await releaseLease(store, lease);
    } finally {
      await store.close();
    }
    return ok(path === undefined ? 'the database can be written' : `${path} can be written`);
  } catch (error) {
    if (error instanceof StoreError) return { ok: false, failure: error.failure };
    return fail('STORE_UNWRITABLE', (error as Error).message);
  }
}

/** Looking at it must not make it: whoever runs the doctor is often not who runs the service. */
function tryFolder(path: string): Outcome<string> {
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return ok(`${path} is not there yet; it can be made`);
  } catch {
    return fail('STORE_UNWRITABLE', `${path} is not there, and ${folder} cannot be written`);
  }
}

async function askHttp(listen: string, path: string): Promise<HttpAnswer> {
  const where = listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:');
  try {
    const response = await fetch(`http://${where}${path}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { status: response.status, body: await response.text() };
  } catch {
    return { status: 0, body: '' };
  }
}

async function askMap({ address, mapName, key }: MapQuestion): Promise<Outcome<string>> {
  const parsed = parseSocketAddress(address);
  if (parsed.kind === 'fd') return fail('SOCKETMAP_UNREACHABLE', `${address} has no address`);
  return await askSocketmap({
    address: parsed,
    mapName,
    key,
    timeoutMs: PATIENCE_MS,
    clock: systemClock,
  });
}
