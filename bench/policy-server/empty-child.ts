/**
 * The least that a Node.js server can do: for each comma that comes, the same reply. What is slower
 * than this is our own doing.
 *
 * @module
 */
import { type AddressInfo, createServer } from 'node:net';

const COMMA = 0x2c;
/** As long as a real answer. */
const REPLY = `71:OK secure match=mx.d100-bench.test servername=hostname ${' '.repeat(16)},`;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (octets: Buffer) => {
    let count = 0;
    for (let at = 0; at < octets.length; at += 1) if (octets[at] === COMMA) count += 1;
    if (count > 0) socket.write(count === 1 ? REPLY : REPLY.repeat(count), 'latin1');
  });
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
