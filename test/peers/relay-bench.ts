/**
 * A relay with all that clients may want of it, before a domain that enforces its policy.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config/types.ts';
import type { LabDomain } from '../../src/lab/lab-domain.ts';
import { labConfig } from '../../src/lab/lab-engine.ts';
import type { LabMessage } from '../../src/lab/types.ts';
import { startWorld, type World } from '../../src/lab/world.ts';
import { writeRelayFiles } from './relay-files.ts';
import { eventually, type RelayInWorld, startRelayInWorld } from './relay-in-world.ts';

/** The bench. */
export interface RelayBench {
  readonly folder: string;
  readonly world: World;
  readonly relay: RelayInWorld;
  /** STARTTLS. */
  readonly port: number;
  /** TLS from the first octet. */
  readonly tlsPort: number;
  /** `there.test`. */
  readonly there: LabDomain;
  /** The message as it came to `there.test`, by the id that the relay gave it. */
  arrival(id: string): Promise<LabMessage>;
  close(): Promise<void>;
}

/** Starts it. */
export async function startRelayBench(changes: Partial<Config['relay']> = {}): Promise<RelayBench> {
  const folder = await mkdtemp(join(tmpdir(), 'smtp-sts-relay-bench-'));
  const world = await startWorld();
  const there = await world.domain({ name: 'there.test', sts: { mode: 'enforce' } });
  const files = await writeRelayFiles(folder, world.ca);
  const any = ['127.0.0.1:0'];
  const relay = await startRelayInWorld({
    config: labConfig(world, { relay: { listen: any, listenTls: any, ...files, ...changes } }),
    clock: systemClock,
    ca: world.ca.rootPem,
  });
  const [port = 0, tlsPort = 0] = relay.addresses.map((each) => Number(each.split(':').at(-1)));
  return {
    folder,
    world,
    relay,
    port,
    tlsPort,
    there,
    arrival: async (id) =>
      await eventually(
        () => there.host.messages.find(hasId(id)),
        () => `the arrival of ${id}`,
      ),
    async close() {
      await relay.close();
      await world.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** `Received` is the first field, and names the id. */
function hasId(id: string): (message: LabMessage) => boolean {
  return ({ content }) => traceOf(content).includes(` id ${id}`);
}

const TRACE = /^Received:[^\r]*\r\n(?:[ \t][^\r]*\r\n)*/;

/** The `Received` field that was put in front of a message last. */
export function traceOf(content: Uint8Array): string {
  return TRACE.exec(Buffer.from(content.subarray(0, 2_000)).toString('latin1'))?.[0] ?? '';
}

/** The message as it was handed in. */
export function withoutTrace(content: Uint8Array): Buffer {
  return Buffer.from(content.subarray(traceOf(content).length));
}
