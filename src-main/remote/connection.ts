/** Connections to sites. The host key of every hop must be accepted first. */
import type { ClientChannel } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { readCredentials } from './auth.ts'
import { hostKeyStore, linkLost, serverWords } from './connection-failure.ts'
import { endHop, forward, type Hop, type HopFailure, type HopOptions, openHop } from './hop.ts'
import { HostKeyDecision } from './host-key.ts'
import { Slots } from './slots.ts'
import type { SecretSource, SshHop, SshTarget } from './target.ts'

/** The timeouts in `HopOptions` apply to each hop. */
export interface ConnectOptions extends HopOptions {
  readonly target: SshTarget
  readonly secrets: SecretSource
  /** Maximum number of simultaneous processes on this connection. sshd's own default (MaxSessions) is 10. */
  readonly maxChannels?: number
  /** Path of the agent's socket, if not the one in the environment. */
  readonly agentSocket?: string | null
}

export type ConnectFailure = HopFailure

/**
 * A connection that is logged in, with at most `maxChannels` channels. A slot is free again only when the server closes
 * its channel, which it does when the process has ended.
 */
export class SshConnection implements AsyncDisposable {
  readonly target: SshTarget
  /** Fingerprint of the site's accepted host key. */
  readonly fingerprint: string
  /** Resolves when the connection ends: with null if it was ended here, otherwise with `link-lost`. */
  readonly closed: Promise<Failure | null>
  readonly slots: Slots
  readonly #hops: readonly Hop[]
  readonly #client: Hop['client']
  #alive = true
  #ending = false
  #retired = false
  #abandoned = 0

  constructor(target: SshTarget, hops: readonly Hop[], maxChannels: number) {
    const last = hops.at(-1)
    if (!last) throw new Error('a connection has at least one hop')
    this.target = target
    this.fingerprint = last.fingerprint
    this.slots = new Slots(maxChannels)
    this.#hops = hops
    this.#client = last.client
    this.closed = new Promise((resolve) => {
      let reason: Error | null = null
      last.client.on('error', (error) => {
        reason ??= error
      })
      last.client.once('close', () => {
        this.#alive = false
        this.slots.close()
        resolve(this.#ending ? null : linkLost(target, reason))
        // The jump hosts are no longer needed.
        for (const hop of hops.slice(0, -1).reverse()) hop.client.end()
      })
    })
  }

  get alive(): boolean {
    return this.#alive && !this.#ending
  }

  /** Calls `listener` when the link is lost, before its channels end. Returns the unsubscribe function. */
  onGone(listener: () => void): () => void {
    this.#client.prependListener('end', listener)
    this.#client.prependListener('close', listener)
    return () => {
      this.#client.off('end', listener)
      this.#client.off('close', listener)
    }
  }

  /**
   * Starts a process as soon as a slot is free. Fails with `link-lost`, `cancelled` or `channel-refused`.
   * For `exec.ts` only; everything else runs commands through that.
   */
  async openExec(commandLine: string, signal?: AbortSignal): Promise<Result<ClientChannel, Failure>> {
    for (;;) {
      const slot = await this.slots.take(signal)
      if (slot === 'cancelled') return fail({ code: 'cancelled', message: 'Cancelled before anything was started.' })
      if (slot === 'closed') return fail(linkLost(this.target, null))
      const opened = await this.#exec(commandLine)
      if (opened.ok) {
        opened.value.once('close', () => {
          slot()
          this.#endWhenRetired()
        })
        return opened
      }
      // sshd may allow fewer sessions than assumed: lower the limit and wait until one of ours ends.
      const others = this.slots.taken - 1
      slot()
      if (!this.#alive) return fail(linkLost(this.target, null))
      if (others < 1 || !/open failure/i.test(opened.error.message)) return opened
      this.slots.lower(others)
    }
  }

  #exec(commandLine: string): Promise<Result<ClientChannel, Failure>> {
    return new Promise((resolve) => {
      const refuse = (error: Error) =>
        resolve(
          fail({
            code: 'channel-refused',
            message: `The server refused to start a command: ${serverWords(error.message)}`,
            unchanged: 'Nothing was run on the server.',
            next: 'Check MaxSessions and any forced command of this login on the server.',
          }),
        )
      try {
        this.#client.exec(commandLine, (error, channel) => (error ? refuse(error) : resolve(ok(channel))))
      } catch (error) {
        refuse(error as Error)
      }
    })
  }

  /** Whether the server answers within `limit` milliseconds. True, without asking, if every slot is taken. */
  async answers(limit: number): Promise<boolean> {
    if (this.slots.taken >= this.slots.limit) return this.alive
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => late.resolve(false), limit)
    const asked = this.openExec('exit 0').then((opened) => {
      if (opened.ok) opened.value.resume().end()
      // A refusal is also an answer.
      return opened.ok || opened.error.code === 'channel-refused'
    })
    const answered = await Promise.race([asked, late.promise])
    clearTimeout(timer)
    return answered && this.alive
  }

  /**
   * Drops the connection without notifying the server, which does not respond. Users of the connection get `link-lost`.
   */
  drop(): void {
    for (const hop of [...this.#hops].reverse()) hop.client.destroy()
  }

  /** Number of cancelled processes that are still running; each still holds its slot. */
  get abandoned(): number {
    return this.#abandoned
  }

  /** Stops waiting for a cancelled process. Call the returned function when it has ended. For `exec.ts` only. */
  abandon(): () => void {
    this.#abandoned += 1
    this.#endWhenRetired()
    return () => {
      this.#abandoned -= 1
    }
  }

  /** Ends the connection as soon as only abandoned processes are left on it. */
  retire(): void {
    this.#retired = true
    this.#endWhenRetired()
  }

  #endWhenRetired(): void {
    if (this.#retired && this.alive && this.slots.taken <= this.#abandoned) void this.end()
  }

  /**
   * Ends the connection to the site, then to the jump hosts in reverse order. Processes on the site lose their stdin.
   */
  async end(): Promise<void> {
    this.#ending = true
    for (const hop of [...this.#hops].reverse()) await endHop(hop)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}

/**
 * Connects to a target through its jump hosts. Fails with `unreachable`, `timeout`, `host-key-unknown`,
 * `host-key-changed`, `host-key-revoked`, `host-key-store`, `auth-failed`, `auth-incomplete`, `key-unreadable`,
 * `key-unsupported`, `key-needs-passphrase` or `cancelled`. Never retries.
 */
export async function connect(options: ConnectOptions): Promise<Result<SshConnection, ConnectFailure>> {
  // Untyped code could pass a plain object.
  if (!(options.hostKeys instanceof HostKeyDecision)) throw new TypeError('connect needs a HostKeyDecision')
  const { jumps } = options.target
  const opened: Hop[] = []
  const giveBack = async <E extends Failure>(error: E) => {
    for (const hop of opened.reverse()) await endHop(hop)
    return fail(error)
  }
  let before: SshHop | null = null
  for (const hop of [...jumps, options.target]) {
    if (options.signal?.aborted) return giveBack({ code: 'cancelled', message: 'Connecting was cancelled.' })
    const credentials = await readCredentials(hop, options.secrets, options.agentSocket)
    if (!credentials.ok) return giveBack(credentials.error)
    const last = opened.at(-1)
    const socket = last && before ? await forward(last.client, before, hop) : ok(undefined)
    if (!socket.ok) return giveBack(socket.error)
    let types: string[]
    try {
      types = await options.hostKeys.knownTypes({ host: hop.host, port: hop.port })
    } catch (error) {
      return giveBack(hostKeyStore(error as Error))
    }
    const connected = await openHop(hop, credentials.value, options.secrets, types, options, socket.value)
    if (!connected.ok) return giveBack(connected.error)
    opened.push(connected.value)
    before = hop
  }
  return ok(new SshConnection(options.target, opened, options.maxChannels ?? 8))
}
