import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  createFrameFinder,
  FRAME_HEADER,
  writeFrameHeader,
  type FrameKind,
} from './datagram-frames.ts';
import { ringInput, ringMemory, ringOutput } from './datagram-ring.ts';

function frameOf(kind: FrameKind, content: Uint8Array, at: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  writeFrameHeader(header, kind, content.length, at);
  return Buffer.concat([header, content]);
}

const frames = fc.array(
  fc.record(
    {
      kind: fc.constantFrom<FrameKind>('datagram', 'ready', 'stalled'),
      content: fc.uint8Array({ maxLength: 40 }),
      at: fc.integer({ min: 0, max: 4e12 }),
    },
    { noNullPrototype: true },
  ),
);

describe('frames', () => {
  it('fuzz: come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (sent, cuts) => {
          const stream = Buffer.concat(sent.map((one) => frameOf(one.kind, one.content, one.at)));
          const finder = createFrameFinder();
          const found: unknown[] = [];
          for (let start = 0, turn = 0; start < stream.length; turn += 1) {
            const length = cuts[turn % cuts.length]!;
            for (const { kind, content, at } of finder.take(
              stream.subarray(start, start + length),
            )) {
              found.push({ kind, content: new Uint8Array(content), at });
            }
            start += length;
          }
          assert.deepEqual(found, sent);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the ring', () => {
  it('fuzz: what goes in comes out in order, around the end too', () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }));
    fc.assert(
      fc.property(parts, fc.integer({ min: 1, max: 25 }), (sent, most) => {
        const memory = ringMemory(32);
        const input = ringInput(memory, () => undefined);
        const output = ringOutput(memory);
        const out: number[] = [];
        const takeOne = (): void => {
          const octets = output.peek(most);
          out.push(...octets);
          output.drop(octets.length);
        };
        for (const part of sent) {
          while (!input.hasRoom(part.length)) takeOne();
          input.put(part);
        }
        while (output.peek(1).length > 0) takeOne();
        assert.deepEqual(
          out,
          sent.flatMap((part) => [...part]),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('wakes who found it empty, once', () => {
    let woken = 0;
    const memory = ringMemory(32);
    const input = ringInput(memory, () => (woken += 1));
    const output = ringOutput(memory);
    input.put(Buffer.from('a'));
    assert.equal(woken, 0);
    output.drop(output.peek(9).length);
    assert.equal(output.peek(9).length, 0);
    input.put(Buffer.from('b'));
    input.put(Buffer.from('c'));
    assert.equal(woken, 1);
    assert.equal(output.peek(9).toString(), 'bc');
  });

  it('never takes more than it has room for', () => {
    const memory = ringMemory(32);
    const input = ringInput(memory, () => undefined);
    assert.equal(input.hasRoom(31), true);
    assert.equal(input.hasRoom(32), false);
    input.put(Buffer.alloc(31));
    assert.equal(input.hasRoom(1), false);
  });
});
