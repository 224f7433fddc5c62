/**
 * What a scene is: a domain is set up, perhaps met once, then attacked; then a real message is
 * sent, and what became of it is compared with what must become of it.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { DeliveryReport } from '../relay/types.ts';
import type { Envelope, SmtpTimeouts } from '../smtp/types.ts';
import type { DomainPlan, LabDomain } from './lab-domain.ts';
import type { ConfigChanges } from './lab-engine.ts';
import type { ShiftingClock } from './shifting-clock.ts';
import type { LabMx, LabMxOptions } from './types.ts';
import type { World } from './world.ts';

/** What becomes of a message. */
export type SceneOutcome = 'delivered' | 'deferred' | 'bounced';

/** What a scene plays on. */
export interface Stage {
  readonly world: World;
  /** The domain that the message is for. */
  readonly domain: LabDomain;
  readonly clock: ShiftingClock;
  /** A host that the domain's owner did not set up. */
  readonly mallory: (options?: MalloryOptions) => Promise<LabMx>;
  /** Sends an ordinary message and ignores what becomes of it: the first contact. */
  readonly contact: () => Promise<void>;
}

/** Mallory's host. It has a certificate that is valid for its own name. */
export interface MalloryOptions extends Partial<
  Pick<LabMxOptions, 'host' | 'fault' | 'certificates'>
> {
  /** Default `insecure`: mallory cannot sign for others. */
  readonly zone?: 'secure' | 'insecure';
}

/** The message of a scene, where it is not an ordinary one. */
export interface SceneMessage {
  readonly envelope?: Partial<Pick<Envelope, 'requireTls' | 'smtpUtf8' | 'from'>>;
  /** Default `bob`. */
  readonly localPart?: string;
  /** Replaces the recipient's domain. */
  readonly recipientDomain?: (stage: Stage) => string;
  /** More header lines, as by a user of this system. */
  readonly header?: readonly string[];
  /** A fixed route, as in `[relay.example]`. */
  readonly route?: (stage: Stage) => string;
}

/** What is looked at after the message was sent. */
export interface Aftermath extends Stage {
  readonly report: DeliveryReport;
  /** What is known of the domain's policy afterwards. */
  readonly sts: StsStatus | undefined;
}

/** A scene. Everything in it is data or a small step. */
export interface Scene {
  /** Unique, kebab case. */
  readonly name: string;
  /** For people: what happens. */
  readonly title: string;
  /** E.g. `RFC 8461 §4.2`. */
  readonly rule: string;
  /** Requirement identifiers that it proves; none where the catalogue has none for it. */
  readonly requirements: readonly string[];
  readonly expected: SceneOutcome;
  /** Where it is not delivered: why not. A scene that ends well for the wrong reason proves nothing. */
  readonly code?: ErrorCode;
  /** With what failure the newest look-up of the policy must have ended. */
  readonly policyCode?: ErrorCode;
  /** How a delivered message must have come; default `tls`. */
  readonly over?: 'tls' | 'clear';
  /** Position of the host that must have got it; default 0. Mallory's is `mallory`. */
  readonly by?: number | 'mallory';
  /** Hosts may see the envelope, inside TLS, although they do not take the message. Default `false`. */
  readonly envelopeSeen?: true;
  readonly message?: SceneMessage;
  readonly config?: ConfigChanges;
  /** Shorter waits, milliseconds. */
  readonly timeouts?: Partial<SmtpTimeouts>;
  /** The domain; its name is given so that scenes do not meet. */
  readonly domain: (name: string, world: World) => DomainPlan;
  /** Before anything is sent: what the plan cannot say. */
  readonly prepare?: (stage: Stage) => void | Promise<void>;
  /** Send a first message while all is well? Its delivery is required. Default `false`. */
  readonly warm?: boolean;
  /** What happens then. */
  readonly attack?: (stage: Stage) => void | Promise<void>;
  /** Why it still is not right; undefined: it is. */
  readonly check?: (aftermath: Aftermath) => string | undefined;
}
