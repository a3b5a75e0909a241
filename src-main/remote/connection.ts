/** The only place that opens an SSH connection. Every hop's host key is decided about before anything is sent. */
import type { Duplex } from 'node:stream'
import { Client, type ClientChannel } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { offer } from './algorithms.ts'
import { type Credentials, login, readCredentials } from './auth.ts'
import { connectFailure, linkLost, serverWords } from './connection-failure.ts'
import { HostKeyDecision, type HostKeyFailure } from './host-key.ts'
import { Slots } from './slots.ts'
import { hopName, type SecretSource, type SshHop, type SshTarget } from './target.ts'

export interface ConnectOptions {
  readonly target: SshTarget
  readonly hostKeys: HostKeyDecision
  readonly secrets: SecretSource
  /** Milliseconds for each hop until it is logged in to. */
  readonly readyTimeout?: number
  /** Milliseconds between two signs of life that are asked of the server; it is given up after three without. */
  readonly keepalive?: number
  /** Processes that may run at once over this connection. sshd's own limit (MaxSessions) is 10. */
  readonly maxChannels?: number
  /** Path of the agent's socket, where it is not that of the environment. */
  readonly agentSocket?: string | null
  readonly signal?: AbortSignal
}

export type ConnectFailure = Failure | HostKeyFailure

interface Hop {
  readonly client: Client
  /** Resolves when the client's link is gone. */
  readonly gone: Promise<void>
  readonly fingerprint: string
}

/** Why a client failed before it was ready, in the order of what says most. */
interface Handshake {
  hostKey: HostKeyFailure | null
  error: Error | null
}

function openHop(
  hop: SshHop,
  credentials: Credentials,
  knownTypes: readonly string[],
  options: ConnectOptions,
  socket: Duplex | undefined,
): Promise<Result<Hop, ConnectFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<Hop, ConnectFailure>>()
  const client = new Client()
  // Every running command listens for its end.
  client.setMaxListeners(0)
  const gone = new Promise<void>((resolveGone) => client.once('close', () => resolveGone()))
  const seen: Handshake = { hostKey: null, error: null }
  let accepted: Buffer | null = null
  let remember: () => Promise<void> = async () => undefined
  let fingerprint = ''
  let giveUpReason = false
  const way = login(hop, credentials, () => {
    giveUpReason = true
    client.destroy()
  })
  const abort = () => client.destroy()
  options.signal?.addEventListener('abort', abort, { once: true })

  const verify = (key: Buffer, done: (permitted: boolean) => void): void => {
    // A rekey shows the key again: it must be the one that was accepted, whatever the files say by now.
    if (accepted) {
      const same = accepted.equals(key)
      setImmediate(() => done(same))
      return
    }
    options.hostKeys.decide({ host: hop.host, port: hop.port }, key).then(
      (decision) => {
        if (decision.ok) {
          accepted = key
          fingerprint = decision.value.fingerprint
          remember = decision.value.remember
        } else seen.hostKey = decision.error
        done(decision.ok)
      },
      (error: Error) => {
        seen.error = error
        done(false)
      },
    )
  }

  // Stays for the life of the client: an error event without a listener would end the program.
  client.on('error', (error) => {
    seen.error ??= error
  })
  client.on('close', () => {
    options.signal?.removeEventListener('abort', abort)
    if (seen.hostKey) return resolve(fail(seen.hostKey))
    if (options.signal?.aborted) return resolve(fail({ code: 'cancelled', message: 'Connecting was cancelled.' }))
    const refused = giveUpReason || (way.tried() && connectFailure.isLogin(seen.error))
    if (refused || connectFailure.isLoginOver(seen.error)) return resolve(fail(way.failure()))
    resolve(fail(connectFailure.of(hop, seen.error)))
  })
  client.on('ready', () => {
    options.signal?.removeEventListener('abort', abort)
    client.setNoDelay(true)
    remember().then(
      () => resolve(ok({ client, gone, fingerprint })),
      (error: Error) => {
        client.end()
        const message = `The host key of ${hop.host} could not be stored: ${error.message}`
        resolve(fail({ code: 'host-key-unknown', message, unchanged: 'Nothing was run on the server.' }))
      },
    )
  })
  client.connect({
    host: hop.host,
    port: hop.port,
    username: hop.user,
    algorithms: offer(knownTypes),
    hostVerifier: verify,
    authHandler: way.next,
    agentForward: false,
    readyTimeout: options.readyTimeout ?? 20_000,
    keepaliveInterval: options.keepalive ?? 15_000,
    keepaliveCountMax: 3,
    ...(socket ? { sock: socket } : {}),
  })
  return promise
}

function forward(client: Client, from: SshHop, to: SshHop): Promise<Result<Duplex, Failure>> {
  return new Promise((resolve) => {
    const refuse = (error: Error) =>
      resolve(
        fail({
          code: 'unreachable',
          message: `The jump host ${hopName(from)} cannot reach ${to.host} port ${to.port}: ${serverWords(error.message)}`,
          unchanged: 'Nothing was run on the server.',
          next: 'Check address and port as seen from the jump host, and whether it permits forwarding.',
        }),
      )
    try {
      client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, channel) => {
        if (error) return refuse(error)
        channel.on('error', () => undefined)
        resolve(ok(channel))
      })
    } catch (error) {
      refuse(error as Error)
    }
  })
}

/** Ends one hop politely, and after two seconds without an answer anyway. */
async function endHop({ client, gone }: Hop): Promise<void> {
  const timer = setTimeout(() => client.destroy(), 2000)
  client.end()
  await gone
  clearTimeout(timer)
}

/**
 * A connection that is logged in. Gives out at most `maxChannels` channels; a channel's slot is free again when the
 * server closes the channel, which it does when the process has ended, never because we wish it closed.
 */
export class SshConnection implements AsyncDisposable {
  readonly target: SshTarget
  /** Fingerprint of the site's host key as accepted. */
  readonly fingerprint: string
  /** Resolves when the connection is over: with null when it was ended here, else with `link-lost`. */
  readonly closed: Promise<Failure | null>
  readonly slots: Slots
  readonly #hops: readonly Hop[]
  readonly #client: Client
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
        // Nobody reaches the site over the jump hosts any more: do not hold their connections.
        for (const hop of hops.slice(0, -1).reverse()) hop.client.end()
      })
    })
  }

  get alive(): boolean {
    return this.#alive && !this.#ending
  }

  /** Calls `listener` when the link goes, before channels are told; returns what takes it back. */
  onGone(listener: () => void): () => void {
    this.#client.prependListener('end', listener)
    this.#client.prependListener('close', listener)
    return () => {
      this.#client.off('end', listener)
      this.#client.off('close', listener)
    }
  }

  /**
   * Starts a process. Waits for a free slot. Fails with `link-lost`, `cancelled` or `channel-refused`.
   * For `exec.ts`; everything else runs commands through that.
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
      // sshd may allow fewer sessions than assumed: learn its limit, and wait for one of ours to end.
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

  /** Processes that were cancelled and have not ended; each still holds its slot. */
  get abandoned(): number {
    return this.#abandoned
  }

  /** For `exec.ts`: a cancelled process is no longer waited for. Call what is returned when it did end. */
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

  /** Ends the connection, the site first and then the jump hosts back to us. What runs there loses its stdin. */
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
 * `host-key-changed`, `host-key-revoked`, `auth-failed`, `key-unreadable`, `key-needs-passphrase` or `cancelled`.
 * Never tries twice.
 */
export async function connect(options: ConnectOptions): Promise<Result<SshConnection, ConnectFailure>> {
  // A plain object from untyped code must not slip past what the type demands.
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
    const types = await options.hostKeys.knownTypes({ host: hop.host, port: hop.port })
    const connected = await openHop(hop, credentials.value, types, options, socket.value)
    if (!connected.ok) return giveBack(connected.error)
    opened.push(connected.value)
    before = hop
  }
  return ok(new SshConnection(options.target, opened, options.maxChannels ?? 8))
}
