/**
 * Completes package-lock.json with the optional packages of other platforms (`npm run lock`, after every change of the
 * dependencies). With a registry that has only this platform's builds, npm omits the others, and then `npm ci` rejects
 * the lock elsewhere. Their versions are exact in the package that depends on them; only the platform differs, and it
 * is part of the name.
 *
 * Also removes the Node version that each package requires: the project brings its own Node, but npm compares with the
 * one that runs npm, and would print false warnings.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  version?: string
  engines?: unknown
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const systems = ['android', 'darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'netbsd', 'sunos', 'aix', 'openharmony']
const processors = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'wasm32', 'mips64el']

function platform(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const words = name.split('/').at(-1)?.split('-') ?? []
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : []
  return {
    ...(os.length > 0 && { os }),
    ...(cpu.length > 0 && { cpu }),
    ...(libc.length > 0 && { libc }),
  }
}

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> }
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue
  delete entry.engines
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`
    const hoisted = `node_modules/${name}`
    if (lock.packages[hoisted] || lock.packages[nested] || !/^\d+\.\d+\.\d+/.test(version)) continue
    lock.packages[hoisted] = { version, ...(entry.dev && { dev: true }), optional: true, ...platform(name) }
    added += 1
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
writeFileSync(file, JSON.stringify(lock, null, 2) + '\n')
process.stdout.write(`${added} packages of other platforms added\n`)
