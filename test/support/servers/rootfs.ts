import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { alone } from '../alone.ts'
import { command } from '../command.ts'
import { machineMirror, mirrorEnvironment } from './mirror.ts'
import { cacheDir } from './paths.ts'
import { finishing, packages, recipeHash, suite } from './recipe.ts'

/** The recipe's cached Debian root file system; built if missing. Never changed afterwards. */
export async function rootFileSystem(say: (text: string) => void): Promise<string> {
  const root = join(cacheDir(), `rootfs-${recipeHash()}`)
  if (existsSync(root)) return root
  return await alone(join(cacheDir(), 'rootfs.lock'), async () => {
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
