/**
 * `systemd-notify`, called for one message.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import type { SendToSystemd } from './notify.ts';

/** It waits until systemd has read the message; a systemd that hangs is not waited for longer. */
const TIMEOUT_MS = 5_000;

/** Sends by `systemd-notify`, in the name of this process. */
export const sendBySystemdNotify: SendToSystemd = async (assignments) => {
  await new Promise<void>((resolve, reject) => {
    execFile('systemd-notify', [...assignments], { timeout: TIMEOUT_MS }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
};
