/**
 * The relay in the lab: the whole service with a configuration file of its own, so that every command
 * can be tried on it.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Clock } from '../clock.ts';
import { loadConfig } from '../config/load-config.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { type Log, silentLog } from '../log/log.ts';
import { startService } from '../serve.ts';
import { connectSmtp } from '../smtp/session.ts';
import { SELF_TEST_NAMES } from '../lab/standing-domains.ts';
import type { World } from '../lab/world.ts';

/** A message for the relay. */
export interface LabLetter {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** The running relay. */
export interface LabRelay {
  /** What `--config` wants. */
  readonly configFile: string;
  /** Where it takes messages: `127.0.0.1:PORT`. */
  readonly address: string;
  /** Where its metrics are: `http://127.0.0.1:PORT`. */
  readonly http: string;
  /** Hands a message in. @returns the id that the `250` names */
  submit(letter: LabLetter): Promise<Outcome<string>>;
  /** Ends it; the queue goes with it. */
  close(): Promise<void>;
}

/** What may be other than usual. */
export interface LabRelayOptions {
  /** Default: an SQLite file in the relay's own folder. */
  readonly storeUrl?: string;
  /** Default: silent. */
  readonly log?: Log;
}

/** Starts it in this world. */
export async function startLabRelay(
  world: World,
  clock: Clock,
  { storeUrl, log = silentLog }: LabRelayOptions = {},
): Promise<LabRelay> {
  const folder = await mkdtemp(join(tmpdir(), 'smtp-sts-relay-'));
  const configFile = join(folder, 'smtp-sts.yaml');
  const url = storeUrl ?? `sqlite:${join(folder, 'smtp-sts.sqlite')}`;
  await writeFile(configFile, stringify(settings(world, { folder, url })));
  const { value, problems } = loadConfig({ path: configFile });
  if (value === undefined) throw new Error(problems.map(({ message }) => message).join('; '));
  const service = await startService({ config: value, clock, log });
  const faceOf = (wanted: string): string =>
    service.listening.find(({ face }) => face === wanted)?.url ?? '';
  const address = faceOf('relay').slice('smtp://'.length);
  return {
    configFile,
    address,
    http: faceOf('HTTP API'),
    submit: async (letter) => await submit(letter, address, clock),
    async close() {
      await service.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function settings(
  world: World,
  { folder, url }: { readonly folder: string; readonly url: string },
): object {
  const { dns, policyHost, smtpPort, caFile } = world;
  return {
    dns: { resolvers: [`${dns.address}:${dns.port}`], self_test: SELF_TEST_NAMES },
    tls: { ca_file: caFile },
    smtp: { port: smtpPort, helo_name: 'relay.lab.test' },
    policy_fetch: { port: policyHost.port },
    store: { url },
    http: { listen: '127.0.0.1:0' },
    socketmap: { listen: [] },
    control: { socket: join(folder, 'control.sock') },
    // No session is kept for the next message, so that an attack shows at once.
    relay: { enabled: true, listen: ['127.0.0.1:0'], session_idle: '0ms' },
  };
}

async function submit(
  { from, to, subject, text }: LabLetter,
  address: string,
  clock: Clock,
): Promise<Outcome<string>> {
  const [host = '', port] = address.split(':');
  const connected = await connectSmtp({
    address: host,
    port: Number(port),
    host,
    heloName: 'client.lab.test',
    clock,
  });
  if (!connected.ok) return connected;
  const session = connected.value;
  // It is our own relay, on loopback.
  session.accept({ deliver: true });
  const message = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n${text}\r\n`;
  const [result] = await session.send({ from, recipients: [{ address: to }] }, [
    Buffer.from(message),
  ]);
  await session.quit();
  if (result === undefined || result.status !== 'delivered') {
    return result === undefined
      ? fail('SMTP_SESSION_UNUSABLE', 'the relay did not answer')
      : { ok: false, failure: result.failure };
  }
  return ok(/queued as (\S+)/.exec(result.reply.lines.join(' '))?.[1] ?? '');
}
