/**
 * Error codes of `config/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `CONFIG_`. */
export const CONFIG_ERRORS = {
  CONFIG_INVALID: {
    meaning: 'The configuration file breaks the schema.',
    action: 'Mend the line that the message names.',
  },
  CONFIG_UNREADABLE: {
    meaning: 'The configuration file cannot be read.',
    action: 'Check the path and its permissions.',
  },
  CONFIG_EMPTY: {
    meaning:
      'The configuration file has no setting in it. At the start that means every default; a reload that would change a setting is refused, since the file may have been cut short.',
    action: 'Write the settings and reload; if every default is meant, write `{}` into the file.',
  },
  CONFIG_SYNTAX: {
    meaning: 'The configuration file is not valid YAML.',
    action: 'Mend the line that the message names; most often it is the indentation or a quote.',
  },
  CONFIG_KEY_UNKNOWN: {
    meaning: 'The configuration file has a key that the program does not know.',
    action: 'Correct the spelling; the message names the nearest known key.',
  },
  CONFIG_VALUE_INVALID: {
    meaning: 'A setting has a value that it cannot take.',
    action: 'Write a value of the form that the message names.',
  },
  CONFIG_OPTION_INVALID: {
    meaning: 'A command-line option has a value that it cannot take.',
    action: 'Write a value of the form that the message names.',
  },
} as const satisfies Record<string, ErrorEntry>;
