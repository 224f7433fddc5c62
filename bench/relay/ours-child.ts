/**
 * Our whole service with its relay.
 *
 * Argument: the configuration file.
 *
 * @module
 */
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLog } from '../../src/log/log.ts';
import { startService } from '../../src/serve.ts';

const { value: config, problems } = loadConfig({ path: process.argv[2] ?? '' });
if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
const log = createLog(config.log.level);
const service = await startService({ config, clock: systemClock, log });
process.on('SIGTERM', () => {
  // An orderly end, so that a profile is written.
  void service.close().then(() => process.exit());
});
process.on('disconnect', () => process.exit());
process.send?.({ url: service.listening.find(({ face }) => face === 'relay')?.url });
