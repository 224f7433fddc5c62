/**
 * The relay under faults: whatever happens to disk, database, clock, DNS and peers, nothing that was
 * accepted is lost, other mail flows, and memory stays bounded.
 *
 * @module
 */
import type { Proof, ProofOptions } from '../proof.ts';
import { flood, idleConnections, slowDrip } from './crowd-parts.ts';
import type { PartResult } from './stage.ts';
import { databaseRestart, diskFull } from './storage-parts.ts';
import { clockJumps, dnsOutage, unansweredDot } from './time-parts.ts';

const PARTS: Readonly<Record<string, (say: ProofOptions['say']) => Promise<PartResult>>> = {
  'disk-full': diskFull,
  'database-restart': databaseRestart,
  'clock-jumps': clockJumps,
  'dns-outage': dnsOutage,
  'unanswered-dot': unansweredDot,
  'slow-drip': slowDrip,
  'idle-connections': idleConnections,
  flood,
};

/** One round is one part played once. */
export const relayFaultProof: Proof = {
  name: 'relay-fault',
  what: 'disk, database, clock, DNS and peers of the relay fail: no mail lost, other mail flows',
  defaultRounds: 1,
  defaultMinutes: 30,
  parts: Object.keys(PARTS),
  run: relayFault,
};

async function relayFault(
  options: ProofOptions,
): Promise<{ readonly rounds: number; readonly lost: number; readonly duplicated: number }> {
  const end = performance.now() + options.minutes * 60_000;
  const parts = Object.entries(PARTS).filter(
    ([name]) => options.part === undefined || options.part === name,
  );
  let [rounds, lost] = [0, 0];
  for (let turn = 0; turn < options.rounds; turn += 1) {
    for (const [name, play] of parts) {
      if (performance.now() > end) return { rounds, lost, duplicated: 0 };
      const { faults, measured } = await play(options.say);
      rounds += 1;
      lost += faults.length;
      for (const fault of faults) options.say(`${name}: ${fault}`);
      options.say(`${name}: ${faults.length} wrong; ${measured}`);
    }
  }
  return { rounds, lost, duplicated: 0 };
}
