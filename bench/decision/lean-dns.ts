/**
 * The lab's DNS with the answers written beforehand, so that a benchmark measures us and not it.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeQuery } from '../../src/dns/query.ts';
import type { RrType } from '../../src/dns/types.ts';
import { answerMessage } from '../../src/lab/dns-message.ts';
import type { ZoneData } from '../../src/lab/zone-data.ts';

/** A running name server on UDP. */
export interface LeanDns {
  readonly port: number;
  /** Writes the answer to this question now. Other questions are answered when they come. */
  prepare(name: string, type: RrType): void;
}

/** Starts it on the address, on a free port unless one is named. It lives as long as the process. */
export async function startLeanDns(
  zones: ZoneData,
  address: string,
  port: number = 0,
): Promise<LeanDns> {
  const prepared = new Map<string, Uint8Array>();
  const answer = (query: Buffer): Uint8Array | undefined =>
    answerMessage(zones, query, 'udp').bytes;
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const reply = prepared.get(afterId(query)) ?? answer(query);
    if (reply === undefined) return;
    reply.set(query.subarray(0, 2));
    socket.send(reply, from.port, from.address, () => undefined);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    prepare(name, type) {
      const query = Buffer.from(writeQuery(name, type).octets);
      const reply = answer(query);
      if (reply !== undefined) prepared.set(afterId(query), reply);
    },
  };
}

/** All that tells one question from another but for its identifier. */
function afterId(query: Buffer): string {
  return query.toString('latin1', 2);
}
