/** Links to a site's kit: a shared connection, its privileges, and the kit. */
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Kit } from '../kit/assemble.ts'
import { KitClient } from '../kit/client.ts'
import { connect } from '../remote/connection.ts'
import { HostKeyDecision } from '../remote/host-key.ts'
import type { HostAddress } from '../remote/known-hosts.ts'
import type { KnownHostsFiles } from '../remote/known-hosts-files.ts'
import { ConnectionPool, type LinkEvent } from '../remote/pool.ts'
import type { Privilege } from '../remote/sudo.ts'
import { hopName, type SecretSource, type SshTarget, type SudoMode, targetKey } from '../remote/target.ts'

/** How to reach a site, stored or being added. */
export interface SiteAddress {
  readonly target: SshTarget
  readonly sudo: SudoMode
}

export interface LinkOptions {
  /** Milliseconds for which an unreachable site is retried. 0: one attempt. */
  readonly retryFor?: number
  readonly signal?: AbortSignal
  /** Fingerprints (`SHA256:…`) that the user accepted for unknown hosts on the way. */
  readonly accept?: readonly string[]
}

/** A client that works until the link is disposed. */
export interface KitLink extends Disposable {
  readonly client: KitClient
}

export type { LinkEvent }

/** Identifies a site's connection in events. */
export function linkKey({ target }: Pick<SiteAddress, 'target'>): string {
  return targetKey(target)
}

export interface LinksOptions {
  readonly knownHosts: KnownHostsFiles
  readonly secrets: SecretSource
  readonly kit: Kit
  readonly who: string
}

export class Links implements AsyncDisposable {
  readonly #options: LinksOptions
  readonly #pool: ConnectionPool
  readonly #accepted = new Map<string, readonly string[]>()

  constructor(options: LinksOptions) {
    this.#options = options
    const { knownHosts, secrets } = options
    this.#pool = new ConnectionPool({
      connect: (target, signal) => {
        const hostKeys = new HostKeyDecision(knownHosts, this.#accepted.get(targetKey(target)) ?? [])
        return connect({ target, hostKeys, secrets, signal })
      },
    })
  }

  /** Fails as `connect` does, and with `sudo-needs-password` if sudo's password is not given. */
  async open(address: SiteAddress, options: LinkOptions = {}): Promise<Result<KitLink>> {
    const { accept, ...lease } = options
    if (accept) {
      // The user accepted new keys: allow a new attempt.
      this.#accepted.set(targetKey(address.target), accept)
      this.#pool.unblock(address.target)
    }
    const privilege = await this.#privilege(address)
    if (!privilege.ok) return privilege
    const leased = await this.#pool.lease(address.target, lease)
    if (!leased.ok) return leased
    const { connection, release } = leased.value
    const { kit, who } = this.#options
    const client = new KitClient({ connection, privilege: privilege.value, kit, who })
    return ok({ client, [Symbol.dispose]: release })
  }

  /** Opens a link for one piece of work, and closes it. Fails as `open` does. */
  async use<T>(
    address: SiteAddress,
    work: (link: KitLink) => Promise<Result<T>>,
    options: LinkOptions = {},
  ): Promise<Result<T>> {
    const opened = await this.open(address, options)
    if (!opened.ok) return opened
    using link = opened.value
    return await work(link)
  }

  /** Allows new attempts after a refused login or host key, because the user asked for one. */
  unblock({ target }: Pick<SiteAddress, 'target'>): void {
    this.#pool.unblock(target)
  }

  /** Ends the connection to a target, whoever uses it; the next `open` makes a new one. */
  async close({ target }: Pick<SiteAddress, 'target'>): Promise<void> {
    this.#accepted.delete(targetKey(target))
    await this.#pool.close(target)
  }

  /** Reports connection events; `key` is the target's `linkKey`. Returns the unsubscribe function. */
  subscribe(listener: (event: LinkEvent) => void): () => void {
    return this.#pool.subscribe(listener)
  }

  /** Probes every open connection now, as after a sleep, and ends those that do not answer. */
  async probe(): Promise<void> {
    await this.#pool.probe()
  }

  /** The hosts on the way to a target without a known key. */
  async unknownHosts(target: SshTarget): Promise<HostAddress[]> {
    const unknown: HostAddress[] = []
    for (const hop of [...target.jumps, target]) {
      if ((await this.#options.knownHosts.knownTypes(hop)).length === 0) unknown.push(hop)
    }
    return unknown
  }

  /** Removes the keys of hosts from our own known_hosts file. */
  async forgetHosts(hosts: readonly HostAddress[]): Promise<void> {
    for (const host of hosts) await this.#options.knownHosts.forget(host)
  }

  async #privilege({ target, sudo }: SiteAddress): Promise<Result<Privilege, Failure>> {
    if (sudo !== 'password') return ok({ mode: sudo, password: null })
    const { host, port, user } = target
    const password = await this.#options.secrets.find({ kind: 'sudo', host, port, user })
    if (password) return ok({ mode: sudo, password })
    return fail({
      code: 'sudo-needs-password',
      message: `sudo on ${hopName(target)} needs a password, and none was given.`,
      unchanged: 'Nothing was run on the server.',
      next: 'Enter the password at the prompt, or use --password-stdin.',
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]()
  }
}
