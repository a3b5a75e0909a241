/** Runs one command for an SSH channel, as sshd does: with a real shell, output and exit. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import type { ServerChannel } from 'ssh2'

const SHELL = '/bin/bash'
/** Signals that a client may send to its command (RFC 4254, 6.9). */
const SIGNALS: ReadonlySet<string> = new Set(['HUP', 'INT', 'KILL', 'QUIT', 'TERM', 'USR1', 'USR2'])

export interface ShellPlace {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** A running command of a channel. */
export interface RunningCommand {
  /** Also the process group: every command has its own. */
  readonly pid: number
  /** Resolves when the command has ended and its output was sent, or cannot be sent any more. */
  readonly ended: Promise<void>
  /** Sends a signal, named without SIG, to the command's process group. Ignores unknown names. */
  signal(name: string): void
  /**
   * The client closed the channel. As under sshd, the command sees the end of stdin and a closed stdout, and is not
   * killed.
   */
  disconnect(): void
}

/**
 * Runs `/bin/bash -c COMMAND` on the channel. Unlike under sshd, stdin, stdout and stderr are sockets (Node makes no
 * pipes), so opening `/dev/stdin` fails. Null if the shell cannot be started; the client then gets exit code 127.
 */
export function runCommand(channel: ServerChannel, command: string, place: ShellPlace): RunningCommand | null {
  const child = spawn(SHELL, ['-c', command], { ...place, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const { pid } = child
  if (pid === undefined) {
    child.once('error', () => finish(channel, 127, null))
    return null
  }
  let closed = false
  let close = (): void => {}
  const whenClosed = new Promise<void>((resolve) => {
    close = resolve
  })
  // A command may end without reading its stdin, and a client may disconnect: ignore both.
  for (const stream of [child.stdin, child.stdout, child.stderr, channel, channel.stderr]) stream.on('error', () => {})
  channel.pipe(child.stdin)
  const send = oneAtATime(channel, whenClosed)
  const sent = [copy(child.stdout, (chunk) => send(channel, chunk)), copy(child.stderr, (c) => send(channel.stderr, c))]
  const ended = Promise.all([ending(child), ...sent]).then(([{ code, signal }]) => {
    if (!closed) finish(channel, code, signal)
  })
  return {
    pid,
    ended,
    signal: (name) => {
      if (SIGNALS.has(name)) signalGroup(pid, `SIG${name}` as NodeJS.Signals)
    },
    disconnect: () => {
      if (closed) return
      closed = true
      close()
      channel.unpipe(child.stdin)
      child.stdin.end()
      child.stdout.destroy()
      child.stderr.destroy()
    },
  }
}

/** Signals a process group; false if it no longer exists. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch {
    return false
  }
}

interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function ending(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
}

/** Copies a stream at the receiver's speed until it ends or is destroyed. */
async function copy(from: Readable, send: (chunk: Buffer) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of from) await send(chunk)
  } catch {
    // Destroyed because the channel is gone: nobody reads the rest.
  }
}

/**
 * ssh2 (1.17) remembers one pending chunk each for stdout and stderr, and never forgets it: a stalled stderr would send
 * an old piece of stdout again. So only one write is pending at a time.
 */
function oneAtATime(channel: ServerChannel, closed: Promise<void>): (to: Writable, chunk: Buffer) => Promise<void> {
  const waiting = channel as unknown as Record<'_chunk' | '_chunkcb' | '_chunkErr' | '_chunkcbErr', unknown>
  let turn: Promise<void> = Promise.resolve()
  return (to, chunk) => {
    const written = turn.then(async () => {
      await Promise.race([new Promise<void>((resolve) => to.write(chunk, () => resolve())), closed])
      waiting._chunk = waiting._chunkcb = waiting._chunkErr = waiting._chunkcbErr = undefined
    })
    turn = written
    return written
  }
}

function finish(channel: ServerChannel, code: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) channel.exit(code ?? 255)
  else {
    try {
      channel.exit(signal.replace(/^SIG/, ''), false, '')
    } catch {
      channel.exit(128 + constants.signals[signal]) // a signal without a name in the SSH protocol
    }
  }
  channel.end()
}
