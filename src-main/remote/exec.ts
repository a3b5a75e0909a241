/** Runs one command over a connection. */
import type { Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { CappedOutput } from './capped-output.ts'
import type { SshConnection } from './connection.ts'
import { linkLost, serverWords } from './connection-failure.ts'
import { LineSplitter } from './lines.ts'
import type { OutputStart } from './output-start.ts'
import { Pace } from './pace.ts'
import { widenWindow } from './wide-window.ts'

type Stdin = Buffer | AsyncIterable<Buffer>

export interface ExecOptions {
  /** Input of the command. Without it `exec` closes stdin at once; `start` keeps it open. */
  readonly stdin?: Stdin
  /** Gets raw bytes as they arrive. Reading pauses while a returned promise is pending. */
  readonly onStdout?: (chunk: Buffer) => undefined | Promise<void>
  /**
   * Gets lines (UTF-8, at most `lineLimit` bytes) and their length in bytes including the newline. With `onRaw`, returns
   * how many raw bytes follow the line; without it, what it returns is ignored.
   */
  readonly onLine?: (line: string, bytes: number) => unknown
  /** Gets the raw bytes that `onLine` announced. They count for no limit. Reading pauses while a promise is pending. */
  readonly onRaw?: (bytes: Buffer) => undefined | Promise<void>
  readonly onStderr?: (chunk: Buffer) => void
  /** Asks the command to stop by closing its stdin; see `grace`. */
  readonly signal?: AbortSignal
  /** Milliseconds to wait for a cancelled command to end by itself. */
  readonly grace?: number
  /** Maximum length of a line in bytes. Default 64 MiB. */
  readonly lineLimit?: number
  /** Where the lines begin. Default: at the start. */
  readonly begin?: OutputStart
  /**
   * Maximum bytes of stdout and stderr together, counted from where the lines begin. Exceeding it drops the connection.
   */
  readonly total?: number
  /** Maximum bytes kept of stdout (unless a handler takes them) and of stderr. Default 1 MiB; the rest is discarded. */
  readonly keep?: number
}

export interface ExecOutcome {
  readonly code: number
  /** Empty if `onStdout` or `onLine` took the output. */
  readonly stdout: Buffer
  readonly stderr: string
  /** True if stdout or stderr was longer than what is kept. */
  readonly truncated: boolean
}

/**
 * Codes: `link-lost`, `killed` (ended by a signal), `cancelled`, `line-too-long`, `too-much`, `channel-refused`.
 * `ended` is false if the remote process may still be running.
 */
export interface ExecFailure extends Failure {
  readonly ended: boolean
  readonly stderr: string
}

/** A running command. */
export interface Running {
  /** Writes to stdin and waits while the server is busy. False if stdin is closed. */
  write(bytes: Buffer): Promise<boolean>
  /** Closes stdin. */
  endInput(): void
  /** Closes stdin and stops waiting after the grace time. The slot stays taken as long as the process runs. */
  cancel(): void
  /** Fails now and drops the connection, because this server's output cannot be trusted. */
  distrust(failure: Failure): void
  /** Settles when the channel has closed and all output has arrived, or earlier with a failure. */
  readonly done: Promise<Result<ExecOutcome, ExecFailure>>
}

/** Whether the server has sent the end of its output. ssh2 tracks this, but its types do not expose it. */
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
  readonly #stdout: CappedOutput
  readonly #stderr: CappedOutput
  readonly #closed: Promise<void>
  readonly #pace = new Pace()
  #total = 0
  /** Raw bytes that are still to come before the next line. */
  #raw = 0
  #over = false
  #cutShort = false
  #cancelling: NodeJS.Timeout | null = null

  constructor(connection: SshConnection, channel: ClientChannel, options: ExecOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<Result<ExecOutcome, ExecFailure>>()
    this.done = promise
    // Callers still get the rejection; without this handler an unawaited one would end the program.
    promise.catch(() => undefined)
    this.#settle = resolve
    this.#reject = reject
    this.#connection = connection
    this.#channel = channel
    this.#options = options
    const keep = options.keep ?? 1024 * 1024
    this.#stdout = new CappedOutput(keep)
    this.#stderr = new CappedOutput(keep)
    this.#closed = new Promise((close) => channel.once('close', () => close()))
    this.#listen()
  }

  #listen(): void {
    const { onStdout, onLine, onRaw, onStderr, signal, lineLimit } = this.#options
    const channel = this.#channel
    const deliverLine = (line: string, bytes: number): boolean => {
      const raw = this.#over ? 0 : onLine?.(line, bytes)
      this.#raw = onRaw && typeof raw === 'number' ? raw : 0
      return this.#raw > 0
    }
    const lines = onLine && new LineSplitter(deliverLine, lineLimit ?? 64 * 1024 * 1024)
    channel.on('error', () => undefined)
    channel.stderr.on('error', () => undefined)
    channel.on('data', (chunk: Buffer) =>
      this.#guard(() => {
        if (this.#over) return
        if (lines) this.#takeChunk(lines, chunk)
        const busy = onStdout?.(chunk)
        if (busy) this.#holdUntil(channel, busy)
        if (!lines && !onStdout) this.#stdout.push(chunk)
      }),
    )
    channel.stderr.on('data', (chunk: Buffer) =>
      this.#guard(() => {
        this.#stderr.push(chunk)
        if (this.#over) return
        if (lines) {
          this.#paced(channel.stderr, chunk, () => {
            onStderr?.(chunk)
            return 0
          })
        } else onStderr?.(chunk)
      }),
    )
    const forget = this.#connection.onGone(() => {
      if (!sawEndOfOutput(channel)) this.#cutShort = true
    })
    const abort = () => this.cancel()
    // Do not use `exit`: the status may arrive before the last output.
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
      // A bug in our own handler: stop the command and pass the error to the caller.
      this.#over = true
      this.#channel.end()
      this.#reject(error)
    }
  }

  /** Lines, and between them the raw bytes that they announce. */
  #takeChunk(lines: LineSplitter, chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0 && !this.#over) {
      if (this.#raw > 0) {
        const bytes = rest.subarray(0, this.#raw)
        this.#raw -= bytes.length
        rest = rest.subarray(bytes.length)
        const busy = this.#options.onRaw?.(bytes)
        if (busy) this.#holdUntil(this.#channel, busy)
        else widenWindow(this.#channel)
        continue
      }
      const part = rest
      this.#paced(this.#channel, part, () => {
        this.#takeLines(lines, part)
        return lines.left.length
      })
      rest = lines.left
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

  /** Processes a chunk except what `work` leaves, and pauses the stream if this server uses too much time. */
  #paced(stream: Readable, chunk: Buffer, work: () => number): void {
    const { total } = this.#options
    this.#total += chunk.length
    if (total !== undefined && this.#total > total) {
      const message = 'The answer of the server is too large.'
      this.distrust({ code: 'too-much', message, next: 'Check which program runs there in place of the kit.' })
      return
    }
    const begun = performance.now()
    const left = work()
    this.#total -= left
    const pause = this.#pace.spent(performance.now() - begun, chunk.length - left)
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
    // Otherwise the remaining output would still be received, decrypted and discarded.
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
    // A channel that closes during a write never calls back, so closing must also end the wait.
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

/** Starts a command and leaves its stdin open. Fails only if it could not be started. */
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
 * Runs a command to its end. `commandLine` must be a constant: data from users or servers belongs on stdin. A non-zero
 * exit code is an outcome; a missing exit code is a failure.
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
