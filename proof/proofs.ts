/**
 * Every proof.
 *
 * @module
 */
import { crashProof } from './crash/crash.ts';
import { faultProof } from './fault/fault.ts';
import { fuzzProof } from './fuzz/fuzz.ts';
import type { Proof } from './proof.ts';
import { relayFaultProof } from './relay-fault/relay-fault.ts';
import { soakProof } from './soak/soak.ts';

/** In the order in which they are shown. */
export const PROOFS: readonly Proof[] = [
  crashProof,
  fuzzProof,
  faultProof,
  relayFaultProof,
  soakProof,
];
