/**
 * Puts the three parts together: a `multipart/report` (RFC 6522 §3).
 *
 * @module
 */
import type { MessageSource } from '../../smtp/types.ts';
import { deliveryStatus } from './delivery-status.ts';
import { letter } from './letter.ts';
import { CRLF, isAscii, quotedPrintable } from './mime.ts';
import { readReturned, type Returned } from './returned.ts';
import type { NoticeOptions } from './types.ts';

/** What the report needs beyond what it tells. */
export interface ReportOptions {
  readonly notice: NoticeOptions;
  /** Header fields of the report itself, each with its line end. */
  readonly fields: readonly string[];
  readonly wanted: 'headers' | 'full';
  /** A word that nobody can guess. */
  readonly mark: string;
}

/** The report as it is written. The message it is about is read when the report is, each time anew. */
export function reportContent(options: ReportOptions): MessageSource {
  return { [Symbol.asyncIterator]: () => write(options) };
}

async function* write({
  notice,
  fields,
  wanted,
  mark,
}: ReportOptions): AsyncGenerator<Uint8Array, void, void> {
  const returned = await readReturned(notice.content, wanted);
  const status = deliveryStatus(notice);
  const text = textPart(letter(notice, returned));
  const boundary = boundaryFor(mark, returned);
  const parts = [
    part(['Content-Description: Notification', ...text.fields], text.text),
    part(
      [
        'Content-Description: Delivery report',
        `Content-Type: ${status.mediaType}`,
        `Content-Transfer-Encoding: ${status.encoding}`,
      ],
      status.text,
    ),
  ];
  const head = [
    ...fields,
    `MIME-Version: 1.0${CRLF}`,
    `Content-Type: multipart/report; report-type=delivery-status;${CRLF} boundary="${boundary}"${CRLF}`,
    `Content-Transfer-Encoding: ${encodingOf(status.encoding, returned)}${CRLF}`,
  ];
  const start = `--${boundary}${CRLF}`;
  const note = `This is a report in MIME format.${CRLF}`;
  // The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
  yield Buffer.from(
    head.join('') + CRLF + note + parts.map((one) => `${CRLF}${start}${one}`).join(''),
  );
  if (returned !== undefined) {
    yield Buffer.from(`${CRLF}${start}${returnedHead(returned)}`);
    yield returned.content;
  }
  yield Buffer.from(`${CRLF}--${boundary}--${CRLF}`);
}

function part(fields: readonly string[], body: string): string {
  return `${fields.join(CRLF)}${CRLF}${CRLF}${body}`;
}

function textPart(text: string): { readonly fields: readonly string[]; readonly text: string } {
  const short = text.split(CRLF).every((line) => line.length <= 998);
  const plain = isAscii(text) && short;
  return {
    fields: [
      `Content-Type: text/plain; charset=${isAscii(text) ? 'us-ascii' : 'utf-8'}`,
      `Content-Transfer-Encoding: ${plain ? '7bit' : 'quoted-printable'}`,
    ],
    text: plain ? text : quotedPrintable(text),
  };
}

function returnedHead({ what, mediaType, encoding }: Returned): string {
  const description = what === 'message' ? 'Undelivered message' : 'Header of the message';
  return [
    `Content-Description: ${description}`,
    `Content-Type: ${mediaType}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    '',
  ].join(CRLF);
}

function encodingOf(status: '7bit' | '8bit', returned: Returned | undefined): '7bit' | '8bit' {
  return status === '8bit' || returned?.encoding === '8bit' ? '8bit' : '7bit';
}

/** `=_` stands in no quoted-printable text (RFC 2045 §6.7); the returned message could still have it. */
function boundaryFor(mark: string, returned: Returned | undefined): string {
  for (let count = 0; ; count += 1) {
    const boundary = `=_${mark}.${count}`;
    if (returned?.content.includes(`--${boundary}`) !== true) return boundary;
  }
}
