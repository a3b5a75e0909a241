/** A real OpenSSH server on a loopback port, with its own keys and users. Needs root on Linux. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../src-main/demo/scratch.ts'
import type { HostAddress } from '../../src-main/remote/known-hosts.ts'
import { childrenOf, killProcess, processRef } from './processes.ts'

const run = promisify(execFile)

export const sshdNeeds = { root: true, programs: ['/usr/sbin/sshd', 'ssh-keygen', 'useradd', 'chpasswd'] }

export interface KeyPair {
  readonly privateFile: string
  readonly publicText: string
  /** As OpenSSH prints it. */
  readonly fingerprint: string
}

/** Makes a key pair in `folder`. */
export async function makeKey(
  folder: string,
  name: string,
  options: { readonly type?: 'ed25519' | 'rsa' | 'ecdsa'; readonly passphrase?: string } = {},
): Promise<KeyPair> {
  const privateFile = join(folder, name)
  const type = options.type ?? 'ed25519'
  const bits = type === 'rsa' ? ['-b', '2048'] : []
  await run('ssh-keygen', ['-q', '-t', type, ...bits, '-N', options.passphrase ?? '', '-C', name, '-f', privateFile])
  const publicText = (await readFile(`${privateFile}.pub`, 'utf8')).trim()
  const { stdout } = await run('ssh-keygen', ['-l', '-f', `${privateFile}.pub`])
  return { privateFile, publicText, fingerprint: stdout.split(' ')[1] ?? '' }
}

export interface TestUser {
  readonly name: string
  readonly password: string
  readonly home: string
  authorize(key: KeyPair): Promise<void>
  remove(): Promise<void>
}

/** Makes a system user with a random name and password, a home, and bash. */
export async function makeUser(): Promise<TestUser> {
  const name = `cvdt${randomBytes(4).toString('hex')}`
  const password = `pw ${randomBytes(9).toString('base64')}'"$`
  const home = join(tmpdir(), `home-${name}`)
  await run('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/bash', name])
  await new Promise<void>((resolve, reject) => {
    const child = spawn('chpasswd', { stdio: ['pipe', 'ignore', 'inherit'] })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`chpasswd: ${code}`))))
    child.stdin.end(`${name}:${password}\n`)
  })
  const authorize = async (key: KeyPair) => {
    const folder = join(home, '.ssh')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(join(folder, 'authorized_keys'), `${key.publicText}\n`, { mode: 0o600, flag: 'a' })
    await run('chown', ['-R', `${name}:`, folder])
  }
  const remove = async () => {
    // userdel would refuse while a process of the user is still ending.
    await run('userdel', ['--force', '--remove', name]).catch(() => undefined)
    await rm(home, { recursive: true, force: true })
  }
  return { name, password, home, authorize, remove }
}

export interface Sshd extends HostAddress, AsyncDisposable {
  readonly folder: string
  readonly hostKey: KeyPair
  /** Its log since it started. */
  log(): string
  /** Ends it and the connections it serves. */
  stop(): Promise<void>
}

export interface SshdOptions {
  /** Further sshd_config lines, which override the default ones. */
  readonly config?: readonly string[]
  readonly hostKeyType?: 'ed25519' | 'rsa' | 'ecdsa'
  /** Path of the sshd. PAM identifies it by its file name. */
  readonly program?: string
}

/** Starts a server. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'sshd-'))
  await chmod(folder, 0o755)
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKey = await makeKey(folder, 'host', { type: options.hostKeyType ?? 'ed25519' })
  const port = await freePort()
  const config = [
    ...(options.config ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey.privateFile}`,
    'PidFile none',
    'UsePAM yes',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'MaxStartups 100',
    'LogLevel VERBOSE',
    'StrictModes no',
  ]
  await writeFile(join(folder, 'config'), `${config.join('\n')}\n`)
  const child = spawn(options.program ?? '/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: Buffer[] = []
  await listening(child, lines)
  return {
    host: '127.0.0.1',
    port,
    folder,
    hostKey,
    log: () => Buffer.concat(lines).toString('utf8'),
    stop: () => stop(child, folder),
    [Symbol.asyncDispose]: () => stop(child, folder),
  }
}

function listening(child: ChildProcess, lines: Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`sshd ended: ${Buffer.concat(lines).toString('utf8')}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      lines.push(chunk)
      if (Buffer.concat(lines).includes('Server listening')) resolve()
    })
  })
}

/** Kills the processes that serve connections of `child`, deepest first. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    dropConnections(child.pid ?? 0)
    child.kill('SIGTERM')
    await ended
  }
  await rm(folder, { recursive: true, force: true })
}

/** Kills the processes that serve connections (the listener's children), like a broken network. */
function dropConnections(pid: number): void {
  for (const child of childrenOf(pid)) {
    const ref = processRef(child)
    dropConnections(child)
    killProcess(ref)
  }
}
