/**
 * Reads the server name out of the first octets of a TLS connection, so that a host can decide
 * how to treat a client before any handshake.
 *
 * @module
 */

const SERVER_NAME_EXTENSION = 0;

/** What the octets say: a name, none, or that more octets are needed. */
export type HelloName =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'incomplete' };

/** Reads the SNI name of a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3). */
export function serverNameOf(octets: Buffer): HelloName {
  if (octets.length > 0 && octets[0] !== 0x16) return { kind: 'none' };
  if (octets.length < 5 || octets.length < 5 + octets.readUInt16BE(3)) {
    return { kind: 'incomplete' };
  }
  try {
    const name = nameInHello(octets.subarray(5, 5 + octets.readUInt16BE(3)));
    return name === undefined ? { kind: 'none' } : { kind: 'name', name };
  } catch {
    // Lengths that point outside: no ClientHello that anybody would answer.
    return { kind: 'none' };
  }
}

function nameInHello(record: Buffer): string | undefined {
  // Type, length, version, random.
  let at = 1 + 3 + 2 + 32;
  at += 1 + record.readUInt8(at);
  at += 2 + record.readUInt16BE(at);
  at += 1 + record.readUInt8(at);
  const end = at + 2 + record.readUInt16BE(at);
  at += 2;
  while (at < end) {
    const type = record.readUInt16BE(at);
    const length = record.readUInt16BE(at + 2);
    if (type === SERVER_NAME_EXTENSION) {
      const nameLength = record.readUInt16BE(at + 7);
      return record.toString('latin1', at + 9, at + 9 + nameLength).toLowerCase();
    }
    at += 4 + length;
  }
  return undefined;
}
