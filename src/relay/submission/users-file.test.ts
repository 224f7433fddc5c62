import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { hashPassword, isPassword, MAX_PASSWORD } from './password.ts';
import { isUserName, readUsers, userLine, userNameOf } from './users-file.ts';
import { TEST_COST } from './submission.fixture.ts';

const SALT = 'c2FsdHNhbHRzYWx0c2E';
const HASH = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
const LINE = `alice $scrypt$ln=15,r=8,p=1$${SALT}$${HASH}`;

function codeOf(text: string): string {
  const read = readUsers(text);
  return read.ok ? [...read.value.keys()].join() : read.failure.code;
}

describe('the users file', () => {
  it('has a user a line, comments and empty lines', () => {
    assert.equal(
      codeOf(`# users\n\n${LINE}\r\n${LINE.replace('alice', 'b@c.test')}`),
      'alice,b@c.test',
    );
    assert.equal(codeOf(''), '');
  });

  it('refuses what is no user, says where, and never takes half of a file', () => {
    for (const text of [
      'alice',
      'alice secret',
      ` ${LINE}`,
      `${LINE} more`,
      LINE.replace('alice ', ''),
      LINE.replace('ln=15', 'ln=13'),
      LINE.replace('ln=15', 'ln=21'),
      LINE.replace('ln=15,r=8', 'ln=20,r=32'),
      LINE.replace('r=8', 'r=0'),
      LINE.replace('p=1', 'p=17'),
      LINE.replace(SALT, 'short'),
      LINE.replace(HASH, 'short'),
      `${LINE}\n${LINE}`,
      `${LINE}\nnonsense`,
    ]) {
      assert.equal(codeOf(text), 'RELAY_USERS_INVALID', text);
    }
    const read = readUsers(`\n${LINE}\nx`);
    assert.match(!read.ok ? read.failure.detail : '', /^line 3 /);
  });

  it('a password is found again, another is not', async () => {
    const hash = await hashPassword('pässword', TEST_COST);
    const read = readUsers(userLine('alice', hash));
    assert.ok(read.ok);
    const known = read.value.get('alice')!;
    assert.equal(await isPassword('pässword', known), true);
    assert.equal(await isPassword('password', known), false);
    assert.equal(await isPassword('', known), false);
    assert.equal(await isPassword('x'.repeat(MAX_PASSWORD + 1), known), false);
  });

  it('the same password has another hash each time', async () => {
    const [one, two] = await Promise.all([
      hashPassword('x', TEST_COST),
      hashPassword('x', TEST_COST),
    ]);
    assert.notDeepEqual(one.hash, two.hash);
  });

  it('fuzz: what is written is read', () => {
    const octets = (min: number, max: number): fc.Arbitrary<Buffer> =>
      fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isUserName),
        fc.record(
          {
            ln: fc.integer({ min: 14, max: 15 }),
            r: fc.integer({ min: 1, max: 8 }),
            p: fc.integer({ min: 1, max: 4 }),
            salt: octets(9, 64),
            hash: octets(17, 64),
          },
          { noNullPrototype: true },
        ),
        (name, hash) => {
          const line = userLine(name, hash);
          assert.equal(userNameOf(line), name);
          const read = readUsers(`${line}\n`);
          assert.ok(read.ok, line);
          assert.deepEqual(read.value, new Map([[name, hash]]));
        },
      ),
    );
  });

  it('fuzz: any text is read or refused', () => {
    const piece = fc.constantFrom(LINE, '\n', ' ', '$', 'ln=', '#', 'x', '\0', '=', 'é', '\r');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const read = readUsers(pieces.join(''));
        if (read.ok) for (const name of read.value.keys()) assert.ok(isUserName(name));
        else assert.equal(read.failure.code, 'RELAY_USERS_INVALID');
      }),
    );
  });
});
