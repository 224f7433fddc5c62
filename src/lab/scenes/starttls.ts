/**
 * Scenes in which somebody keeps two servers from speaking TLS.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { DomainPlan } from '../lab-domain.ts';
import type { Scene } from '../scene.ts';
import type { MxFault } from '../types.ts';

/** What binds the sender. */
type Binding = 'nothing' | 'testing' | 'enforce' | 'dane';

const RULES: Readonly<Record<Binding, string>> = {
  nothing: 'RFC 3207 §4',
  testing: 'RFC 8461 §5',
  enforce: 'RFC 8461 §5',
  dane: 'RFC 7672 §2.2',
};

const WORDS: Readonly<Record<Binding, string>> = {
  nothing: 'no policy',
  testing: 'a testing policy',
  enforce: 'an enforced policy',
  dane: 'TLSA records',
};

function planFor(binding: Binding, name: string, fault: MxFault): DomainPlan {
  const plain = { name, mx: [{ fault }] };
  const plans: Readonly<Record<Binding, DomainPlan>> = {
    nothing: plain,
    testing: { ...plain, sts: { mode: 'testing' } },
    enforce: { ...plain, sts: { mode: 'enforce' } },
    dane: { name, zone: 'secure', mx: [{ fault, tlsa: ['ee'] }] },
  };
  return plans[binding];
}

interface Interference {
  readonly fault: MxFault;
  readonly code: ErrorCode;
  readonly name: string;
  /** What is done, in words. */
  readonly title: string;
  readonly requirements: Readonly<Partial<Record<Binding, readonly string[]>>>;
}

const INTERFERENCES: readonly Interference[] = [
  {
    fault: 'strip-starttls',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    name: 'strip',
    title: 'STARTTLS is stripped',
    requirements: {
      nothing: ['DANE-7672-2.2-3'],
      testing: ['STS-5-2'],
      enforce: ['STS-5-1', 'STS-5-5', 'STS-4-1'],
      dane: ['DANE-7672-2.2-1'],
    },
  },
  {
    fault: 'refuse-starttls',
    code: 'SMTP_STARTTLS_REFUSED',
    name: 'refuse',
    title: 'STARTTLS is answered 454',
    requirements: {
      testing: ['STS-5-2'],
      enforce: ['STS-5-R1', 'TLS-3207-4-2'],
      dane: ['DANE-7672-2.2-1'],
    },
  },
  {
    fault: 'inject-after-220',
    code: 'SMTP_STARTTLS_INJECTION',
    name: 'inject',
    title: 'a reply is slipped in behind the 220',
    requirements: { enforce: ['TLS-3207-R1', 'STS-5-R1'], dane: ['TLS-3207-R1'] },
  },
  {
    fault: 'drop-handshake',
    code: 'TLS_HANDSHAKE_CLOSED',
    name: 'drop',
    title: 'the connection is cut in the handshake',
    requirements: { testing: ['STS-5-2'], enforce: ['STS-5-R1'], dane: ['DANE-7672-2.2-1'] },
  },
  {
    fault: 'garbage-handshake',
    code: 'TLS_NOT_TLS',
    name: 'garbage',
    title: 'garbage comes instead of a handshake',
    requirements: { enforce: ['STS-5-R1', 'TLS-3207-4-2'], dane: ['DANE-7672-2.2-1'] },
  },
  {
    fault: 'tls-1.1',
    code: 'TLS_VERSION_TOO_OLD',
    name: 'tls11',
    title: 'the server speaks TLS 1.1 at most',
    requirements: { enforce: ['STS-7.2-1', 'TLS-9325-1'], dane: ['TLS-9325-1'] },
  },
];

function sceneOf(interference: Interference, binding: Binding): Scene {
  const binds = binding === 'enforce' || binding === 'dane';
  return {
    name: `starttls-${interference.name}-${binding}`,
    title: `${interference.title}; ${WORDS[binding]}`,
    rule: RULES[binding],
    requirements: interference.requirements[binding] ?? [],
    expected: binds ? 'deferred' : 'delivered',
    ...(binds ? { code: interference.code } : { over: 'clear' }),
    domain: (name) => planFor(binding, name, interference.fault),
  };
}

/** Nothing is delivered in clear where something binds; it is where nothing does. */
export const STARTTLS_SCENES: readonly Scene[] = INTERFERENCES.flatMap((interference) =>
  Object.keys(interference.requirements).map((binding) =>
    sceneOf(interference, binding as Binding),
  ),
);

/** A message that came over TLS of this version. */
const cameOver =
  (protocol: string): NonNullable<Scene['check']> =>
  ({ domain }) => {
    const came = domain.host.messages.at(-1)?.tls?.protocol;
    return came === protocol ? undefined : `it came over ${came ?? 'nothing'}`;
  };

const WITH_OLD_TLS = { tls: { opportunisticMinVersion: 'TLSv1.1' } } as const;

/** TLS that is out of date may take the place of clear text, and of nothing else. */
export const OLD_TLS_SCENES: readonly Scene[] = [
  {
    name: 'starttls-tls11-nothing',
    title: 'the server speaks TLS 1.1 at most; no policy binds: clear text, on record',
    rule: 'RFC 9325 §3.1.1',
    requirements: ['TLS-9325-1'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, mx: [{ fault: 'tls-1.1' }] }),
    check: ({ report }) => {
      const event = report.hops[0]?.attempts.at(-1);
      return event?.failure?.code === 'TLS_VERSION_TOO_OLD' ? undefined : 'it is not on record';
    },
  },
  {
    name: 'starttls-tls11-allowed',
    title: 'the same, and the operator takes TLS 1.1 rather than clear text',
    rule: 'RFC 9325 §3.1.1',
    requirements: ['TLS-9325-1'],
    expected: 'delivered',
    config: WITH_OLD_TLS,
    domain: (name) => ({ name, mx: [{ fault: 'tls-1.1' }] }),
    check: cameOver('TLSv1.1'),
  },
  {
    name: 'starttls-tls11-allowed-testing',
    title: 'the same under testing: delivered over TLS 1.1, and reported',
    rule: 'RFC 8461 §5',
    requirements: ['TLS-9325-1', 'STS-5-2'],
    expected: 'delivered',
    config: WITH_OLD_TLS,
    domain: (name) => ({ name, mx: [{ fault: 'tls-1.1' }], sts: { mode: 'testing' } }),
    check: (aftermath) =>
      cameOver('TLSv1.1')(aftermath) ??
      (aftermath.report.recipients[0]?.verdict?.wouldFail?.code === 'TLS_VERSION_TOO_OLD'
        ? undefined
        : 'nothing was reported'),
  },
  {
    name: 'starttls-tls11-allowed-enforce',
    title: 'the operator takes TLS 1.1 where nothing binds; an enforced policy does',
    rule: 'RFC 8461 §7.2',
    requirements: ['STS-7.2-1', 'TLS-9325-1'],
    expected: 'deferred',
    code: 'TLS_VERSION_TOO_OLD',
    config: WITH_OLD_TLS,
    domain: (name) => ({ name, mx: [{ fault: 'tls-1.1' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'starttls-tls11-allowed-requiretls',
    title: 'the operator takes TLS 1.1 where nothing binds; REQUIRETLS over a signed MX does',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-2', 'TLS-9325-1'],
    expected: 'deferred',
    code: 'POLICY_REQUIRETLS_UNVERIFIED',
    config: WITH_OLD_TLS,
    message: { envelope: { requireTls: true } },
    domain: (name) => ({ name, zone: 'secure', mx: [{ fault: 'tls-1.1' }] }),
  },
];

/** Servers that keep the connection open and never come to the point. */
export const STALLING_SCENES: readonly Scene[] = [
  {
    name: 'stall-drip',
    title: 'a server drips its greeting, one octet at a time',
    rule: 'RFC 5321 §4.5.3.2',
    requirements: ['SMTP-4.5.3.2-1'],
    expected: 'deferred',
    code: 'SMTP_TIMEOUT',
    timeouts: { greeting: 800 },
    domain: (name) => ({ name, mx: [{ fault: 'drip' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'stall-silent',
    title: 'a server says nothing; the next host takes it',
    rule: 'RFC 5321 §4.5.3.2',
    requirements: ['SMTP-4.5.3.2-1', 'STS-5.1-4'],
    expected: 'delivered',
    by: 1,
    timeouts: { greeting: 1000 },
    domain: (name) => ({ name, mx: [{ fault: 'silent' }, {}], sts: { mode: 'enforce' } }),
  },
  {
    name: 'stall-endless-reply',
    title: 'a reply that never ends',
    rule: 'RFC 5321 §4.5.3.1',
    requirements: [],
    expected: 'deferred',
    code: 'SMTP_REPLY_TOO_LONG',
    timeouts: { ehlo: 3000 },
    domain: (name) => ({ name, mx: [{ fault: 'endless-reply' }], sts: { mode: 'enforce' } }),
  },
];
