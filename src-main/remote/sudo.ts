/** Starts a bash on the server that reads its script from stdin: as the login user, or as root through sudo. */
import { randomBytes } from 'node:crypto'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { SshConnection } from './connection.ts'
import { serverWords } from './connection-failure.ts'
import { type ExecFailure, type ExecOutcome, type Running, start } from './exec.ts'
import { MarkerFilter } from './marker.ts'
import { OutputStart } from './output-start.ts'
import type { Secret } from './secret.ts'
import type { SudoMode } from './target.ts'

/** `password` is for sudo; only mode `password` uses it. */
export interface Privilege {
  readonly mode: SudoMode
  readonly password: Secret | null
}

export interface BashOptions {
  /** Gets lines of stdout, once bash is ready, with their length in bytes; with `onRaw`, as for a command. */
  readonly onLine: (line: string, bytes: number) => unknown
  /** Gets the raw bytes that a line announced. */
  readonly onRaw?: (bytes: Buffer) => undefined | Promise<void>
  readonly onStderr?: (chunk: Buffer) => void
  readonly signal?: AbortSignal
  readonly grace?: number
  /** Maximum bytes of a line and of the whole output. A server that sends more loses the connection. */
  readonly limits: { readonly line: number; readonly total: number }
  /** Milliseconds until bash must be ready. */
  readonly readyTimeout?: number
}

/**
 * What bash prints when it is ready. The control characters keep start-up files from printing it by accident, and it is
 * not in the command line as such, which some shells print as the terminal's title.
 */
const readyMark = Buffer.from('\u0001cvd-ready\u0002', 'latin1')

const sayReady = 'printf "\\001%s-ready\\002" cvd'

/** Maximum bytes that start-up files may print before the mark; a message of the day has a few hundred. */
const noiseLimit = 32 * 1024 * 1024

/**
 * The whole remote command, a constant: the script is the first NUL-terminated record on stdin. Bash reports that it is
 * ready first, because sudo may or may not ask for a password and would read an early script as one.
 */
const bash = `/bin/bash --noprofile --norc -c '${sayReady} >&2; ${sayReady}; IFS= read -r -d "" s && eval "$s"'`

function commandLine(mode: SudoMode, marker: string): string {
  // Force English, so that sudo's messages can be recognised.
  if (mode === 'passwordless') return `exec env LC_ALL=C sudo -n -- ${bash}`
  if (mode === 'password') return `exec env LC_ALL=C sudo -S -p ${marker} -k -- ${bash}`
  return `exec ${bash}`
}

const unchanged = 'Nothing was run on the server.'

const failures = {
  wrongPassword: {
    code: 'wrong-sudo-password',
    message: 'sudo did not accept the password.',
    unchanged,
    next: 'Enter the sudo password of this login again; it was tried once and is not retried automatically.',
  },
  needsPassword: {
    code: 'sudo-needs-password',
    message: 'sudo asks for a password.',
    unchanged,
    next: 'Choose sudo with a password for this site, or allow this login sudo without one.',
  },
  timeout: {
    code: 'timeout',
    message: 'The server did not start the command in time.',
    unchanged,
    next: 'Log in by hand and check whether sudo or the login shell waits for input.',
  },
} satisfies Record<string, Failure>

/** Explains, from the output so far, why bash did not start. */
function notReady(mode: SudoMode, user: string, output: string, ended: Result<ExecOutcome, ExecFailure>): Failure {
  const words = serverWords(output)
  if (mode !== 'none') {
    if (/must have a tty/i.test(output)) {
      const message = `sudo on the server demands a terminal from ${user} (requiretty), and the console has none.`
      const next = `Add the line “Defaults:${user} !requiretty” with visudo on the server, then try again.`
      return { code: 'no-sudo', message, unchanged, next }
    }
    if (
      /not in the sudoers|may not run sudo|not allowed to (execute|run)|command not found|no such file/i.test(output)
    ) {
      const next = 'Allow this login to run /bin/bash with sudo, or use another login.'
      return { code: 'no-sudo', message: `This login cannot use sudo: ${words}`, unchanged, next }
    }
    if (/password is required|no password was provided|terminal is required/i.test(output))
      return failures.needsPassword
    if (/incorrect password|sorry, try again/i.test(output)) return failures.wrongPassword
  }
  if (!ended.ok) return ended.error
  const message = `The server did not start bash (exit ${ended.value.code})${words ? `: ${words}` : ''}.`
  const code = mode === 'none' ? 'no-bash' : 'no-sudo'
  return { code, message, unchanged, next: 'Check that this login can run /bin/bash and has no forced command.' }
}

/**
 * Starts bash and waits until it is ready; after that its stdin belongs to the caller. Fails with
 * `wrong-sudo-password`, `sudo-needs-password`, `no-sudo`, `no-bash`, `timeout`, or as `exec` does.
 */
export async function startBash(
  connection: SshConnection,
  privilege: Privilege,
  options: BashOptions,
): Promise<Result<Running, ExecFailure>> {
  const { mode, password } = privilege
  if (mode === 'password' && (!password || /[\n\r\0]/.test(password.expose()))) {
    return fail({ ...failures.needsPassword, ended: true, stderr: '' })
  }
  const marker = `cvd-${randomBytes(16).toString('hex')}:`
  const filter = new MarkerFilter(marker)
  const ready = Promise.withResolvers<Failure | null>()
  let isReady = false
  let prompts = 0
  let output = ''
  let running: Running | null = null
  let earlyPrompts = 0

  const answer = () => {
    earlyPrompts = 0
    if (prompts > 1) ready.resolve(failures.wrongPassword)
    else if (password) void running?.write(Buffer.from(`${password.expose()}\n`))
  }
  const beginErrors = new OutputStart(readyMark, Number.POSITIVE_INFINITY, () => undefined)
  const onStderr = (chunk: Buffer) => {
    const { clean, found } = filter.push(chunk)
    prompts += found
    // Everything before the mark comes from start-up files, even if it arrives after bash is ready.
    const errors = beginErrors.push(clean)
    if (errors && errors.length > 0) options.onStderr?.(errors)
    if (isReady) return
    // Keep sudo's error messages to find out what it refused.
    output = (output + clean.subarray(-4096).toString('utf8')).slice(-4096)
    if (found === 0) return
    if (running) answer()
    else earlyPrompts += found
  }
  const begin = new OutputStart(readyMark, noiseLimit, () => {
    isReady = true
    ready.resolve(null)
  })
  const { signal, grace, limits } = options
  const started = await start(connection, commandLine(mode, marker), {
    onLine: options.onLine,
    ...(options.onRaw ? { onRaw: options.onRaw } : {}),
    begin,
    lineLimit: limits.line,
    total: limits.total + noiseLimit,
    onStderr,
    keep: 0,
    ...(signal ? { signal } : {}),
    ...(grace === undefined ? {} : { grace }),
  })
  if (!started.ok) return started
  running = started.value
  if (earlyPrompts > 0) answer()
  const timer = setTimeout(() => ready.resolve(failures.timeout), options.readyTimeout ?? 30_000)
  const ended = running.done.then((outcome) => {
    const rest = filter.end()
    const errors = rest.length > 0 ? beginErrors.push(rest) : null
    if (errors && errors.length > 0) options.onStderr?.(errors)
    return notReady(mode, connection.target.user, output, outcome)
  })
  const failure = await Promise.race([ready.promise, ended])
  clearTimeout(timer)
  if (!failure) return ok(running)
  running.cancel()
  return fail({ ...failure, ended: false, stderr: '' })
}
