/**
 * How Postfix reads a value of `smtp_tls_policy_maps`, written down from its rules and apart from
 * what writes one.
 *
 * @module
 */

/** What Postfix makes of a value, or why it defers all mail for the domain. */
export type PostfixPolicy =
  | {
      readonly valid: true;
      readonly level: string;
      /** In order; what stood in braces without them, white space made one. */
      readonly attributes: readonly (readonly [name: string, value: string])[];
    }
  | { readonly valid: false; readonly why: string };

const LEVELS = ['none', 'may', 'encrypt', 'dane', 'dane-only', 'fingerprint', 'verify', 'secure'];
const MANY = ['match', 'policy_string', 'mx_host_pattern', 'tafile'];
const PLAIN = ['match', 'servername', 'protocols', 'ciphers', 'exclude', 'tafile'];
const TLSRPT = [
  'policy_type',
  'policy_domain',
  'policy_string',
  'mx_host_pattern',
  'policy_failure',
  'policy_ttl',
];

/** Reads a value as Postfix `tlsrpt` (3.10 and newer) or `plain` (older) does. */
export function readPostfixPolicy(text: string, version: 'plain' | 'tlsrpt'): PostfixPolicy {
  const [level, ...rest] = tokensOf(text);
  if (level === undefined || !LEVELS.includes(level)) return bad(`level ${level}`);
  const attributes: (readonly [string, string])[] = [];
  for (const token of rest) {
    const pair = pairOf(token);
    if (typeof pair === 'string') return bad(pair);
    const fault = attributeFault(pair, level, attributes, version);
    if (fault !== undefined) return bad(fault);
    attributes.push(pair);
  }
  const names = attributes.map(([name]) => name);
  if (names.some((name) => TLSRPT.includes(name)) && !names.includes('policy_type')) {
    return bad('TLSRPT attributes without policy_type');
  }
  return { valid: true, level, attributes };
}

/** Separators are white space and comma; inside braces they are not. */
function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  let token = '';
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth += 1;
    else if (character === '}' && depth > 0) depth -= 1;
    if (depth === 0 && ' ,\t\r\n'.includes(character)) {
      if (token !== '') tokens.push(token);
      token = '';
    } else {
      token += character;
    }
  }
  return token === '' ? tokens : [...tokens, token];
}

function pairOf(token: string): readonly [string, string] | string {
  const inner = token.startsWith('{') ? insideBraces(token) : token;
  if (inner === undefined) return `braces of ${token}`;
  const equals = inner.indexOf('=');
  if (equals < 1) return `no name=value in ${token}`;
  const name = inner.slice(0, equals).trim().toLowerCase();
  return [name, inner.slice(equals + 1).trim()];
}

/** The brace that closes the first must be the last character. */
function insideBraces(token: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < token.length; at += 1) {
    if (token[at] === '{') depth += 1;
    if (token[at] === '}') depth -= 1;
    if (depth === 0) {
      const inner = token.slice(1, -1).replace(/[ \t\n\v\f\r]+/g, ' ');
      return at === token.length - 1 ? inner : undefined;
    }
  }
  return undefined;
}

function attributeFault(
  [name, value]: readonly [string, string],
  level: string,
  before: readonly (readonly [string, string])[],
  version: 'plain' | 'tlsrpt',
): string | undefined {
  if (!(version === 'plain' ? PLAIN : [...PLAIN, ...TLSRPT]).includes(name)) {
    return `attribute name ${name}`;
  }
  if (!MANY.includes(name) && before.some(([other]) => other === name)) return `second ${name}`;
  switch (name) {
    case 'match':
      if (value === '') return 'match is empty';
      return ['verify', 'secure', 'fingerprint'].includes(level) ? undefined : `match at ${level}`;
    case 'servername':
    case 'policy_domain':
      return isHostName(value) ? undefined : `${name} ${value}`;
    case 'policy_type':
      return ['sts', 'no-policy-found'].includes(value) ? undefined : `policy_type ${value}`;
    default:
      return undefined;
  }
}

function isHostName(name: string): boolean {
  const labels = name.split('.');
  const isShaped = labels.every((label) =>
    /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label),
  );
  return isShaped && name.length <= 255 && /[^\d.]/.test(name);
}

function bad(why: string): PostfixPolicy {
  return { valid: false, why };
}
