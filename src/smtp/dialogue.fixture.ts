/**
 * A scripted server with a client session on it.
 *
 * @module
 */
import type { TestContext } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import type { Outcome } from '../failure.ts';
import { startScript } from './script-server.fixture.ts';
import type { ScriptServer, ScriptTls } from './script-server.fixture.ts';
import { connectSmtp } from './session.ts';
import type { MessageSource, SmtpConnectOptions, SmtpSession } from './types.ts';

/** Both ends, closed when the test ends. */
export interface Dialogue {
  readonly server: ScriptServer;
  readonly clock: FakeClock;
  readonly connected: Promise<Outcome<SmtpSession>>;
  /** The session; throws where there is none. */
  readonly session: () => Promise<SmtpSession>;
}

/** What a test may want otherwise. */
export interface DialogueOptions extends Partial<SmtpConnectOptions> {
  readonly tls?: ScriptTls;
}

/** The greeting and an EHLO reply with these keywords, as script lines. */
export function opening(...keywords: readonly string[]): string {
  const ehlo = ['mx.example.test', ...keywords];
  const lines = ehlo.map((word, index) => `S: 250${index === ehlo.length - 1 ? ' ' : '-'}${word}`);
  return ['S: 220 mx.example.test ESMTP', 'C: EHLO relay.example.test', ...lines, ''].join('\n');
}

/** Starts the server and connects to it. */
export async function dialogue(
  t: TestContext,
  script: string,
  { tls, ...options }: DialogueOptions = {},
): Promise<Dialogue> {
  const server = await startScript(script, tls);
  const clock = new FakeClock();
  const connected = connectSmtp({
    address: '127.0.0.1',
    port: server.port,
    host: 'mx.example.test',
    heloName: 'relay.example.test',
    clock,
    ...options,
  });
  t.after(async () => {
    const outcome = await connected;
    if (outcome.ok) outcome.value.destroy();
    await server.close();
  });
  return {
    server,
    clock,
    connected,
    async session() {
      const outcome = await connected;
      if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.detail}`);
      return outcome.value;
    },
  };
}

/** A session that may send. */
export async function openSession(
  t: TestContext,
  script: string,
  options: DialogueOptions = {},
): Promise<Dialogue & { readonly open: SmtpSession }> {
  const started = await dialogue(t, script, options);
  const open = await started.session();
  open.accept({ deliver: true });
  return { ...started, open };
}

/** Content from text. */
export function content(...chunks: readonly string[]): MessageSource {
  return chunks.map((chunk) => Buffer.from(chunk));
}
