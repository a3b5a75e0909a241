/** The console, built for the suite's runtime, with the packages it loads. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { must } from '../command.ts'
import { buildMain } from './bridge/build.ts'
import { fetchPackage } from './registry.ts'

const top = resolve(import.meta.dirname, '../../..')

/** SQLite as WebAssembly, for the older runtime. */
const sqlite = {
  name: 'node-sqlite3-wasm',
  version: '0.8.60',
  integrity: 'sha512-woDEJy/Df0EBFKJ2N7HSL4SiH5UL1GDwxvBeBjaKvqmUApgTKapcoQiAgZKrLSUmrWU6VYyHz41Sz58Hi6YPmg==',
}

/** The packages that `npm ci --omit=dev` installs. */
export function copyPackages(folder: string): void {
  const lock = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (path !== '' && !dev && existsSync(join(top, path)))
      cpSync(join(top, path), join(folder, path), { recursive: true })
  }
  mkdirSync(join(folder, 'node_modules/@electron'), { recursive: true })
  symlinkSync(join(top, 'node_modules/@electron/fuses'), join(folder, 'node_modules/@electron/fuses'))
}

/**
 * Adds the replacement for better-sqlite3, which is packed like everything else, and removes fuses that the runtime is
 * too old for.
 */
async function bridgeProject(folder: string): Promise<void> {
  const into = join(folder, 'dist/main/sqlite')
  mkdirSync(into, { recursive: true })
  await must('tar', ['-xzf', await fetchPackage(sqlite), '-C', into, '--strip-components=1'])
  const edit = (name: string, from: string | RegExp, to: string) => {
    const file = join(folder, name)
    const text = readFileSync(file, 'utf8')
    if (text.replace(from, to) === text) throw new Error(`${name} does not say ${from}`)
    writeFileSync(file, text.replace(from, to))
  }
  edit('build/fuses.mjs', 'strictlyRequireAllFuses: true', 'strictlyRequireAllFuses: false')
  edit('build/fuses.mjs', /^.*WasmTrapHandlers.*\n/m, '')
}

/** Builds everything into a folder, as `npm run build` does in the checkout; bridged for the older runtime. */
export async function makeProject(folder: string, older: boolean): Promise<void> {
  for (const name of ['package.json', 'package-lock.json', 'electron-builder.yml', 'LICENSE'])
    cpSync(join(top, name), join(folder, name))
  cpSync(join(top, 'build'), join(folder, 'build'), { recursive: true })
  copyPackages(folder)
  for (const [name, part] of [
    ['vite.config.ts', 'renderer'],
    ['vite.preload.ts', 'preload'],
  ] as const) {
    const outDir = join(folder, 'dist', part)
    await build({ configFile: join(top, 'build', name), logLevel: 'silent', build: { outDir, emptyOutDir: true } })
  }
  await buildMain(join(folder, 'dist/main'), older)
  if (older) await bridgeProject(folder)
}
