import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { type Book, type BookOptions, createBook } from './report-import-book.ts';

interface Told {
  readonly book: Book;
  readonly out: () => string;
  readonly err: () => string;
}

function bookOf(options: Partial<BookOptions> = {}): Told {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = { stdin: Readable.from([]), stdout, stderr };
  const book = createBook({ io, isVerbose: false, asJson: false, ...options });
  const textOf = (stream: PassThrough): string => String(stream.read() ?? '');
  return { book, out: () => textOf(stdout), err: () => textOf(stderr) };
}

const inFolder = { place: 'd/a', isNamed: false };
const named = { place: 'a', isNamed: true };

describe('the book of an import', () => {
  it('I19: trouble of the store is a fault, and known as such', () => {
    const { book, err } = bookOf();
    book.note(inFolder, { kind: 'stored', id: '1' });
    assert.deepEqual([book.hasFaults(), book.isStoreGone()], [false, false]);
    book.note(inFolder, { kind: 'later', code: 'REPORT_INTAKE_STORE', detail: 'gone' });
    assert.deepEqual([book.hasFaults(), book.isStoreGone(), book.sum()], [true, true, 2]);
    assert.equal(err(), 'd/a: gone (REPORT_INTAKE_STORE)\n');
  });

  it('what is named is told of however much was told before', () => {
    const { book, err } = bookOf();
    for (let index = 0; index < 30; index += 1) {
      book.note(inFolder, { kind: 'unreadable', detail: 'why' });
    }
    book.note(named, { kind: 'unreadable', detail: 'why' });
    book.note(named, { kind: 'duplicate', id: '1' });
    book.tell();
    const lines = err().trimEnd().split('\n');
    assert.equal(lines.length, 22);
    assert.equal(lines[20], 'a: cannot be read: why');
    assert.match(lines[21]!, /^10 more /);
  });

  it('the domains of a foreign report are cut short and harmless', () => {
    const { book, err } = bookOf();
    const domains = ['a.test', '', 'c\u001b[2J.test', 'd.test', 'e.test'];
    book.note(named, { kind: 'unknown-domain', domains });
    const text = err();
    assert.ok(book.hasFaults());
    assert.match(text, /about a\.test, a domain it does not name, c\S+ and 2 more, which/);
    assert.ok(!text.includes('\u001b'));
  });

  it('the line of progress makes place before a line is written', () => {
    let asked = 0;
    const beforeTelling = (): void => {
      asked += 1;
    };
    const { book } = bookOf({ asJson: true, beforeTelling });
    book.note(inFolder, { kind: 'stored', id: '1' });
    assert.equal(asked, 1);
  });
});
