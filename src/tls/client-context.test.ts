import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createLabCa } from '../lab/pki/ca.ts';
import { clientContext } from './client-context.ts';
import { startTlsServer } from './loopback-server.fixture.ts';
import { failureOf, HOST, meet, serving } from './meet.fixture.ts';

const ca = createLabCa();

/** A list of roots that counts how often it is read. */
function countedRoots(): { readonly list: readonly string[]; reads(): number } {
  let reads = 0;
  const list = new Proxy([ca.rootPem], {
    get(target, key) {
      if (key === '0') reads += 1;
      return Reflect.get(target, key) as unknown;
    },
  });
  return { list, reads: () => reads };
}

describe('clientContext', () => {
  it('is made once for each list and lowest version', () => {
    const list = [ca.rootPem];
    const first = clientContext(list, 'TLSv1.2');
    assert.equal(clientContext(list, 'TLSv1.2'), first);
    assert.notEqual(clientContext(list, 'TLSv1.3'), first);
    assert.notEqual(clientContext([ca.rootPem], 'TLSv1.2'), first, 'a file that was loaded again');
    assert.equal(clientContext(undefined, 'TLSv1.2'), clientContext(undefined, 'TLSv1.2'));
    assert.notEqual(clientContext([], 'TLSv1.2'), clientContext(undefined, 'TLSv1.2'));
  });

  it('only what has to stay secret pays for a post-quantum share', async () => {
    const running = await startTlsServer(serving(ca.issue([HOST])));
    const groups: string[] = [];
    for (const keyExchange of ['recorders', 'today'] as const) {
      const outcome = await meet(running.port, { ca: [ca.rootPem], keyExchange });
      assert.ok(outcome.ok);
      const { socket } = outcome.value;
      const info = socket.getEphemeralKeyInfo() as { readonly name?: string };
      groups.push(info.name ?? 'unknown');
      socket.destroy();
    }
    await running.close();
    assert.deepEqual(groups, ['X25519MLKEM768', 'X25519']);
  });

  it('a second handshake does not read the roots again, resumes nothing and shows the chain', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const roots = countedRoots();
      const server = { ...serving(ca.issue([HOST])), maxVersion };
      const running = await startTlsServer(server, (socket) => socket.end('ticket'));
      const readings: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const outcome = await meet(running.port, { ca: roots.list });
        assert.ok(outcome.ok);
        const { socket, peer } = outcome.value;
        assert.equal(socket.isSessionReused(), false);
        assert.equal(peer.chain.length, 2);
        assert.equal(failureOf(outcome), undefined);
        readings.push(roots.reads());
        await once(socket.resume(), 'end');
        socket.destroy();
      }
      assert.ok(readings[0]! > 0);
      assert.deepEqual(
        readings,
        readings.map(() => readings[0]),
      );
      await running.close();
    }
  });

  it('the roots of one list say nothing for another', async () => {
    const stranger = createLabCa();
    const running = await startTlsServer(serving(ca.issue([HOST])));
    for (const [root, trusted] of [
      [ca.rootPem, true],
      [stranger.rootPem, false],
      [ca.rootPem, true],
    ] as const) {
      const outcome = await meet(running.port, { ca: [root] });
      assert.ok(outcome.ok);
      assert.equal(outcome.value.peer.pkix.trusted, trusted);
      outcome.value.socket.destroy();
    }
    await running.close();
  });
});
