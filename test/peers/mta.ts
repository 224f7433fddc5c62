/**
 * What the tests want of a mail server that asks the product before it delivers.
 *
 * @module
 */
import type { Scene, SceneOutcome } from '../../src/lab/scene.ts';

/** A message to be sent. */
export interface MtaMessage {
  readonly recipient: string;
  /** A fixed route, `[host]`. */
  readonly route?: string;
  readonly subject: string;
  /** Stands in the body and nowhere else. */
  readonly canary: string;
}

/** What became of it at the first attempt. */
export interface Fate {
  readonly outcome: SceneOutcome;
  /** What the mail server's log says of it. */
  readonly log: string;
}

/** A running mail server. Messages that wait are not tried again by themselves. */
export interface Mta {
  send(message: MtaMessage): Promise<Fate>;
  /** Tries what waits for this recipient once more. */
  retry(recipient: string): Promise<Fate>;
  /** What the map says of a key, in the words of the mail server; undefined: nothing. */
  ask(key: string, map?: string): Promise<string | undefined>;
}

/** What a mail server is started with. */
export interface MtaStart {
  /** An empty folder that is nobody else's. */
  readonly folder: string;
  readonly caFile: string;
  /** Hosts that messages may name as their route. */
  readonly smartHosts: readonly string[];
}

/** Starts it. Recipients below `unix.test` are asked about at a UNIX socket, `FOLDER/map.sock`. */
export type StartMta = (start: MtaStart) => Promise<Mta>;

/** In what a mail server differs from the product's own sender, and why. */
export interface Difference {
  readonly why: string;
  readonly expected?: SceneOutcome;
  readonly over?: Scene['over'];
  readonly by?: Scene['by'];
  /** What the log says where it is deferred for another reason. */
  readonly reason?: RegExp;
  /** What becomes of the message when it is tried again. */
  readonly later?: SceneOutcome;
}

/** What a mail server is like. */
export interface MtaProfile {
  /** The name of its map. */
  readonly mapName: string;
  /** What its log says where it did not deliver, by the product's own code for the reason. */
  readonly reasons: Readonly<Record<string, RegExp>>;
  /** Where its log says whether a certificate was checked: what it says, and after which answers it must. */
  readonly session?: { readonly verified: RegExp; readonly mustFollow: RegExp };
  /** It names the sender, inside TLS, before it looks at who the host is. */
  readonly namesSender?: true;
  /** As whom it runs. */
  readonly user: string;
  /** Scenes about what it does not do at all. */
  readonly lacks: readonly string[];
  /** By scene. */
  readonly differences: Readonly<Record<string, Difference>>;
}

/** The text of the message. */
export function messageText({ subject, canary }: MtaMessage): string {
  const lines = [
    'From: alice@sender.lab.test',
    'To: undisclosed-recipients:;',
    `Subject: ${subject}`,
    '',
    canary,
  ];
  return `${lines.join('\r\n')}\r\n`;
}
