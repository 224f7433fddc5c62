import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { installPlan, type Machine } from './peers.ts';
import { missingUnpacked, UNPACKED_PEERS, unpackedFolder, unpackPlan } from './unpacked-peers.ts';

const machine: Machine = { root: true, has: () => true, systemd: false };

describe('peers that are only unpacked', () => {
  it('what is there is not missing', () => {
    assert.deepEqual(
      missingUnpacked((name) => name !== 'exim').map(({ name }) => name),
      ['exim'],
    );
  });

  it('each release has its own folders', () => {
    assert.match(unpackedFolder('exim', 'VERSION_CODENAME=bookworm\n'), /\/bookworm\/exim$/);
    assert.match(unpackedFolder('exim', ''), /\/unknown\/exim$/);
  });

  it('packages are fetched and never installed', () => {
    const lines = UNPACKED_PEERS.flatMap((peer) => unpackPlan(peer, machine, '/cache/peer'))
      .map(({ args }) => args.join(' '))
      .filter((line) => line.includes('apt-get'));
    assert.equal(lines.length, UNPACKED_PEERS.length);
    assert.ok(lines.every((line) => line.includes('--download-only')));
  });

  it('what comes from another release is asked for by its name', () => {
    const peer = { name: 'postfix-tlsrpt', packages: ['postfix'], suite: 'trixie' } as const;
    const [, , fetch] = unpackPlan(peer, machine, '/cache/peer');
    assert.deepEqual(fetch?.args.slice(-3), ['/cache/peer.new', 'trixie', 'postfix']);
  });

  it('where only they are missing, the lists are all that is brought up to date', () => {
    const plan = installPlan([], machine);
    assert.ok(typeof plan !== 'string');
    assert.deepEqual(
      plan.map(({ args }) => args.join(' ')),
      ['DEBIAN_FRONTEND=noninteractive apt-get -q update'],
    );
  });
});
