/** Runs the kit on a server: the console's side of the launcher protocol (docs/kit.md). */
import { readFileSync } from 'node:fs'
import { type KitEvent, type KitResult, kitEvent } from '../../src-shared/domain/kit-protocol.ts'
import { type FileEvent, transferEvent } from '../../src-shared/domain/transfer.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { SshConnection } from '../remote/connection.ts'
import { serverWords } from '../remote/connection-failure.ts'
import type { Running } from '../remote/exec.ts'
import { type Privilege, startBash } from '../remote/sudo.ts'

/** Bytes of a file that travel beside the events. */
export interface FileBytes {
  /** The kit says which bytes follow, or which it waits for. `write` sends some, and is false if nobody takes them. */
  onFile(file: FileEvent, write: (bytes: Buffer) => Promise<boolean>): void
  /** The next piece is announced: every byte before it belongs to the file. */
  onPiece?(): void
  /** Takes bytes that arrive; reading pauses while a promise is pending. Without it, none are accepted. */
  onBytes?(bytes: Buffer): Promise<void> | undefined
}

export interface KitRun {
  readonly connection: SshConnection
  readonly privilege: Privilege
  readonly kit: { readonly sha256: string; readonly bytes: Buffer }
  /** The kit's arguments: any bytes but NUL. */
  readonly args: readonly (string | Buffer)[]
  /** Gets every event, including the result; `offset` as in `KitProgress`, after this event. */
  readonly onEvent?: (event: KitEvent, offset: number) => void
  readonly file?: FileBytes
  /** Stops listening: a detached operation goes on, anything else ends with its stdin. */
  readonly signal?: AbortSignal
  /** Milliseconds for the kit to exit after its result or after the signal. */
  readonly grace?: number
}

/** How much of the answer has arrived. */
interface KitProgress {
  /** The operation's id, once the kit has reported it. */
  readonly operation: string | null
  /**
   * Bytes of the operation's events received. Add the offset this answer started from to continue with `follow --from`.
   */
  readonly offset: number
}

export interface KitAnswer extends KitProgress {
  readonly result: KitResult
}

/**
 * Why there is no result: `link-lost` (the operation, if any, goes on), `cancelled`, `no-answer` (the kit ended without
 * one), `kit-launch` (the launcher refused), or why bash did not start (`no-sudo`, `wrong-sudo-password`, …).
 */
export interface KitFailure extends Failure, KitProgress {
  readonly stderr: string
}

/**
 * Limits on one answer. The longest genuine line, a list of ten thousand backups, needs half of the line limit; the
 * longest genuine answer is the events of an operation of many hours.
 */
const limits = { line: 8 * 1024 * 1024, total: 64 * 1024 * 1024, events: 100_000, strays: 1_000, reported: 20 }

const launcherPrefix = 'cvd-backup-launcher '
const launcher = readFileSync(new URL('./bash/launcher.sh', import.meta.url))

function record(value: string | Buffer): Buffer {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8')
  if (bytes.includes(0)) throw new TypeError('an argument of the kit cannot contain NUL')
  return Buffer.concat([bytes, Buffer.of(0)])
}

const knownKinds: ReadonlySet<string> = new Set(kitEvent.options.map((option) => option.shape.kind.value))

/** Parses one line of the kit: an event, null for an event kind of a newer kit, or `stray` for anything else. */
function parseLine(line: string): KitEvent | null | 'stray' {
  if (!line.startsWith('{')) return 'stray'
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    value = null
  }
  const parsed = kitEvent.safeParse(value)
  if (parsed.success) return parsed.data
  const kind = value !== null && typeof value === 'object' && 'kind' in value ? value.kind : null
  return typeof kind === 'string' && !knownKinds.has(kind) ? null : 'stray'
}

function strayLine(line: string): KitEvent {
  const text = `Unexpected output of the server: ${serverWords(line.slice(0, 1000))}`
  return { kind: 'log', at: Date.now(), level: 'warning', text }
}

/** A line of a transfer, or null. */
function transferLine(line: string) {
  if (!/^\{"kind":"(?:file|bytes)"/.test(line)) return null
  try {
    const parsed = transferEvent.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

const notTheKit: Failure = {
  code: 'too-much',
  message: 'The output of the server is not an answer of the kit and does not end.',
  next: 'Check which program runs there in place of the kit.',
}

/** Reads the output of one run. */
class Conversation {
  readonly #run: KitRun
  running: Running | null = null
  operation: string | null = null
  result: KitResult | null = null
  launchError: string | null = null
  stderr = ''
  readonly answered = Promise.withResolvers<void>()
  #offset = 0
  #stored = true
  #kitSent = false
  #events = 0
  #strays = 0
  /** Bytes of the file that may still be announced; null until the kit has named it. */
  #awaited: number | null = null

  constructor(run: KitRun) {
    this.#run = run
  }

  get progress(): KitProgress {
    return { operation: this.operation, offset: this.#offset }
  }

  /** Returns how many bytes of a file follow the line. */
  line(line: string, bytes: number): number {
    const file = this.#run.file
    const event = file ? transferLine(line) : null
    if (file && event) return this.#transfer(file, event)
    if (line.startsWith(launcherPrefix) && this.#offset === 0) this.#launcherLine(line.slice(launcherPrefix.length))
    else this.#kitLine(line, bytes)
    return 0
  }

  #transfer(file: FileBytes, event: NonNullable<ReturnType<typeof transferLine>>): number {
    if (event.kind === 'file' && this.#awaited === null) {
      this.#awaited = file.onBytes ? event.size - event.offset : 0
      file.onFile(event, async (bytes) => (await this.running?.write(bytes)) ?? false)
      return 0
    }
    if (event.kind === 'bytes' && event.count <= (this.#awaited ?? 0)) {
      this.#awaited = (this.#awaited ?? 0) - event.count
      file.onPiece?.()
      return event.count
    }
    this.running?.distrust(notTheKit)
    return 0
  }

  #kitLine(line: string, bytes: number): void {
    const parsed = parseLine(line)
    this.#events += 1
    if (parsed === 'stray') this.#strays += 1
    if (this.#strays > limits.strays || this.#events > limits.events) {
      this.running?.distrust(notTheKit)
      return
    }
    const event = parsed === 'stray' ? (this.#strays > limits.reported ? null : strayLine(line)) : parsed
    // The follower adds `state` and everything after it; these are not among the operation's stored events.
    if (event?.kind === 'state') this.#stored = false
    if (this.#stored) this.#offset += bytes
    if (!event) return
    if (event.kind === 'hello') this.operation = event.operation
    if (event.kind === 'state') this.operation = event.operation
    if (event.kind === 'result') this.result = event
    this.#run.onEvent?.(event, this.#offset)
    if (event.kind !== 'result') return
    // The answer is complete: end whatever still waits for our stdin.
    this.running?.endInput()
    this.answered.resolve()
  }

  #launcherLine(text: string): void {
    if (text === 'need-kit' && !this.#kitSent) {
      this.#kitSent = true
      const { bytes } = this.#run.kit
      void this.running?.write(Buffer.concat([record(String(bytes.length)), bytes]))
    } else this.launchError = serverWords(text)
  }

  fail(failure: Failure): Result<KitAnswer, KitFailure> {
    return fail({ ...failure, ...this.progress, stderr: this.stderr })
  }
}

/** Runs the kit and returns its `result`, whatever its outcome; `KitFailure` lists why there may be none. */
export async function runKit(run: KitRun): Promise<Result<KitAnswer, KitFailure>> {
  const { connection, privilege, kit, args, signal, grace = 10_000 } = run
  const records = [launcher, kit.sha256, String(args.length), ...args].map(record)
  const talk = new Conversation(run)
  const started = await startBash(connection, privilege, {
    onLine: (line, bytes) => talk.line(line, bytes),
    ...(run.file ? { onRaw: (bytes: Buffer) => run.file?.onBytes?.(bytes) } : {}),
    onStderr: (chunk) => {
      talk.stderr = (talk.stderr + chunk.toString('utf8')).slice(-64 * 1024)
    },
    grace,
    limits,
    ...(signal ? { signal } : {}),
  })
  if (!started.ok) return talk.fail(started.error)
  const running = started.value
  talk.running = running
  await running.write(Buffer.concat(records))
  const ended = running.done
  await Promise.race([ended, talk.answered.promise])
  const finished = await within(ended, talk.result ? grace : null)
  if (talk.result) return ok({ result: talk.result, ...talk.progress })
  if (finished && !finished.ok) {
    const { code, message, unchanged, next } = finished.error
    return talk.fail({ code, message, unchanged, next })
  }
  if (talk.launchError) {
    const message = `The kit could not be started on the server: ${talk.launchError}`
    return talk.fail({ code: 'kit-launch', message, unchanged: 'Nothing was run on the server.' })
  }
  const words = serverWords(talk.stderr.slice(-200))
  const exit = finished?.ok ? ` (exit ${finished.value.code})` : ''
  const message = `The kit ended without a result${exit}${words ? `: ${words}` : ''}.`
  return talk.fail({ code: 'no-answer', message, next: 'Check the operations of the site before you start anything.' })
}

/** The value, or null if it takes longer than `milliseconds` (null: no limit). */
async function within<T>(value: Promise<T>, milliseconds: number | null): Promise<T | null> {
  if (milliseconds === null) return value
  const late = Promise.withResolvers<null>()
  const timer = setTimeout(() => late.resolve(null), milliseconds)
  try {
    return await Promise.race([value, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
