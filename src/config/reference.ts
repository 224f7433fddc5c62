/**
 * The configuration reference as Markdown, made from the schema.
 *
 * @module
 */
import type { KnownKey } from './keys.ts';
import { knownKeys } from './keys.ts';

/** The whole page below its title: a section for each part of the file. */
export function configReference(): string {
  return `${knownKeys().map(blockOf).join('\n\n')}\n`;
}

function blockOf(key: KnownKey): string {
  const name = key.path.join('.');
  const level = '#'.repeat(Math.min(1 + key.path.length, 4));
  if (key.setting === undefined) return `${level} \`${name}\`\n\n${key.about}`;
  const { kind, preset } = key.setting;
  // A default that the schema tells in words is not code.
  const written = preset.includes(' ') && !preset.startsWith('"') ? preset : `\`${preset}\``;
  return `${level} \`${name}\`\n\n${key.about}\n\n- Value: ${kind}\n- Default: ${written}`;
}
