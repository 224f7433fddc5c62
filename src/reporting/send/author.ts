/**
 * Whom reports sent by mail are from, and what they are signed with.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Outcome } from '../../failure.ts';
import { loadSigner, type Signer } from '../mail/dkim-signer.ts';

/** The address in `From`; '' where neither it nor a contact is set. */
export function authorOf({ from, contact }: Pick<ReportSendSettings, 'from' | 'contact'>): string {
  return from === '' ? contact : from;
}

/** The signer of the settings; failures as those of `loadSigner`. */
export function signerOf(
  settings: Pick<ReportSendSettings, 'dkim' | 'from' | 'contact'>,
): Outcome<Signer> {
  return loadSigner(settings.dkim, authorOf(settings));
}
