/**
 * A sender in the lab: the product's own engine, told where the lab's DNS and ports are.
 *
 * @module
 */
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/types.ts';
import type { Clock } from '../clock.ts';
import { silentLog } from '../log/log.ts';
import { createEngine } from '../tls-policy/engine.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import type { World } from './world.ts';

/** Settings that differ from the defaults, section by section. */
export type ConfigChanges = {
  readonly [Section in keyof Config]?: Partial<Config[Section]>;
};

/** The settings of a sender in this world. */
export function labConfig(world: World, changes: ConfigChanges = {}): Config {
  const { value, problems } = loadConfig({
    overrides: {
      resolvers: [`${world.dns.address}:${world.dns.port}`],
      caFile: world.caFile,
      smtpPort: world.smtpPort,
      httpsPort: world.policyHost.port,
      storeUrl: 'sqlite::memory:',
      logLevel: 'silent',
    },
  });
  if (value === undefined) throw new Error(problems.map(({ message }) => message).join('; '));
  const sections = Object.entries(value) as [keyof Config, object][];
  const merged = sections.map(([section, settings]) => [
    section,
    { ...settings, ...changes[section] },
  ]);
  const config = Object.fromEntries(merged) as unknown as Config;
  return { ...config, smtp: { ...config.smtp, heloName: 'sender.lab.test' } };
}

/** The engine with these settings; policies are kept in memory alone. */
export function createLabEngine(config: Config, clock: Clock): Engine {
  return createEngine({ config, clock, log: silentLog });
}
