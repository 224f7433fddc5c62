/**
 * Does DNS do what DANE needs: a resolver that validates, over a path nobody can touch?
 *
 * @module
 */
import type { UpstreamState } from '../dns/resolver.ts';
import type { SelfTestResult } from '../dns/self-test.ts';
import { failing, fine, type Finding, type Surroundings, warning } from './doctor-types.ts';

const CHECK = 'resolver';

/** Looks at the resolver of the service. */
export async function examineDns(around: Surroundings): Promise<readonly Finding[]> {
  const result = await around.selfTest();
  return [validation(result), ...trust(around.upstreams(), result)];
}

function validation({ conclusion, reason }: SelfTestResult): Finding {
  switch (conclusion) {
    case 'validating':
      return fine(CHECK, `validates: ${reason}`);
    case 'not-validating':
      return failing(
        CHECK,
        `does not validate: ${reason}; DANE is off`,
        'run a validating resolver on this machine, such as unbound, and name it in /etc/resolv.conf or dns.resolvers',
      );
    case 'unreachable':
      return failing(
        CHECK,
        `does not answer: ${reason}`,
        'start the resolver, or name another one in dns.resolvers',
      );
    case 'untested':
      return warning(
        CHECK,
        `whether it validates is not known: ${reason}`,
        'set dns.self_test.signed to a name in a signed zone that this resolver knows',
      );
  }
}

/** RFC 7672 §2.1.1: the AD bit is worth what the path to the resolver is worth. */
function trust(upstreams: readonly UpstreamState[], result: SelfTestResult): readonly Finding[] {
  const down = upstreams.filter((upstream) => upstream.down && upstream.used);
  const distrusted = upstreams.filter((upstream) => !upstream.trusted);
  const findings: Finding[] = [];
  if (distrusted.length > 0) {
    const names = addresses(distrusted);
    findings.push(
      warning(
        'ad bit',
        `the AD bit of ${names} is not believed: not on loopback`,
        'run a validating resolver on this machine; only where nobody can touch the path, set dns.trusted: true',
      ),
    );
  } else {
    findings.push(fine('ad bit', `the AD bit of ${addresses(upstreams)} is believed`));
  }
  if (down.length > 0 && result.conclusion !== 'unreachable') {
    findings.push(
      warning(
        'resolver list',
        `${addresses(down)} does not answer; others do`,
        'start it, or take it out of the list: each first question to it costs a timeout',
      ),
    );
  }
  return findings;
}

function addresses(upstreams: readonly UpstreamState[]): string {
  return upstreams.map(({ address }) => address).join(', ');
}
