/**
 * Containers around a report, as senders and attackers make them.
 *
 * @module
 */
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** What a gzip header may carry besides (RFC 1952 §2.3). */
export interface GzipHeader {
  readonly extra?: Uint8Array;
  readonly name?: string;
  readonly comment?: string;
  readonly headerCrc?: boolean;
}

/** One gzip member with everything that the header may have. */
export function gzipMember(content: Uint8Array, header: GzipHeader = {}): Buffer {
  const plain = gzipSync(content);
  const parts: Uint8Array[] = [];
  let flags = 0;
  if (header.extra !== undefined) {
    flags |= 0x04;
    parts.push(Buffer.from([header.extra.length & 255, header.extra.length >> 8]), header.extra);
  }
  if (header.name !== undefined) {
    flags |= 0x08;
    parts.push(Buffer.from(`${header.name}\0`, 'latin1'));
  }
  if (header.comment !== undefined) {
    flags |= 0x10;
    parts.push(Buffer.from(`${header.comment}\0`, 'latin1'));
  }
  if (header.headerCrc === true) flags |= 0x02;
  const head = Buffer.concat([plain.subarray(0, 10), ...parts]);
  head[3] = flags;
  const sum = Buffer.alloc(header.headerCrc === true ? 2 : 0);
  if (sum.length > 0) sum.writeUInt16LE(crc32(head) & 0xffff);
  return Buffer.concat([head, sum, plain.subarray(10)]);
}

/** A file of a zip archive. */
export interface ZipFileOptions {
  readonly name: string;
  readonly content: Uint8Array;
  readonly isStored?: boolean;
  /** What the archive claims, if not the truth. */
  readonly claims?: { readonly crc?: number; readonly size?: number; readonly flags?: number };
}

/** A zip archive. */
export function zipArchive(files: readonly ZipFileOptions[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const { local, central } = zipEntry(file, offset);
    locals.push(local);
    centrals.push(central);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function zipEntry(file: ZipFileOptions, offset: number): { local: Buffer; central: Buffer } {
  const data = file.isStored === true ? file.content : deflateRawSync(file.content);
  const name = Buffer.from(file.name, 'latin1');
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(file.claims?.flags ?? 0, 2);
  common.writeUInt16LE(file.isStored === true ? 0 : 8, 4);
  common.writeUInt32LE(file.claims?.crc ?? crc32(file.content), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(file.claims?.size ?? file.content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([signature(0x04034b50), common, name, data]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(offset, 10);
  const madeBy = Buffer.from([20, 0]);
  return { local, central: Buffer.concat([signature(0x02014b50), madeBy, common, tail, name]) };
}

function signature(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value);
  return octets;
}
