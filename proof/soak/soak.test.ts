import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { NetstringReader, writeNetstring } from '../../src/policy-server/netstring.ts';
import { randomFrom } from '../random.ts';
import { driftOf, leakOf, type Look, WARM_DOMAINS } from './drift.ts';
import { createQuestioner, type Question } from './questions.ts';
import { visit, type Visit } from './soak-client.ts';

const MIB = 1024 * 1024;

function looks(heapOf: (turn: number) => number): readonly Look[] {
  return Array.from({ length: 40 }, (_, turn) => {
    const domains = WARM_DOMAINS + turn;
    return { heap: heapOf(turn) * MIB, rss: 300 * MIB, files: 40, domains };
  });
}

describe('soak proof: what it would notice', () => {
  it('memory that grows once the caches are full; not what only goes up and down', () => {
    assert.deepEqual(driftOf(looks((turn) => 70 + (turn % 3))), []);
    assert.match(driftOf(looks((turn) => 70 + 2 * turn))[0] ?? '', /^heap grew from/);
    assert.match(driftOf(looks(() => 600))[0] ?? '', /came to 600 MiB/);
    const cold = looks((turn) => 70 + 2 * turn).map((look) => ({ ...look, domains: 10 }));
    assert.deepEqual(driftOf(cold), []);
  });

  it('files that stay open', () => {
    const rest = { heap: 0, rss: 0 };
    assert.equal(leakOf({ ...rest, files: 30 }, { ...rest, files: 50 }), undefined);
    assert.match(leakOf({ ...rest, files: 30 }, { ...rest, files: 90 }) ?? '', /90 at rest/);
  });

  it('an answer that is weaker, another domain’s, or in another’s place', () => {
    const questioner = createQuestioner(randomFrom(1));
    const questions = Array.from({ length: 500 }, () => questioner.next());
    const enforced = questions.find(({ payload }) => payload.startsWith('postfix e'))!;
    const [, domain = ''] = enforced.payload.toLowerCase().replace(/\.$/, '').split(' ');
    assert.equal(enforced.wrong(`OK secure match=mx1.${domain} servername=hostname`), undefined);
    assert.equal(enforced.wrong('TEMP later'), undefined);
    for (const reply of ['NOTFOUND ', 'OK dane', 'OK secure match=mx1.e999.sts.soak.test']) {
      assert.notEqual(enforced.wrong(reply), undefined, reply);
    }
    const plain = questions.find(({ payload }) => payload.includes('.plain.'))!;
    assert.equal(plain.wrong('NOTFOUND '), undefined);
    assert.notEqual(plain.wrong('OK secure match=mx1.e1.sts.soak.test'), undefined);
    const broken = questions.find(({ payload }) => payload.includes('.servfail.'))!;
    assert.notEqual(broken.wrong('NOTFOUND '), undefined);
  });
});

/** One visit to a server that answers `times` times to each request. */
async function visitTo(times: number): Promise<Visit> {
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    const reader = new NetstringReader();
    socket.on('error', () => undefined);
    socket.on('data', (octets: Buffer) => {
      reader.push(octets);
      while (reader.next() !== undefined) {
        for (let time = 0; time < times; time += 1) socket.write(writeNetstring('NOTFOUND '));
      }
    });
    socket.on('end', () => socket.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const next = (): Question => ({ payload: 'postfix d.test', wrong: () => undefined });
  // This seed neither leaves early nor ends the connection with the first batch.
  const result = await visit({ port, random: randomFrom(7), next, patienceMs: 300 });
  server.close();
  return result;
}

describe('soak proof: its clients', () => {
  it('count what is asked, what is not answered and what is answered twice', async () => {
    const once_ = await visitTo(1);
    assert.deepEqual([once_.unanswered, once_.surplus, once_.wrong], [0, 0, []]);
    assert.ok(once_.asked > 0);
    const never = await visitTo(0);
    assert.ok(never.unanswered > 0);
    const twice = await visitTo(2);
    assert.ok(twice.surplus > 0);
  });
});
