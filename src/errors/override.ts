/**
 * Error codes of what operators do: overrides, the control socket, policies moved from store to
 * store.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `OVERRIDE_`, `CONTROL_` and `TRANSFER_`. */
export const OVERRIDE_ERRORS = {
  OVERRIDE_PIN_INVALID: {
    meaning: 'A policy that was to be pinned, or is pinned, is not valid.',
    action: 'Check it with `smtp-sts lint policy FILE`, mend it, and pin it again.',
    rule: 'RFC 8461 §3.2',
  },
  OVERRIDE_REASON_INVALID: {
    meaning: 'An override has no reason, or one that does not fit on a line.',
    action: 'Say why in 1 to 200 characters: whoever finds it in a year must understand it.',
  },
  OVERRIDE_UNTIL_INVALID: {
    meaning:
      'An override has no end, or one that is over or too far off, or it would hold for no time at all.',
    action: 'Write `--until 2027-01-01` or `--for 30d`; ten years ahead at most.',
  },
  OVERRIDE_EXPIRED: {
    meaning: 'An override has come to its end and has no effect any more.',
    action: 'Nothing if its reason is gone; otherwise add it again with a new end date.',
  },
  CONTROL_UNAVAILABLE: {
    meaning: 'The control socket of the service could not be opened.',
    action:
      'The service runs without it: use SIGHUP to reload. Give it a folder that it may write in `control.socket`.',
  },
  CONTROL_NOT_RUNNING: {
    meaning: 'No service listens at the control socket.',
    action:
      'Start it, or name its socket: run the command with the same `--config` and in the same working directory.',
  },
  CONTROL_ANSWER_INVALID: {
    meaning: 'What listens at the control socket does not answer as this release does.',
    action: 'Check that service and command are of the same release.',
  },
  TRANSFER_LINE_INVALID: {
    meaning: 'A line that was to be imported is not one of an export.',
    action: 'Make a new file with `smtp-sts policies export`; the other lines were imported.',
  },
  TRANSFER_LINE_TOO_LONG: {
    meaning:
      'A line of a file that policies or domains are read from is longer than such lines are.',
    action:
      'Check that it is the right file, unpacked (`zcat FILE.gz | …`); the other lines were read.',
  },
  TRANSFER_POLICY_INVALID: {
    meaning: 'A policy that was to be imported is not valid.',
    action: 'Nothing: the policy is fetched from its domain at the next message.',
    rule: 'RFC 8461 §3.2',
  },
  TRANSFER_EXPIRED: {
    meaning: 'A policy that was to be imported has come to its end.',
    action: 'Nothing: importing makes no policy live longer. Export and import without delay.',
    rule: 'RFC 8461 §5.1',
  },
  TRANSFER_FUTURE: {
    meaning: 'A policy that was to be imported says that it was fetched in the future.',
    action: 'Set the clocks of both machines, and export again.',
  },
} as const satisfies Record<string, ErrorEntry>;
