import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Scene } from './scene.ts';
import { judgeScene, markHosts } from './scene-verdict.ts';
import type { LabMessage, LabMx } from './types.ts';

const CANARY = 'canary-1';

interface Seen {
  readonly messages?: readonly LabMessage[];
  readonly commands?: LabMx['commands'];
  readonly clearText?: string;
}

/** A host that has seen this after it was marked. */
function hostWith(seen: Seen): { host: LabMx; see: () => void } {
  const messages: LabMessage[] = [];
  const commands: LabMx['commands'][number][] = [];
  let clearText = '';
  const host = {
    options: { host: 'mx.a.test' },
    messages,
    commands,
    get clearText() {
      return clearText;
    },
  } as unknown as LabMx;
  const see = (): void => {
    messages.push(...(seen.messages ?? []));
    commands.push(...(seen.commands ?? []));
    clearText += seen.clearText ?? '';
  };
  return { host, see };
}

const MESSAGE: LabMessage = {
  from: 'a@b.test',
  recipients: ['b@a.test'],
  mailParameters: [],
  content: Buffer.from(`Subject: x\r\n\r\n${CANARY}\r\n`),
  tls: { protocol: 'TLSv1.3', servername: 'mx.a.test' },
};

const SCENE: Scene = {
  name: 'x',
  title: 'x',
  rule: 'x',
  requirements: [],
  expected: 'delivered',
  domain: (name) => ({ name }),
};

function verdict(scene: Partial<Scene>, seen: readonly Seen[], got = scene.expected): unknown {
  const hosts = seen.map(hostWith);
  const marked = markHosts(
    hosts.map(({ host }) => host),
    [],
  );
  for (const { see } of hosts) see();
  return judgeScene({
    scene: { ...SCENE, ...scene },
    got: got ?? 'delivered',
    code: got === 'delivered' ? undefined : 'POLICY_NULL_MX',
    canary: CANARY,
    marked,
  });
}

const MAIL = { line: 'MAIL FROM:<a@b.test>', tls: true };

describe('scene verdict', () => {
  it('is content with a message at the right host over TLS', () => {
    assert.equal(verdict({}, [{ messages: [MESSAGE], commands: [MAIL] }]), undefined);
    assert.equal(verdict({ by: 1 }, [{}, { messages: [MESSAGE] }]), undefined);
  });

  it('is not content with another outcome', () => {
    assert.equal(verdict({}, [{}], 'deferred'), 'deferred instead of delivered');
    assert.match(String(verdict({}, [{}])), /did not get/);
  });

  it('is not content with another reason', () => {
    assert.equal(verdict({ expected: 'bounced', code: 'POLICY_NULL_MX' }, [{}]), undefined);
    const other = verdict({ expected: 'bounced', code: 'POLICY_MAIL_LOOP' }, [{}]);
    assert.equal(other, 'POLICY_NULL_MX instead of POLICY_MAIL_LOOP');
  });

  it('sees a message at the wrong host, twice, or another one', () => {
    assert.match(String(verdict({ expected: 'deferred' }, [{ messages: [MESSAGE] }])), /got the/);
    assert.match(
      String(verdict({}, [{ messages: [MESSAGE] }, { messages: [MESSAGE] }])),
      /got the/,
    );
    assert.match(String(verdict({}, [{ messages: [MESSAGE, MESSAGE] }])), /2 times/);
    const other = { ...MESSAGE, content: Buffer.from('other') };
    assert.match(String(verdict({}, [{ messages: [other] }])), /another/);
  });

  it('sees clear text', () => {
    const clear = { ...MESSAGE, tls: undefined };
    assert.match(String(verdict({}, [{ messages: [clear] }])), /over clear/);
    assert.match(String(verdict({ over: 'clear' }, [{ messages: [MESSAGE] }])), /over tls/);
    assert.match(String(verdict({ expected: 'deferred' }, [{ clearText: CANARY }])), /clear text/);
    const said = { messages: [clear], clearText: CANARY, commands: [{ ...MAIL, tls: false }] };
    assert.equal(verdict({ over: 'clear' }, [said]), undefined);
  });

  it('sees an envelope where nothing is delivered', () => {
    const seen = { commands: [MAIL] };
    assert.match(String(verdict({ expected: 'deferred' }, [seen])), /was sent MAIL/);
    assert.equal(verdict({ expected: 'deferred', envelopeSeen: true }, [seen]), undefined);
    const clear = { commands: [{ ...MAIL, tls: false }] };
    const allowed = verdict({ expected: 'deferred', envelopeSeen: true }, [clear]);
    assert.match(String(allowed), /in clear text/);
  });
});
