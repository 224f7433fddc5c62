/**
 * The first report in a zip archive: some gateways pack one. Names in it are looked at for their
 * ending and never used as a path (RFC 8460 §6.3).
 *
 * @module
 */
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { fail, ok, type Outcome } from '../failure.ts';
import { printable } from '../printable.ts';
import { inflate, type Inflated } from './unpack-report-inflate.ts';
import { unpackedLimit, type UnpackLimits } from './unpack-report-limits.ts';
import type { UnpackedReport } from './unpack-report.ts';

/** How many entries of an archive are looked at. */
const MOST_ENTRIES = 100;

/** Unpacks the first entry whose name ends in `.json`. */
export async function unpackZip(
  bytes: Uint8Array,
  limits: UnpackLimits,
): Promise<Outcome<UnpackedReport>> {
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // Names are taken as octets: yauzl would refuse an archive for a name that we never use.
    const zip = await fromBufferPromise(buffer, { decodeStrings: false });
    const entry = await firstReport(zip);
    if (entry === undefined) {
      return fail('TLSRPT_REPORT_ZIP_NO_JSON', `no .json among its ${zip.entryCount} files`);
    }
    return await unpackEntry(zip, entry, limits);
  } catch (error) {
    // yauzl throws whatever is wrong with an archive.
    return fail('TLSRPT_REPORT_ZIP', `cannot be read: ${printable(String(error))}`);
  }
}

async function firstReport(zip: ZipFile): Promise<Entry | undefined> {
  let seen = 0;
  for await (const entry of zip.eachEntry()) {
    // The type has it as text, the option makes it octets.
    const name = (entry.fileName as unknown as Buffer).toString('latin1');
    if (/\.json$/i.test(name)) return entry;
    seen += 1;
    if (seen >= MOST_ENTRIES) return undefined;
  }
  return undefined;
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  limits: UnpackLimits,
): Promise<Outcome<UnpackedReport>> {
  const limit = unpackedLimit(entry.compressedSize, limits);
  const inflated = await contentOf(zip, entry, limit);
  switch (inflated.kind) {
    case 'too-large': {
      const text = `${entry.compressedSize} octets of the archive unpack to more than ${limit}`;
      return fail('TLSRPT_REPORT_JSON_SIZE', text);
    }
    case 'damaged':
      return fail('TLSRPT_REPORT_ZIP', `cannot be unpacked: ${inflated.why}`);
    case 'done': {
      const { content } = inflated;
      if (crc32(content) !== entry.crc32) {
        return fail('TLSRPT_REPORT_ZIP', 'damaged: its checksum is wrong');
      }
      const more = zip.entryCount > 1 ? (['TLSRPT_REPORT_ZIP_MORE'] as const) : [];
      const deviations = ['TLSRPT_REPORT_IN_ZIP', ...more] as const;
      return ok({ json: content, container: 'zip', deviations });
    }
  }
}

const STORED = 0;
const DEFLATED = 8;

async function contentOf(zip: ZipFile, entry: Entry, limit: number): Promise<Inflated> {
  if ((entry.generalPurposeBitFlag & 1) !== 0) return { kind: 'damaged', why: 'it is encrypted' };
  const raw = await rawContent(zip, entry);
  switch (entry.compressionMethod) {
    case STORED:
      if (raw.length > limit) return { kind: 'too-large' };
      return { kind: 'done', content: raw, taken: raw.length };
    case DEFLATED:
      return inflate(raw, limit);
    default:
      return { kind: 'damaged', why: `packed by method ${entry.compressionMethod}` };
  }
}

/** As it stands in the archive: never more than the archive itself. */
async function rawContent(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const stream = await zip.openReadStreamPromise(entry, { decodeFileData: false });
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
