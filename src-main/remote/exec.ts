/** Runs one command over a connection. */
import type { Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { SshConnection } from './connection.ts'
import { linkLost, serverWords } from './connection-failure.ts'
import { Kept } from './kept.ts'
import { LineSplitter } from './lines.ts'
import type { OutputStart } from './output-start.ts'
import { Pace } from './pace.ts'

type Stdin = Buffer | AsyncIterable<Buffer>

export interface ExecOptions {
  /** What the command reads. Without it stdin is at its end from the start; `start` keeps it open instead. */
  readonly stdin?: Stdin
  /** Raw bytes as they come. While a promise that it returned is pending, the server is made to wait. */
  readonly onStdout?: (chunk: Buffer) => undefined | Promise<void>
  /** Lines (UTF-8, at most `lineLimit` bytes) with their length in bytes, newline included. */
  readonly onLine?: (line: string, bytes: number) => void
  readonly onStderr?: (chunk: Buffer) => void
  /** Asks the command to end by ending its stdin; see `grace`. */
  readonly signal?: AbortSignal
  /** Milliseconds that a cancelled command has to end by itself before it is no longer waited for. */
  readonly grace?: number
  /** Most bytes of a line, 64 MiB. */
  readonly lineLimit?: number
  /** Where the lines begin; default: at once. */
  readonly begin?: OutputStart
  /** Most bytes of stdout and stderr together, from where the lines begin. Who says more loses the connection. */
  readonly total?: number
  /** Most bytes of stdout (where no handler takes them) and of stderr that are kept: 1 MiB. The rest is dropped. */
  readonly keep?: number
}

export interface ExecOutcome {
  readonly code: number
  /** Empty where `onStdout` or `onLine` took it. */
  readonly stdout: Buffer
  readonly stderr: string
  /** True where stdout or stderr was longer than what is kept. */
  readonly truncated: boolean
}

/**
 * `link-lost`, `killed` (ended by a signal), `cancelled`, `line-too-long`, `too-much`, `channel-refused`. `ended` tells whether the
 * remote process is known to have ended; where it is false it may still be running.
 */
export interface ExecFailure extends Failure {
  readonly ended: boolean
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  /** Writes to its stdin, waiting while the server is busy. False when nobody reads any more. */
  write(bytes: Buffer): Promise<boolean>
  /** Ends its stdin. */
  endInput(): void
  /** Ends its stdin and, after the grace, the waiting for it. The slot stays taken as long as the process runs. */
  cancel(): void
  /** Fails it now, and ends the connection: what this server says is not to be listened to. */
  distrust(failure: Failure): void
  /** Settles when the channel closed, after everything that was sent arrived; or earlier with a failure. */
  readonly done: Promise<Result<ExecOutcome, ExecFailure>>
}

/** How far the server's side of a channel had come; ssh2 keeps it, and its types do not tell. */
function sawEndOfOutput(channel: ClientChannel): boolean {
  const { incoming } = channel as unknown as { incoming?: { state?: string } }
  return incoming?.state !== 'open'
}

class Command implements Running {
  readonly done: Promise<Result<ExecOutcome, ExecFailure>>
  readonly #channel: ClientChannel
  readonly #connection: SshConnection
  readonly #options: ExecOptions
  readonly #settle: (result: Result<ExecOutcome, ExecFailure>) => void
  readonly #reject: (error: unknown) => void
  readonly #stdout: Kept
  readonly #stderr: Kept
  readonly #closed: Promise<void>
  readonly #pace = new Pace()
  #total = 0
  #over = false
  #cutShort = false
  #cancelling: NodeJS.Timeout | null = null

  constructor(connection: SshConnection, channel: ClientChannel, options: ExecOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<Result<ExecOutcome, ExecFailure>>()
    this.done = promise
    // Whoever waits for it gets the fault; nobody waiting must not end the program.
    promise.catch(() => undefined)
    this.#settle = resolve
    this.#reject = reject
    this.#connection = connection
    this.#channel = channel
    this.#options = options
    const keep = options.keep ?? 1024 * 1024
    this.#stdout = new Kept(keep)
    this.#stderr = new Kept(keep)
    this.#closed = new Promise((close) => channel.once('close', () => close()))
    this.#listen()
  }

  #listen(): void {
    const { onStdout, onLine, onStderr, signal, lineLimit } = this.#options
    const channel = this.#channel
    const hear = (line: string, bytes: number) => {
      if (!this.#over) onLine?.(line, bytes)
    }
    const lines = onLine && new LineSplitter(hear, lineLimit ?? 64 * 1024 * 1024)
    channel.on('error', () => undefined)
    channel.stderr.on('error', () => undefined)
    channel.on('data', (chunk: Buffer) =>
      this.#guard(() => {
        if (this.#over) return
        if (lines) this.#paced(channel, chunk, () => this.#takeLines(lines, chunk))
        const busy = onStdout?.(chunk)
        if (busy) this.#holdUntil(channel, busy)
        if (!lines && !onStdout) this.#stdout.push(chunk)
      }),
    )
    channel.stderr.on('data', (chunk: Buffer) =>
      this.#guard(() => {
        this.#stderr.push(chunk)
        if (this.#over) return
        if (lines) this.#paced(channel.stderr, chunk, () => onStderr?.(chunk))
        else onStderr?.(chunk)
      }),
    )
    const forget = this.#connection.onGone(() => {
      if (!sawEndOfOutput(channel)) this.#cutShort = true
    })
    const abort = () => this.cancel()
    // Never `exit`: the status may come before the last of the output.
    channel.once('close', (code: number | null | undefined, signalName?: string) => {
      forget()
      signal?.removeEventListener('abort', abort)
      if (this.#cancelling) clearTimeout(this.#cancelling)
      this.#guard(() => {
        if (!this.#over) lines?.end()
      })
      this.#finish(code, signalName)
    })
    if (signal?.aborted) this.cancel()
    else signal?.addEventListener('abort', abort, { once: true })
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      // A fault in our own handler: the command is asked to end, and the fault goes to whoever waits.
      this.#over = true
      this.#channel.end()
      this.#reject(error)
    }
  }

  #takeLines(lines: LineSplitter, chunk: Buffer): void {
    const { begin } = this.#options
    const own = begin ? begin.push(chunk) : chunk
    if (own === null) {
      const message = 'The start-up files of this login do not stop printing.'
      this.distrust({
        code: 'too-much',
        message,
        next: 'Correct them on the server (~/.bashrc, /etc/bash.bashrc).',
      })
      return
    }
    if (own.length > 0 && !lines.push(own)) this.#lineTooLong()
  }

  /** Does what is to be done with a chunk, and lets the stream rest where this server takes too much time. */
  #paced(stream: Readable, chunk: Buffer, work: () => void): void {
    const { total } = this.#options
    this.#total += chunk.length
    if (total !== undefined && this.#total > total) {
      const message = 'The answer of the server is too large.'
      this.distrust({ code: 'too-much', message, next: 'Check what runs there under the name of the kit.' })
      return
    }
    const begun = performance.now()
    work()
    const pause = this.#pace.spent(performance.now() - begun, chunk.length)
    if (pause && !this.#over) this.#holdUntil(stream, pause)
  }

  #holdUntil(stream: Readable, busy: Promise<void>): void {
    stream.pause()
    busy.then(
      () => stream.resume(),
      (error) => {
        stream.resume()
        this.#guard(() => {
          throw error
        })
      },
    )
  }

  #lineTooLong(): void {
    const message = 'The server sent a line that is longer than allowed.'
    const failure = { code: 'line-too-long', message, next: 'Its output was discarded.' }
    if (this.#options.total !== undefined) {
      this.distrust(failure)
      return
    }
    this.#fail(failure, false)
    this.#channel.end()
  }

  distrust(failure: Failure): void {
    if (this.#over) return
    this.#fail(failure, false)
    // Without it the rest would still be received, decrypted and thrown away.
    this.#connection.drop()
  }

  #fail(failure: Failure, ended: boolean): void {
    this.#over = true
    this.#settle(fail({ ...failure, ended, stderr: this.#stderr.bytes().toString('utf8') }))
  }

  #finish(code: number | null | undefined, signalName: string | undefined): void {
    if (this.#over) return
    if (this.#options.signal?.aborted || this.#cancelling) {
      this.#fail({ code: 'cancelled', message: 'The command was cancelled.' }, code !== undefined)
    } else if (code === undefined || (code !== null && this.#cutShort)) {
      this.#fail(linkLost(this.#connection.target, null), false)
    } else if (code === null) {
      const message = `The command was ended by ${serverWords(signalName ?? 'a signal')}.`
      this.#fail({ code: 'killed', message, next: 'Look at the server’s log.' }, true)
    } else {
      this.#over = true
      const stdout = this.#stdout.bytes()
      const truncated = this.#stdout.truncated || this.#stderr.truncated
      this.#settle(ok({ code, stdout, stderr: this.#stderr.bytes().toString('utf8'), truncated }))
    }
  }

  async write(bytes: Buffer): Promise<boolean> {
    const channel = this.#channel
    if (!channel.writable) return false
    if (channel.write(bytes)) return true
    // A channel that closes in the middle never calls back, so the wait must end with it, too.
    const { promise, resolve } = Promise.withResolvers<void>()
    channel.once('drain', resolve)
    await Promise.race([promise, this.#closed])
    channel.off('drain', resolve)
    return channel.writable
  }

  endInput(): void {
    if (this.#channel.writable) this.#channel.end()
  }

  cancel(): void {
    if (this.#over || this.#cancelling) return
    this.endInput()
    this.#cancelling = setTimeout(() => {
      const message = 'The command was cancelled, but has not ended yet.'
      const next = 'It may still be running on the server; check before you start it again.'
      this.#channel.once('close', this.#connection.abandon())
      this.#fail({ code: 'cancelled', message, next }, false)
    }, this.#options.grace ?? 10_000)
  }
}

/** Starts a command and leaves its stdin open. Fails only with what kept it from starting. */
export async function start(
  connection: SshConnection,
  commandLine: string,
  options: ExecOptions = {},
): Promise<Result<Running, ExecFailure>> {
  const channel = await connection.openExec(commandLine, options.signal)
  if (!channel.ok) return fail({ ...channel.error, ended: true, stderr: '' })
  return ok(new Command(connection, channel.value, options))
}

async function feed(running: Running, stdin: Stdin): Promise<void> {
  if (Buffer.isBuffer(stdin)) {
    if (stdin.length > 0) await running.write(stdin)
  } else {
    for await (const chunk of stdin) if (!(await running.write(chunk))) break
  }
  running.endInput()
}

/**
 * Runs a command to its end. `commandLine` is a constant of ours: what users or servers gave belongs on stdin.
 * A non-zero exit code is an outcome; no exit code at all is a failure.
 */
export async function exec(
  connection: SshConnection,
  commandLine: string,
  options: ExecOptions = {},
): Promise<Result<ExecOutcome, ExecFailure>> {
  const started = await start(connection, commandLine, options)
  if (!started.ok) return started
  const running = started.value
  const fed = feed(running, options.stdin ?? Buffer.alloc(0)).catch((error: unknown) => {
    running.cancel()
    throw error
  })
  const [outcome] = await Promise.all([running.done, Promise.race([fed, running.done])])
  return outcome
}
