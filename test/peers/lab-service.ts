/**
 * The service as a mail server meets it, on port 8461, with the lab's DNS and a clock that can be put
 * forward.
 *
 * @module
 */
import { type ConfigChanges, labConfig } from '../../src/lab/lab-engine.ts';
import { createShiftingClock, type ShiftingClock } from '../../src/lab/shifting-clock.ts';
import type { World } from '../../src/lab/world.ts';
import { silentLog } from '../../src/log/log.ts';
import { startService } from '../../src/serve.ts';

/** A running one. */
export interface LabService {
  readonly clock: ShiftingClock;
  close(): Promise<void>;
}

/** Starts it with the default settings but for `changes`. */
export async function startLabService(
  world: World,
  changes: ConfigChanges = {},
): Promise<LabService> {
  const clock = createShiftingClock();
  const config = labConfig(world, {
    ...changes,
    // With the real port, a policy host on loopback is an address like any other: refused.
    policyFetch: { allowAddresses: ['127.0.0.0/8'], ...changes.policyFetch },
    control: { socket: '' },
    http: { listen: '127.0.0.1:0' },
  });
  const service = await startService({ config, clock, log: silentLog });
  return {
    clock,
    async close() {
      await service.close();
      clock.stop();
    },
  };
}
