/**
 * DNS answers as rows of a table.
 *
 * @module
 */
import { recordText } from '../../dns/record-text.ts';
import type { Answer, RecordOf, RrType } from '../../dns/types.ts';
import { shown, shorten } from './format.ts';

const LONGEST_RECORD = 90;
const MOST_RECORDS = 30;

/** One row for each record: security, type, name, content, TTL. */
export function answerRows(answer: Answer<RrType>): readonly (readonly string[])[] {
  const head = [answer.type, answer.name];
  const chain = answer.chain.map((link) => [link.security, 'CNAME', link.from, link.to, '']);
  switch (answer.kind) {
    case 'failure':
      return [...chain, ['FAILED', ...head, shown(answer.failure.detail), '']];
    case 'nodata':
      return [...chain, [answer.security, ...head, '(no such record)', `ttl ${answer.ttl}`]];
    case 'nxdomain':
      return [...chain, [answer.security, ...head, '(no such name)', `ttl ${answer.ttl}`]];
    case 'records': {
      const rows = answer.records
        .slice(0, MOST_RECORDS)
        .map((record) => [
          answer.security,
          ...head,
          contentText(answer.type, record),
          `ttl ${answer.ttl}`,
        ]);
      const more = answer.records.length - rows.length;
      return [
        ...chain,
        ...rows,
        ...(more > 0 ? [[answer.security, ...head, `… and ${more} more`, '']] : []),
      ];
    }
  }
}

function contentText<T extends RrType>(type: T, record: RecordOf[T]): string {
  return shorten(shown(recordText(type, record)), LONGEST_RECORD);
}
