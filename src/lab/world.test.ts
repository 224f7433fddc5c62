import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import { labGuide } from './serve-lab.ts';
import { raiseStandingDomains } from './standing-domains.ts';
import { startWorld } from './world.ts';

describe('lab world', () => {
  it('stands with all its domains in less than three seconds, and leaves nothing behind', async () => {
    const started = performance.now();
    const world = await startWorld();
    const domains = await raiseStandingDomains(world);
    assert.ok(performance.now() - started < 3000);
    const guide = labGuide(world, domains);
    assert.match(guide, /explain good\.test/);
    assert.ok(guide.includes(`--resolver 127.0.0.1:${world.dns.port}`));
    const addresses = [...world.domains.values()].flatMap((domain) =>
      domain.hosts.map((host) => host.options.address),
    );
    assert.equal(new Set(addresses).size, addresses.length, 'every host has its own address');
    assert.ok(existsSync(world.caFile));
    const good = world.domains.get('good.test')!.host.options;
    await world.close();
    assert.equal(existsSync(world.caFile), false);
    const error = await new Promise((resolve) => {
      createConnection(good.port, good.address).on('error', resolve);
    });
    assert.ok(error instanceof Error);
  });

  it('says so when a port is taken', async () => {
    const first = await startWorld();
    await assert.rejects(startWorld({ dnsPort: first.dns.port }), /EADDRINUSE/);
    await first.close();
  });
});
