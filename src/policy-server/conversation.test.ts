import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { settle } from '../clock.fixture.ts';
import { Conversation } from './conversation.ts';
import { NetstringReader, netstringText, writeNetstring } from './netstring.ts';

interface Talk {
  readonly conversation: Conversation;
  /** What was sent, a write in each. */
  readonly writes: string[];
  /** What the line was told, in order. */
  readonly told: string[];
  /** Requests that wait for their reply, in the order in which they were asked. */
  readonly waiting: { readonly request: string; readonly reply: () => void }[];
  full: boolean;
}

/** Requests that begin with `slow` wait, `big` ones get a large reply. */
function talk(): Talk {
  const it: Talk = { writes: [], told: [], waiting: [], full: false } as unknown as Talk;
  const conversation = new Conversation({
    reply: (request) => {
      const reply = netstringText(request.startsWith('big') ? request.padEnd(50_000) : request);
      if (!request.startsWith('slow')) return reply;
      return new Promise((resolve) => {
        it.waiting.push({ request, reply: () => resolve(reply) });
      });
    },
    line: {
      send: (octets) => {
        it.writes.push(octets);
        return !it.full;
      },
      hold: () => it.told.push('hold'),
      more: () => it.told.push('more'),
      end: () => it.told.push('end'),
      broken: (fault) => it.told.push(`broken ${fault}`),
    },
  });
  return Object.assign(it, { conversation });
}

function requests(...texts: readonly string[]): Buffer {
  return Buffer.concat(texts.map((text) => writeNetstring(text)));
}

function replies({ writes }: Talk): readonly string[] {
  const reader = new NetstringReader(100_000);
  reader.push(Buffer.from(writes.join(''), 'latin1'));
  const all: string[] = [];
  for (let next = reader.next(); next !== undefined; next = reader.next()) all.push(next.trim());
  assert.equal(reader.fault, undefined);
  return all;
}

describe('a conversation', () => {
  it('H2: all that came together is answered in one write', () => {
    const it = talk();
    it.conversation.receive(requests('a', 'b', 'c'));
    assert.deepEqual(replies(it), ['a', 'b', 'c']);
    assert.equal(it.writes.length, 1);
  });

  it('replies keep the order of the requests, whichever is ready first', async () => {
    const it = talk();
    it.conversation.receive(requests('slow1', 'a', 'slow2', 'b'));
    assert.deepEqual(replies(it), []);
    it.waiting[1]!.reply();
    await settle();
    assert.deepEqual(replies(it), []);
    it.waiting[0]!.reply();
    await settle();
    assert.deepEqual(replies(it), ['slow1', 'a', 'slow2', 'b']);
    assert.equal(it.writes.length, 1);
  });

  it('H13: after the last request what is asked is answered, then the end', async () => {
    const it = talk();
    it.conversation.receive(requests('a', 'slow'));
    it.conversation.finish();
    assert.deepEqual(it.told, []);
    it.waiting[0]!.reply();
    await settle();
    assert.deepEqual(replies(it), ['a', 'slow']);
    assert.deepEqual(it.told, ['end']);
  });

  it('half a request at the end is nothing', () => {
    const it = talk();
    it.conversation.receive(Buffer.from('5:ab'));
    it.conversation.finish();
    assert.deepEqual([it.writes.length, it.told], [0, ['end']]);
  });

  it('H3: what is no netstring ends it, after the replies to what came before', async () => {
    const it = talk();
    it.conversation.receive(Buffer.concat([requests('slow', 'a'), Buffer.from('x:')]));
    assert.deepEqual(it.told, []);
    it.waiting[0]!.reply();
    await settle();
    assert.deepEqual(replies(it), ['slow', 'a']);
    assert.deepEqual(it.told, ['broken length']);
    it.conversation.receive(requests('b'));
    assert.deepEqual(replies(it), ['slow', 'a']);
  });

  it('H15: who does not read is not read, and nothing is lost', () => {
    const it = talk();
    it.full = true;
    it.conversation.receive(requests('big1', 'big2', 'big3', 'a'));
    assert.deepEqual(it.told, ['hold']);
    assert.deepEqual(replies(it), ['big1', 'big2']);
    it.full = false;
    it.conversation.drained();
    assert.deepEqual(replies(it), ['big1', 'big2', 'big3', 'a']);
    assert.deepEqual(it.told, ['hold', 'more']);
  });

  it('who asks more than can be found out is not read meanwhile', async () => {
    const it = talk();
    const names = Array.from({ length: 300 }, (_, index) => `slow${index}`);
    it.conversation.receive(requests(...names));
    assert.equal(it.waiting.length, 128);
    assert.deepEqual(it.told, ['hold']);
    it.conversation.finish();
    for (let index = 0; index < names.length; index += 1) {
      it.waiting[index]!.reply();
      await settle();
    }
    assert.deepEqual(replies(it), names);
    assert.deepEqual(it.told, ['hold', 'end']);
  });

  it('H16: cut short, what is under way is told to wait', async () => {
    const it = talk();
    it.conversation.receive(requests('slow1', 'a', 'slow2'));
    it.conversation.finish();
    it.conversation.cutShort(netstringText('TEMP'));
    assert.deepEqual(replies(it), ['TEMP', 'a', 'TEMP']);
    assert.deepEqual(it.told, ['end']);
    for (const { reply } of it.waiting) reply();
    await settle();
    assert.equal(replies(it).length, 3);
  });

  it('H14: once the client is gone nothing is sent', async () => {
    const it = talk();
    it.conversation.receive(requests('slow', 'a'));
    it.conversation.abandon();
    it.waiting[0]!.reply();
    await settle();
    it.conversation.drained();
    it.conversation.finish();
    assert.deepEqual([it.writes, it.told], [[], []]);
  });

  it('fuzz: whatever happens when, each request gets its own reply in its turn', async () => {
    const step = fc.oneof(
      fc.constantFrom('a', 'slow', 'slow', 'big').map((ask) => ({ ask })),
      fc.record({ ready: fc.nat({ max: 200 }) }),
      fc.constantFrom({ full: true }, { full: false }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.nat({ max: 7 }),
        async (steps, cut) => {
          const it = talk();
          const asked: string[] = [];
          for (const [index, action] of steps.entries()) {
            if ('ask' in action) {
              asked.push(`${action.ask}${index}`);
              const octets = requests(`${action.ask}${index}`);
              it.conversation.receive(octets.subarray(0, cut));
              it.conversation.receive(octets.subarray(cut));
            } else if ('ready' in action) {
              const one = it.waiting[action.ready % Math.max(1, it.waiting.length)];
              one?.reply();
              await settle();
            } else {
              it.full = action.full;
              if (!it.full) it.conversation.drained();
            }
            const sent = replies(it);
            assert.deepEqual(sent, asked.slice(0, sent.length));
          }
          it.full = false;
          it.conversation.drained();
          it.conversation.finish();
          for (let index = 0; index < it.waiting.length; index += 1) it.waiting[index]!.reply();
          await settle();
          for (const { reply } of it.waiting) reply();
          await settle();
          assert.deepEqual(replies(it), asked);
          assert.equal(it.told.at(-1), 'end');
        },
      ),
      { numRuns: 40 },
    );
  });
});
