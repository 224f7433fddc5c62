/**
 * What the doctor finds, and the surroundings that it looks at.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { UpstreamState } from '../dns/resolver.ts';
import type { SelfTestResult } from '../dns/self-test.ts';
import type { Outcome } from '../failure.ts';
import type { RelaySurroundings } from './doctor-relay-types.ts';
import type { ReportingSurroundings } from './doctor-reporting-types.ts';

/** How bad it is. */
export type FindingStatus =
  | 'ok'
  /** It works, but less well or less safely than it could. */
  | 'warn'
  /** It does not work: protection is off, or mail waits. */
  | 'fail';

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, one or two words: `resolver`, `postfix map`. Stable. */
  readonly check: string;
  readonly status: FindingStatus;
  /** What was found, one line. */
  readonly what: string;
  /** How to mend it; absent where nothing is wrong. */
  readonly mend?: string;
}

/** How a program ended that was called. */
export type ProgramResult =
  | {
      readonly kind: 'done';
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** It is not on this machine. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'timeout' };

/** Calls a program, without a shell and with nothing on its standard input. Never rejects. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<ProgramResult>;

/** What HTTP said; `status` 0: nobody answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Everything outside that the doctor looks at, so that a test can be it. */
export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly run: RunProgram;
  /** The text of a file; undefined where it cannot be read. */
  readonly readText: (path: string) => string | undefined;
  readonly selfTest: () => Promise<SelfTestResult>;
  readonly upstreams: () => readonly UpstreamState[];
  /** The trusted roots as PEM, of the file or built in. */
  readonly roots: Outcome<readonly string[]>;
  /** Writes to the database and takes it back. */
  readonly tryStore: () => Promise<Outcome<string>>;
  readonly askHttp: (path: string) => Promise<HttpAnswer>;
  /** Asks a socketmap server; `address` as in `socketmap.listen`. */
  readonly askMap: (question: MapQuestion) => Promise<Outcome<string>>;
  /** What a map name chooses. */
  readonly dialectOf: (mapName: string) => string;
  /** Postfix's configuration folder; undefined: the one it was built with. */
  readonly postfixConfig: string | undefined;
  /** Only looked at where the relay is on. */
  readonly relay: RelaySurroundings;
  readonly reporting: ReportingSurroundings;
}

/** One question to a socketmap server. */
export interface MapQuestion {
  readonly address: string;
  readonly mapName: string;
  readonly key: string;
}

/** Nothing is wrong. */
export function fine(check: string, what: string): Finding {
  return { check, status: 'ok', what };
}

/** Something could be better. */
export function warning(check: string, what: string, mend: string): Finding {
  return { check, status: 'warn', what, mend };
}

/** Something does not work. */
export function failing(check: string, what: string, mend: string): Finding {
  return { check, status: 'fail', what, mend };
}
