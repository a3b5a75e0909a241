import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../command.ts'
import { isAlive, type ProcessRef, processRef } from '../processes.ts'
import { waitUntil } from '../wait.ts'
import { machineMirror, mirrorEnvironment } from './mirror.ts'
import { cacheDir } from './paths.ts'
import { finishing, packages, recipeHash, suite } from './recipe.ts'

/** The cached Debian root file system of the recipe; built when it is not there. Never changed afterwards. */
export async function rootFileSystem(say: (text: string) => void): Promise<string> {
  const root = join(cacheDir(), `rootfs-${recipeHash()}`)
  if (existsSync(root)) return root
  return await alone(`${root}.lock`, async () => {
    if (!existsSync(root)) await build(root, say)
    return root
  })
}

async function build(root: string, say: (text: string) => void): Promise<void> {
  const began = Date.now()
  const partial = `${root}.partial`
  rmSync(partial, { recursive: true, force: true })
  const { uri, keyring } = machineMirror()
  say(`building a Debian ${suite} root file system (once; it is cached)`)
  const debootstrap = await command(
    'debootstrap',
    [
      '--variant=minbase',
      `--cache-dir=${cacheDir('packages')}`,
      `--include=${packages.join(',')}`,
      ...(keyring === undefined ? [] : [`--keyring=${keyring}`]),
      suite,
      partial,
      uri,
    ],
    '',
    { env: await mirrorEnvironment() },
  )
  if (debootstrap.code !== 0) {
    const log = join(partial, 'debootstrap/debootstrap.log')
    const tail = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-15).join('\n') : ''
    throw new Error(`debootstrap failed: ${debootstrap.stderr || debootstrap.stdout.slice(-2000)}\n${tail}`)
  }
  const finished = await command('chroot', [partial, '/bin/bash', '-s'], finishing)
  if (finished.code !== 0) throw new Error(`the root file system could not be finished: ${finished.stderr}`)
  renameSync(partial, root)
  say(`built in ${Math.round((Date.now() - began) / 1000)} s`)
}

/** Runs `work` while no other process does it; a lock whose holder has died is taken over. */
async function alone<T>(lock: string, work: () => Promise<T>): Promise<T> {
  await waitUntil('the lock of the root file system', () => take(lock), { seconds: 900, everyMs: 500 })
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  try {
    const file = openSync(lock, 'wx')
    writeSync(file, JSON.stringify(processRef(process.pid)))
    closeSync(file)
    return true
  } catch {
    const holder = readHolder(lock)
    if (holder === undefined || isAlive(holder)) return false
    rmSync(lock, { force: true })
    return false
  }
}

/** Undefined while the lock has just been made, or has just been released. */
function readHolder(lock: string): ProcessRef | undefined {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessRef
  } catch {
    return undefined
  }
}
