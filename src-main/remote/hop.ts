/** Opens ssh2 clients; nothing else does. Called only by `connect`, which has a host-key decision. */
import type { Duplex } from 'node:stream'
import { Client } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { offer } from './algorithms.ts'
import { type Credentials, login } from './auth.ts'
import { connectFailure, hostKeyStore, serverWords } from './connection-failure.ts'
import type { HostKeyDecision, HostKeyFailure } from './host-key.ts'
import { NotSigned } from './offer-key.ts'
import { quickenKeys } from './quick-keys.ts'
import { Stopwatch } from './stopwatch.ts'
import { hopName, type SecretSource, type SshHop } from './target.ts'

export interface HopOptions {
  readonly hostKeys: HostKeyDecision
  /** Login timeout in milliseconds; pauses while a user or a device is being waited for. */
  readonly readyTimeout?: number
  /** Milliseconds between keep-alives; the connection ends after three without an answer. */
  readonly keepalive?: number
  readonly signal?: AbortSignal
}

export type HopFailure = Failure | HostKeyFailure

/** One logged-in client of the chain. */
export interface Hop {
  readonly client: Client
  /** Resolves when the client is disconnected. */
  readonly gone: Promise<void>
  readonly fingerprint: string
}

/** Why a client failed before it was ready, most specific cause first. */
interface Handshake {
  hostKey: HostKeyFailure | null
  store: Error | null
  error: Error | null
}

/** Logs in to one hop, over `socket` if it is behind another. Never retries. */
export function openHop(
  hop: SshHop,
  credentials: Credentials,
  secrets: SecretSource,
  knownTypes: readonly string[],
  options: HopOptions,
  socket: Duplex | undefined,
): Promise<Result<Hop, HopFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<Hop, HopFailure>>()
  const client = new Client()
  // Every running command listens for the end of the connection.
  client.setMaxListeners(0)
  const gone = new Promise<void>((resolveGone) => client.once('close', () => resolveGone()))
  const seen: Handshake = { hostKey: null, store: null, error: null }
  let accepted: Buffer | null = null
  let remember: () => Promise<void> = async () => undefined
  let fingerprint = ''
  let giveUpReason = false
  const time = new Stopwatch(options.readyTimeout ?? 20_000, () => {
    seen.error ??= Object.assign(new Error('no answer in time'), { level: 'client-timeout' })
    client.destroy()
  })
  const over = new AbortController()
  const attempt = login(hop, credentials, secrets, {
    over: over.signal,
    giveUp: () => {
      giveUpReason = true
      client.destroy()
    },
    waitFor: (work) => time.holdFor(work),
  })
  const abort = () => client.destroy()
  options.signal?.addEventListener('abort', abort, { once: true })

  const verify = (key: Buffer, done: (permitted: boolean) => void): boolean | undefined => {
    // A rekey presents the host key again. It must be the accepted one, whatever the files say now. ssh2 takes the answer at
    // once if it is returned. Until it has it, it takes whatever the server sends after its new keys for a fault, such as
    // that it is ready for more of an upload.
    if (accepted) return accepted.equals(key)
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
        seen.store = error
        done(false)
      },
    )
    return undefined
  }

  // Stays for the life of the client: an `error` event without a listener would end the program.
  client.on('error', (error) => {
    // The login goes on with the next key.
    if (!(error instanceof NotSigned)) seen.error ??= error
  })
  client.on('close', () => {
    time.stop()
    over.abort()
    options.signal?.removeEventListener('abort', abort)
    if (seen.hostKey) return resolve(fail(seen.hostKey))
    if (seen.store) return resolve(fail(hostKeyStore(seen.store)))
    if (options.signal?.aborted) return resolve(fail({ code: 'cancelled', message: 'Connecting was cancelled.' }))
    const refused = giveUpReason || (attempt.tried() && connectFailure.isLogin(seen.error))
    if (refused || connectFailure.isLoginOver(seen.error)) return resolve(fail(attempt.failure()))
    resolve(fail(connectFailure.of(hop, seen.error)))
  })
  client.on('ready', () => {
    time.stop()
    options.signal?.removeEventListener('abort', abort)
    client.setNoDelay(true)
    quickenKeys(client)
    remember().then(
      () => resolve(ok({ client, gone, fingerprint })),
      (error: Error) => {
        client.end()
        resolve(fail(hostKeyStore(error)))
      },
    )
  })
  client.connect({
    host: hop.host,
    port: hop.port,
    username: hop.user,
    algorithms: offer(knownTypes),
    hostVerifier: verify,
    authHandler: attempt.next,
    agentForward: false,
    // We time the login ourselves, because the time must pause while the user is asked.
    readyTimeout: 0,
    keepaliveInterval: options.keepalive ?? 15_000,
    keepaliveCountMax: 3,
    ...(socket ? { sock: socket } : {}),
  })
  attempt.attach(client)
  return promise
}

/** Opens a channel from one hop to the next. */
export function forward(client: Client, from: SshHop, to: SshHop): Promise<Result<Duplex, Failure>> {
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

/** Ends one hop gracefully, or by force after two seconds. */
export async function endHop({ client, gone }: Hop): Promise<void> {
  const timer = setTimeout(() => client.destroy(), 2000)
  client.end()
  await gone
  clearTimeout(timer)
}
