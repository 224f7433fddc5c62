/**
 * Numbers of the process itself, under the names that Prometheus uses everywhere.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from 'prom-client';

/** What tells one build from another. */
export interface BuildInfo {
  readonly version: string;
}

/** Registers them. Nothing runs between scrapes. */
export function processNumbers(registers: Registry[], build: BuildInfo): void {
  const info = new Gauge({
    name: 'smtp_sts_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  });
  info.set({ version: build.version, node: process.versions.node }, 1);
  const memory: Gauge = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect: () => memory.set(process.memoryUsage.rss()),
  });
  const cpu: Counter = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers,
    collect: () => {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1_000_000);
    },
  });
  const uptime: Gauge = new Gauge({
    name: 'smtp_sts_uptime_seconds',
    help: 'How long the process runs.',
    registers,
    collect: () => uptime.set(process.uptime()),
  });
}
