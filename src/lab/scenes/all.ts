/**
 * Every scene, in the order in which they are shown.
 *
 * @module
 */
import type { Scene } from '../scene.ts';
import { CERTIFICATE_SCENES } from './certificate.ts';
import { DANE_SCENES } from './dane.ts';
import { DNS_SCENES } from './dns.ts';
import { MX_SWAP_SCENES } from './mx-swap.ts';
import { POLICY_HOST_SCENES } from './policy-host.ts';
import { RECORD_SCENES } from './record-blocking.ts';
import { REQUIRETLS_SCENES } from './requiretls.ts';
import { ROLLOUT_SCENES } from './rollout.ts';
import { ROUTING_SCENES } from './routing.ts';
import { OLD_TLS_SCENES, STALLING_SCENES, STARTTLS_SCENES } from './starttls.ts';

/** All of them; names are unique. */
export const SCENES: readonly Scene[] = [
  ...STARTTLS_SCENES,
  ...OLD_TLS_SCENES,
  ...STALLING_SCENES,
  ...CERTIFICATE_SCENES,
  ...MX_SWAP_SCENES,
  ...RECORD_SCENES,
  ...POLICY_HOST_SCENES,
  ...ROLLOUT_SCENES,
  ...DANE_SCENES,
  ...DNS_SCENES,
  ...ROUTING_SCENES,
  ...REQUIRETLS_SCENES,
];
