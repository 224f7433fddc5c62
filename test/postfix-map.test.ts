import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readPostfixPolicy } from '../src/policy-server/dialects/postfix-policy.fixture.ts';
import { MAX_REPLY } from '../src/policy-server/netstring.ts';
import { mapTable } from './peers/map-table.ts';
import { startMachine } from './peers/namespace.ts';

const program = join(import.meta.dirname, 'peers/map-machine.ts');

/** Debian's Postfix reads the map: an older one the plain words, 3.10 those for TLS reports too. */
const READERS = [
  { peer: 'postfix', dialect: 'postfix', version: 'plain' },
  { peer: 'postfix-tlsrpt', dialect: 'postfix-tlsrpt', version: 'tlsrpt' },
] as const;

describe('what a real postmap gets of two hundred answers', { timeout: 120_000 }, () => {
  for (const { peer, dialect, version } of READERS) {
    it(`H5, H21: ${dialect}: each as it was written, up to the limit of a reply, and in the grammar`, async () => {
      const machine = startMachine({ peer, program });
      try {
        const asked = await machine.ask<{ told: string; said: string }>({ dialect });
        assert.equal(asked.said, '');
        const rows = mapTable(dialect);
        const expected = rows
          .filter(({ reply }) => reply.startsWith('OK '))
          .map(({ key, reply }) => `${key}\t${reply.slice('OK '.length)}`);
        assert.deepEqual(asked.told.trimEnd().split('\n'), expected);
        for (const line of expected) {
          const [key = '', value = ''] = line.split('\t');
          const read = readPostfixPolicy(value, version);
          assert.ok(read.valid, `${key}: ${read.valid ? '' : read.why}`);
        }
        assert.ok(rows.length >= 190, `${rows.length} rows`);
        const longest = Math.max(...rows.map(({ reply }) => Buffer.byteLength(reply)));
        assert.ok(longest > 0.8 * MAX_REPLY && longest <= MAX_REPLY, `${longest} octets`);
      } finally {
        await machine.stop();
      }
    });
  }
});
