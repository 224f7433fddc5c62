/**
 * Who the client of a connection is under the rules in force, which a reload may change.
 *
 * @module
 */
import type { Client } from './client.ts';
import type { Offers } from './dialogue.ts';
import type { Entrance } from './entrance.ts';
import { clientKey, type TrustedNetworks } from './networks.ts';
import type { TlsFacts } from './received.ts';
import type { Login } from './users.ts';

/** What has been found out of a client since it connected. */
export class Standing {
  readonly #entrance: Pick<Entrance, 'ruling'>;
  readonly #address: string;
  /** What its limits are counted under. */
  readonly key: string;
  /** Its TLS. */
  tls: TlsFacts | undefined;
  #networks: TrustedNetworks | undefined;
  #isTrusted = false;

  constructor(entrance: Pick<Entrance, 'ruling'>, address: string) {
    this.#entrance = entrance;
    this.#address = address;
    this.key = clientKey(address);
  }

  /** In a trusted network. */
  get isTrusted(): boolean {
    const { networks } = this.#entrance.ruling;
    if (networks !== this.#networks) {
      this.#networks = networks;
      this.#isTrusted = networks.holds(this.#address);
    }
    return this.#isTrusted;
  }

  /** @param login of the session, if there was one */
  offers(login: Login | undefined): Offers {
    const { certificate, users } = this.#entrance.ruling;
    return {
      client: this.#client(login),
      hasCertificate: certificate !== undefined,
      hasUsers: users !== undefined,
      // Whoever the operator took out of the file must not go on because he stays connected.
      isLoginOver: login !== undefined && users?.holds(login) !== true,
    };
  }

  #client(login: Login | undefined): Client {
    const { key, tls, isTrusted: trusted } = this;
    return { address: this.#address, key, trusted, tls, user: login?.name };
  }
}
