import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alone } from '../alone.ts'
import { command, must } from '../command.ts'
import { isAlive, processRef } from '../processes.ts'
import { hostKeysOf } from './keys.ts'
import { cutPower } from './machine.ts'
import { makeNetwork, removeNetwork, serverAddress } from './network.ts'
import { cacheDir, checkout, registryDir } from './paths.ts'
import { keepPristine } from './pristine.ts'
import { provision } from './provision.ts'
import { forget, load, records, register, type ServerRecord, save } from './registry.ts'
import { rootFileSystem } from './rootfs.ts'
import { Server } from './server.ts'
import { accountNames, type ServerSpec } from './spec.ts'

export interface StartOptions {
  /** Servers outlive this process, until `stopServer`. By default they are removed after it, or at the next start. */
  readonly keep?: boolean
  readonly say?: (text: string) => void
}

/**
 * Builds and boots servers in parallel; returns when all are ready. If one fails, removes all. Needs root on Debian.
 */
export async function startServers(
  specs: readonly ServerSpec[],
  { keep = false, say = () => undefined }: StartOptions = {},
): Promise<Server[]> {
  if (process.getuid?.() !== 0) throw new Error('test servers need root')
  await removeLeftovers()
  const base = await rootFileSystem(say)
  const outcomes = await Promise.allSettled(specs.map((spec) => startServer(spec, base, keep)))
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed === undefined) return started
  await Promise.all(started.map((server) => stopServer(server.number)))
  throw failed.reason
}

async function startServer(spec: ServerSpec, base: string, keep: boolean): Promise<Server> {
  const passwords = Object.fromEntries(
    Object.values(accountNames)
      .filter((name) => name !== 'root')
      .map((name) => [name, randomBytes(12).toString('base64url')]),
  )
  const owner = keep ? null : (processRef(process.pid) ?? null)
  const record = register((number) => {
    const folder = join(cacheDir('servers'), String(number))
    return { number, spec, checkout, owner, folder, passwords, machine: null, ready: false }
  })
  try {
    await build(record, base)
    const server = new Server(record)
    await server.boot({ healthy: !spec.empty })
    if (!spec.empty) await server.writes()
    save({ ...load(record.number), ready: true })
    return server
  } catch (error) {
    await stopServer(record.number)
    throw error
  }
}

async function build({ number, folder, spec, passwords }: ServerRecord, base: string): Promise<void> {
  const root = join(folder, 'root')
  rmSync(folder, { recursive: true, force: true })
  // Other users may traverse (a server's accounts must), but not list.
  mkdirSync(folder, { mode: 0o711 })
  const key = join(folder, 'client_key')
  await must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test client', '-f', key])
  for (const [user, password] of Object.entries(passwords)) {
    writeFileSync(join(folder, `password.${user}`), password, { mode: 0o600 })
  }
  await must('cp', ['-a', '--reflink=auto', base, root])
  await provision(root, spec, randomBytes(16).toString('hex'), passwords, readFileSync(`${key}.pub`, 'utf8'))
  if (!spec.empty) await keepPristine(folder)
  const known = hostKeysOf(join(root, 'etc/ssh')).map((one) => `${serverAddress(number)} ${one.line}\n`)
  writeFileSync(join(folder, 'known_hosts'), known.join(''))
  await removeNetwork(number)
  await makeNetwork(number)
}

/** Removes a server with all its processes, network, mounts and files. */
export async function stopServer(number: number): Promise<void> {
  const record = load(number)
  await cutPower(number, record.machine)
  await removeNetwork(number)
  for (const mount of mountsUnder(record.folder)) await command('umount', ['--lazy', mount])
  if (mountsUnder(record.folder).length > 0) throw new Error(`something is still mounted under ${record.folder}`)
  rmSync(record.folder, { recursive: true, force: true })
  forget(number)
}

/** Mount points of this machine inside a folder, innermost first. */
function mountsUnder(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`))
    .reverse()
}

/** Removes servers whose owner has died, such as those of a killed test run. */
export async function removeLeftovers(): Promise<void> {
  // Exclusive: a concurrent sweep must not take a reassigned number for a dead one.
  await alone(join(registryDir(), 'sweep.lock'), async () => {
    for (const { number, owner } of records()) {
      if (owner !== null && !isAlive(owner)) await stopServer(number)
    }
  })
}

/** The permanent servers of this checkout that are ready. */
export function keptServers(): Server[] {
  return records()
    .filter((record) => record.owner === null && record.ready && record.checkout === checkout)
    .filter(({ folder }) => existsSync(join(folder, 'root/etc/ssh')))
    .map((record) => new Server(record))
}

/** A server by its number, for a process other than the one that started it. */
export function attachServer(number: number): Server {
  return new Server(load(number))
}
