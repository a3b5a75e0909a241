/**
 * A real SSH server on loopback with one login, by key or password, that may only run commands. Other users of the
 * machine need the key or the password, too.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type Session } from 'ssh2'
import { fingerprintOf, publicBlob } from './keys.ts'
import { type RunningCommand, runCommand, type ShellPlace, signalGroup } from './ssh-exec.ts'

/** Like sshd's MaxAuthTries, MaxSessions and LoginGraceTime. */
const MAX_AUTH_TRIES = 6
const MAX_SESSIONS = 10
const LOGIN_GRACE_MS = 60_000
const METHODS: ['publickey', 'password'] = ['publickey', 'password']

export interface SshServerOptions {
  readonly user: string
  readonly password: string
  /** Private host key, OpenSSH format. */
  readonly hostKey: string
  /** The only key that may log in, in the SSH wire format. */
  readonly clientKey: Buffer
  readonly place: ShellPlace
  /** 0, the default, uses any free port. */
  readonly port?: number
}

export interface SshServer {
  readonly host: string
  readonly port: number
  readonly hostKeyFingerprint: string
  /** Number of open connections, logged in or not. */
  connections(): number
  /** Number of running commands, with or without a channel. */
  commands(): number
  /** Cuts every connection at once, like a pulled cable. Commands continue. */
  dropConnections(): void
  /** Cuts the connections, ends the commands with their process groups, and stops listening. */
  stop(): Promise<void>
}

/** Starts the server on 127.0.0.1. Rejects if the port is in use. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const sockets = new Set<Socket>()
  const commands = new Set<RunningCommand>()
  const ssh = new ssh2.Server({ hostKeys: [options.hostKey], ident: 'CVD-demo' }, (connection) =>
    serve(connection, options, commands),
  )
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
    ssh.injectSocket(socket)
  })
  listener.listen(options.port ?? 0, '127.0.0.1')
  await once(listener, 'listening')
  const { address, port } = listener.address() as AddressInfo
  const dropConnections = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    host: address,
    port,
    hostKeyFingerprint: fingerprintOf(publicBlob(options.hostKey)),
    connections: () => sockets.size,
    commands: () => commands.size,
    dropConnections,
    stop: async () => {
      const closed = new Promise((resolve) => listener.close(resolve))
      dropConnections()
      await closed
      await Promise.all([...commands].map(endCommand))
    },
  }
}

function serve(connection: Connection, options: SshServerOptions, commands: Set<RunningCommand>): void {
  const own = new Set<RunningCommand>()
  let sessions = 0
  let tries = 0
  const grace = setTimeout(() => connection.end(), LOGIN_GRACE_MS)
  connection.on('error', () => {}) // a scan or a dropped link: the connection closes by itself
  connection.once('close', () => {
    clearTimeout(grace)
    for (const command of own) command.disconnect()
  })
  connection.on('authentication', (attempt) => {
    if (isAllowed(attempt, options)) return attempt.accept()
    if (attempt.method !== 'none') tries += 1
    if (tries >= MAX_AUTH_TRIES) return connection.end()
    attempt.reject(METHODS)
  })
  connection.once('ready', () => clearTimeout(grace))
  connection.on('session', (accept, reject) => {
    if (sessions >= MAX_SESSIONS) return reject()
    sessions += 1
    const session = accept()
    session.once('close', () => {
      sessions -= 1
    })
    serveSession(session, options.place, (command) => {
      for (const set of [own, commands]) set.add(command)
      command.ended.then(() => {
        for (const set of [own, commands]) set.delete(command)
      })
    })
  })
  // Forwarding, shells, terminals and subsystems have no listener, so ssh2 refuses them.
}

function serveSession(session: Session, place: ShellPlace, started: (command: RunningCommand) => void): void {
  let command: RunningCommand | null = null
  session.once('exec', (accept, _reject, { command: line }) => {
    command = runCommand(accept(), line, place)
    if (command !== null) started(command)
  })
  session.on('signal', (_accept, _reject, { name }) => command?.signal(name))
  session.once('close', () => command?.disconnect())
}

function isAllowed(attempt: AuthContext, options: SshServerOptions): boolean {
  const known = same(attempt.username, options.user)
  if (attempt.method === 'password') return same(attempt.password, options.password) && known
  if (attempt.method !== 'publickey' || !known || !same(attempt.key.data, options.clientKey)) return false
  if (attempt.signature === undefined || attempt.blob === undefined) return true // only asks whether the key is acceptable
  const key = ssh2.utils.parseKey(attempt.key.data)
  return !(key instanceof Error) && key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true
}

/** Compares in constant time. */
function same(given: string | Buffer, wanted: string | Buffer): boolean {
  const hash = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest()
  return timingSafeEqual(hash(given), hash(wanted))
}

/** Ends a command and its process group: SIGTERM first, then SIGKILL. */
async function endCommand(command: RunningCommand): Promise<void> {
  signalGroup(command.pid, 'SIGTERM')
  const insist = setTimeout(() => signalGroup(command.pid, 'SIGKILL'), 2000)
  await command.ended
  clearTimeout(insist)
  signalGroup(command.pid, 'SIGKILL')
}
