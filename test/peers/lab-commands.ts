/**
 * What a test may do in a private machine with the lab, the product and a mail server; as data, since
 * it goes through a pipe.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DomainPlan, LabDomain } from '../../src/lab/lab-domain.ts';
import type { MxFault, PolicyFault } from '../../src/lab/types.ts';
import type { World } from '../../src/lab/world.ts';
import type { Mta, MtaMessage, MtaProfile } from './mta.ts';
import { MTA_SCENES } from './mta-scenes.ts';
import { playThrough } from './play-through.ts';

/** A command. */
export type LabCommand =
  /** Answered with a `Played`. */
  | { readonly do: 'play'; readonly scene: string }
  /** Starts `smtp-sts serve`, on the default port and on `FOLDER/map.sock`. */
  | { readonly do: 'serve' }
  | { readonly do: 'end'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly do: 'domain'; readonly plan: DomainPlan }
  /** The domain's record and policy host are gone, its host offers no TLS. */
  | {
      readonly do: 'attack';
      readonly domain: string;
      readonly records?: readonly string[];
      readonly policy?: PolicyFault;
      readonly host?: MxFault;
    }
  /** Answered with a `Fate`. */
  | { readonly do: 'send'; readonly message: MtaMessage }
  | { readonly do: 'retry'; readonly recipient: string }
  /** Answered with a {@link Seen}. */
  | { readonly do: 'look'; readonly domain: string }
  /** Answered with `{ answer }`. */
  | { readonly do: 'ask'; readonly key: string; readonly map?: string };

/** What the first host of a domain has seen. */
export interface Seen {
  /** How each message came. */
  readonly messages: readonly ('tls' | 'clear')[];
  /** MAIL commands. */
  readonly mail: number;
}

/** What the commands work on. */
export interface LabTools {
  readonly folder: string;
  /** Whom the UNIX socket is for. */
  readonly mailUser: string;
  readonly world: World;
  readonly mta: Mta;
  readonly profile: MtaProfile;
}

const BIN = join(import.meta.dirname, '../../src/cli/bin.ts');

/** Does what it is told, one command after another. */
export function createLabCommands(tools: LabTools): (command: LabCommand) => Promise<unknown> {
  const { world, mta } = tools;
  let service: ChildProcess | undefined;
  return async (command) => {
    switch (command.do) {
      case 'play': {
        const scene = MTA_SCENES.find(({ name }) => name === command.scene);
        if (scene === undefined) throw new Error(`no scene ${command.scene}`);
        return await playThrough(scene, tools);
      }
      case 'serve':
        service = await serve(tools);
        return {};
      case 'end': {
        if (service === undefined) return {};
        const ended = once(service, 'exit');
        service.kill(command.signal);
        await ended;
        service = undefined;
        return {};
      }
      case 'domain':
        await world.domain(command.plan);
        return {};
      case 'attack':
        await attack(domainOf(world, command.domain), command);
        return {};
      case 'send':
        return await mta.send(command.message);
      case 'retry':
        return await mta.retry(command.recipient);
      case 'look':
        return seen(domainOf(world, command.domain));
      case 'ask':
        return { answer: await mta.ask(command.key, command.map) };
      default:
        return command satisfies never;
    }
  };
}

function domainOf(world: World, name: string): LabDomain {
  const domain = world.domains.get(name);
  if (domain === undefined) throw new Error(`no domain ${name}`);
  return domain;
}

async function attack(
  domain: LabDomain,
  { records, policy, host }: Extract<LabCommand, { do: 'attack' }>,
): Promise<void> {
  if (records !== undefined) domain.setStsRecords(...records);
  if (policy !== undefined) domain.policyFault(policy);
  if (host !== undefined) domain.host.setFault(host);
  await domain.host.settled();
}

function seen({ host }: LabDomain): Seen {
  return {
    messages: host.messages.map(({ tls }) => (tls === undefined ? 'clear' : 'tls')),
    mail: host.commands.filter(({ line }) => /^MAIL /i.test(line)).length,
  };
}

/** As an operator starts it, with a file that says where the lab is. */
async function serve({ folder, world, mailUser }: LabTools): Promise<ChildProcess> {
  const file = join(folder, 'smtp-sts.yaml');
  writeFileSync(
    file,
    [
      `store: { url: 'sqlite:${join(folder, 'smtp-sts.sqlite')}' }`,
      `control: { socket: '${join(folder, 'control.sock')}' }`,
      `tls: { ca_file: '${world.caFile}' }`,
      'policy_fetch: { allow_addresses: [127.0.0.0/8] }',
      'socketmap:',
      `  listen: ['127.0.0.1:8461', 'unix:${join(folder, 'map.sock')}']`,
      "  unix_mode: '0660'",
      `  unix_owner: ':${mailUser}'`,
      '',
    ].join('\n'),
  );
  const child = spawn(process.execPath, [BIN, 'serve', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  for await (const line of createInterface(child.stdout)) {
    // The HTTP API is the last of its faces.
    if (line.startsWith('listening on http:')) return child;
  }
  throw new Error(`the service did not start: ${said}`);
}
