/**
 * The library `smtp-server` as MX host of a domain of the lab.
 *
 * @module
 */
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import type { CertificateKind } from '../../src/lab/types.ts';
import type { World } from '../../src/lab/world.ts';

/** A message as it took it. */
export interface Taken {
  readonly from: string;
  readonly to: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
  readonly secure: boolean;
}

/** A running one. */
export interface MxServer {
  readonly domain: string;
  readonly taken: readonly Taken[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** What it is like. */
export interface MxServerOptions extends SMTPServerOptions {
  /** Domain and host get names from it. */
  readonly name: string;
  readonly certificate?: CertificateKind;
  /** A further host of the same domain, after this one. */
  readonly backup?: string;
}

/** Starts it for a domain that enforces its policy. */
export async function startMxServer(world: World, options: MxServerOptions): Promise<MxServer> {
  const { name, certificate, backup, ...rest } = options;
  const domain = `${name}.test`;
  const host = `mx.${domain}`;
  const hosts = backup === undefined ? [host] : [host, backup];
  const address = world.deadAddress();
  const { key, chain } = world.ca.issue([host], certificate);
  const taken: Taken[] = [];
  let connections = 0;
  const take = async (stream: Readable, session: SMTPServerSession): Promise<void> => {
    const { mailFrom, rcptTo } = session.envelope;
    const content = await buffer(stream);
    taken.push({
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map((each) => each.address),
      parameters: mailFrom === false ? {} : { ...mailFrom.args },
      content,
      secure: session.secure,
    });
  };
  const server = new SMTPServer({
    key,
    cert: chain,
    name: host,
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['AUTH'],
    hideREQUIRETLS: false,
    onConnect(_session, callback) {
      connections += 1;
      callback();
    },
    onData(stream, session, callback) {
      void take(stream, session).finally(callback);
    },
    ...rest,
  });
  // Clients that break off are part of the game.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(world.smtpPort, address, resolve);
  });
  await world.domain({
    name: domain,
    mx: 'none',
    records: [
      ...hosts.map((exchange, index) => ({
        type: 'MX' as const,
        name: domain,
        preference: index + 1,
        exchange,
      })),
      { type: 'A', name: host, value: address },
    ],
    sts: { mode: 'enforce', mx: hosts },
  });
  return {
    domain,
    taken,
    connections: () => connections,
    close: async () => await new Promise<void>((resolve) => server.close(resolve)),
  };
}
