/**
 * Why a file cannot be read, in plain words.
 *
 * @module
 */

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EPERM: 'permission denied',
};

/** `permission denied`; where there is no word for it, what the system says. */
export function fileTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : WORDS[code]) ?? error.message;
}
