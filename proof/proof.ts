/**
 * A proof: something done over and over that must never go wrong once.
 *
 * @module
 */

/** How long to go on: whichever comes first. */
export interface ProofOptions {
  readonly rounds: number;
  readonly minutes: number;
  /** One part of the proof alone. */
  readonly part?: string;
  /** One line about what happens. */
  readonly say: (line: string) => void;
}

/** The last line, as JSON. */
export interface ProofResult {
  readonly proof: string;
  readonly rounds: number;
  /** What was promised and is gone; for `fuzz`, inputs that broke a parser; for `fault`, all that went wrong. */
  readonly lost: number;
  /** What is there more than once. */
  readonly duplicated: number;
  readonly pass: boolean;
}

/** A proof that can be run. */
export interface Proof {
  readonly name: string;
  readonly what: string;
  readonly defaultRounds: number;
  /** Default 10. */
  readonly defaultMinutes?: number;
  /** Parts that can be run alone; each has the rounds to itself. */
  readonly parts?: readonly string[];
  readonly run: (options: ProofOptions) => Promise<Omit<ProofResult, 'proof' | 'pass'>>;
}

/** Runs a proof to its result. At least one round must have been made. */
export async function runProof(proof: Proof, options: ProofOptions): Promise<ProofResult> {
  const { rounds, lost, duplicated } = await proof.run(options);
  const pass = rounds > 0 && lost === 0 && duplicated === 0;
  return { proof: proof.name, rounds, lost, duplicated, pass };
}
