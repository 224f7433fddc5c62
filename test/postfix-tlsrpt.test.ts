import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DomainPlan } from '../src/lab/lab-domain.ts';
import { readDatagram } from '../src/tlsrpt/datagram.ts';
import { type MtaBench, playScenes, startMta } from './peers/mta-suite.ts';
import { POSTFIX_TLSRPT } from './peers/postfix-scenes.ts';

/**
 * Postfix 3.10, the first that reports: it gets the patterns and lines of a policy beside the level.
 */
let bench: MtaBench;

before(() => {
  bench = startMta('postfix-tlsrpt');
});
after(async () => {
  await bench.stop();
});

describe('Postfix 3.10 delivers where the map lets it, and waits where it does not', () => {
  playScenes(() => bench, POSTFIX_TLSRPT);
});

/** What Postfix tells its reporter of a session. */
interface Datagram {
  readonly policies: readonly {
    readonly 'policy-type': number;
    readonly 'policy-domain': string;
    readonly 'policy-string'?: readonly string[];
    readonly 'mx-host'?: readonly string[];
    /** Failures, and whether the session as a whole failed. */
    readonly 'failure-details'?: readonly { readonly c: number }[];
    readonly f: number;
  }[];
}

const POLICY_TYPE = { tlsa: 1, sts: 2, none: 9 };

/** What our own collector makes of the octets that Postfix sent. */
function assertCounted(
  datagram: string,
  recipientDomain: string,
  policy: Datagram['policies'][number] | undefined,
): void {
  const reading = readDatagram(Buffer.from(datagram), 0);
  assert.equal(reading.kind, 'results', datagram);
  assert.deepEqual(reading.notes, []);
  const [result] = reading.results;
  assert.equal(reading.results.length, 1);
  assert.equal(result?.recipientDomain, recipientDomain);
  assert.equal(result.policy.domain, policy?.['policy-domain']);
  assert.deepEqual(result.policy.mxHosts, policy?.['mx-host'] ?? []);
  assert.equal(result.failures.length, policy?.f);
}

describe('what Postfix 3.10 reports', () => {
  before(async () => {
    await bench.obey({ do: 'serve' });
  });
  after(async () => {
    await bench.obey({ do: 'end', signal: 'SIGTERM' });
  });

  async function reported(plan: DomainPlan): Promise<Datagram['policies'][number] | undefined> {
    const name = `_smtp._tls.${plan.name}`;
    const record = { type: 'TXT', name, value: 'v=TLSRPTv1; rua=mailto:tls@sink.test' } as const;
    await bench.obey({ do: 'domain', plan: { ...plan, records: [record] } });
    await bench.send(`bob@${plan.name}`);
    const datagram = (await bench.ask(`reports ${plan.name}`)) ?? '';
    const policy = (JSON.parse(datagram) as Datagram).policies[0];
    assertCounted(datagram, plan.name, policy);
    return policy;
  }

  function facts(name: string, mode: string): object {
    return {
      'policy-type': POLICY_TYPE.sts,
      'policy-domain': name,
      'policy-string': ['version: STSv1', `mode: ${mode}`, `mx: *.${name}`, 'max_age: 604800'],
      'mx-host': [`*.${name}`],
    };
  }

  it('F1, H22, H23: a session under an enforced policy, with its lines and patterns', async () => {
    const name = 'enforced.test';
    const policy = await reported({ name, sts: { mode: 'enforce', mx: [`*.${name}`] } });
    assert.deepEqual(policy, { ...facts(name, 'enforce'), t: 0, f: 0 });
  });

  it('F1: one that fails it', async () => {
    const name = 'failed.test';
    const policy = await reported({
      name,
      mx: [{ certificate: 'expired' }],
      sts: { mode: 'enforce', mx: [`*.${name}`] },
    });
    const { 'failure-details': details, ...rest } = policy ?? {};
    assert.deepEqual(rest, { ...facts(name, 'enforce'), t: 1, f: 1 });
    assert.equal(details?.length, 1);
  });

  it('F2: one under a policy that tests, although nothing is enforced', async () => {
    const name = 'tested.test';
    const policy = await reported({
      name,
      mx: [{ certificate: 'self-signed' }],
      sts: { mode: 'testing', mx: [`*.${name}`] },
    });
    assert.deepEqual(policy, { ...facts(name, 'testing'), t: 0, f: 0 });
    assert.deepEqual((await bench.look(name)).messages, ['tls']);
  });

  it('G1: one under DANE, with its TLSA records', async () => {
    const name = 'dane.test';
    const policy = await reported({
      name,
      zone: 'secure',
      mx: [{ tlsa: ['ee'] }],
      sts: { mode: 'enforce' },
    });
    assert.equal(policy?.['policy-type'], POLICY_TYPE.tlsa);
    assert.match(policy['policy-string']?.[0] ?? '', /^3 1 1 /);
  });

  it('F3: one without any policy', async () => {
    const policy = await reported({ name: 'nothing.test' });
    assert.equal(policy?.['policy-type'], POLICY_TYPE.none);
  });
});
