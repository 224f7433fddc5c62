/**
 * The folders that systemd makes for a service, as places for what is kept.
 *
 * @module
 */

/** Absent: nobody made one. */
export interface SystemFolders {
  /** For what outlives the service: systemd's `StateDirectory=`. */
  readonly state?: string;
  /** For what ends with the service: systemd's `RuntimeDirectory=`. */
  readonly runtime?: string;
}

/** Reads `STATE_DIRECTORY` and `RUNTIME_DIRECTORY` (systemd.exec(5)); of several, the first counts. */
export function systemFolders(env: Readonly<Record<string, string | undefined>>): SystemFolders {
  const state = env['STATE_DIRECTORY']?.split(':')[0];
  const runtime = env['RUNTIME_DIRECTORY']?.split(':')[0];
  return {
    ...(state === undefined || state === '' ? {} : { state }),
    ...(runtime === undefined || runtime === '' ? {} : { runtime }),
  };
}

type Tree = Readonly<Record<string, unknown>>;

/** The file's tree with what it leaves out put into these folders; the tree itself is not changed. */
export function withFolders(tree: Tree, { state, runtime }: SystemFolders): Tree {
  const stored =
    state === undefined ? tree : under(tree, 'store', { url: `sqlite:${state}/smtp-sts.sqlite` });
  return runtime === undefined
    ? stored
    : under(stored, 'control', { socket: `${runtime}/control.sock` });
}

function under(tree: Tree, section: string, presets: Tree): Tree {
  const written = tree[section];
  if (written === undefined) return { ...tree, [section]: presets };
  // A section that is not a map is a fault of the file, and stays for the schema to name.
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return tree;
  return { ...tree, [section]: { ...presets, ...written } };
}
