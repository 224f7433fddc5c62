import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Machine, PEERS, installPlan, missingPeers } from './peers.ts';

const machine = (over: Partial<Machine> = {}): Machine => ({
  root: true,
  has: () => true,
  systemd: true,
  ...over,
});

const lines = (plan: ReturnType<typeof installPlan>): string[] => {
  if (typeof plan === 'string') assert.fail(plan);
  return plan.map((command) => [command.program, ...command.args].join(' '));
};

const text = (plan: ReturnType<typeof installPlan>): string =>
  typeof plan === 'string' ? plan : assert.fail('there should be no plan');

describe('peers', () => {
  it('what is found is not missing', () => {
    assert.deepEqual(
      missingPeers((program) => (program === 'nsd' ? undefined : `/usr/sbin/${program}`)),
      PEERS.filter((peer) => peer.program === 'nsd'),
    );
  });

  it('each package is installed once, and only new services are stopped', () => {
    const missing = PEERS.filter((peer) => ['ldnsutils', 'nsd'].includes(peer.package));
    assert.deepEqual(lines(installPlan(missing, machine())), [
      'env DEBIAN_FRONTEND=noninteractive apt-get -q update',
      'env DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends nsd ldnsutils',
      'systemctl disable --now --quiet nsd',
    ]);
  });

  it('another user goes through sudo', () => {
    const plan = lines(installPlan(PEERS.slice(0, 1), machine({ root: false, systemd: false })));
    assert.ok(plan.every((line) => line.startsWith('sudo ')));
  });

  it('without apt-get or without rights the packages are named', () => {
    const noApt = installPlan(PEERS, machine({ has: () => false }));
    assert.match(text(noApt), /no apt-get.*unbound nsd ldnsutils dnsutils postgresql/);
    const noRights = installPlan(
      PEERS,
      machine({ root: false, has: (program) => program !== 'sudo' }),
    );
    assert.match(text(noRights), /root or sudo.*unbound nsd/);
  });
});
