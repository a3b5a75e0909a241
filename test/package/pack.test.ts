/** S18, S20: the contents of the packages for every platform, and the disabled features of their runtime. */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from '../support/command.ts'
import { scratchFolder } from '../support/folder.ts'
import { builtProject, pack, type Target } from '../support/packing.ts'

const targets: readonly Target[] = [
  { platform: 'linux', arch: 'x64' },
  { platform: 'linux', arch: 'arm64' },
  { platform: 'win32', arch: 'x64' },
  { platform: 'win32', arch: 'arm64' },
  { platform: 'darwin', arch: 'arm64' },
]

let project: string

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'cvd-package-'))
  await builtProject(project)
}, 120_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

function places(output: string, { platform, arch }: Target) {
  if (platform === 'darwin') {
    const app = join(output, `mac-${arch}`, 'CVD Backup Console.app')
    return { fuses: app, resources: join(app, 'Contents/Resources') }
  }
  const folder = join(output, `${platform === 'linux' ? 'linux' : 'win'}${arch === 'x64' ? '' : `-${arch}`}-unpacked`)
  const program = platform === 'linux' ? 'cvd-backup-console' : 'CVD Backup Console.exe'
  return { fuses: join(folder, program), resources: join(folder, 'resources') }
}

describe.each(targets)('the package for $platform, $arch', (target) => {
  let resources: string
  let fuses: string
  let files: string[]

  beforeAll(async () => {
    const found = places(await pack(project, target), target)
    resources = found.resources
    fuses = found.fuses
    files = listPackage(join(resources, 'app.asar'), { isPack: false }).map((file) => file.replaceAll('\\', '/'))
  }, 120_000)

  test('S20: holds our bundles and the two packages they load, and nothing else', () => {
    const folders = new Set(files.map((file) => file.split('/').slice(1, 3).join('/')))
    expect([...folders].sort()).toEqual([
      'dist',
      'dist/main',
      'dist/preload',
      'dist/renderer',
      'node_modules',
      ...['asn1', 'bcrypt-pbkdf', 'better-sqlite3', 'safer-buffer', 'ssh2', 'tweetnacl'].map(
        (name) => `node_modules/${name}`,
      ),
      'package.json',
    ])
    expect(files.filter((file) => /\.(map|ts|c|cc|h|gyp)$|\.env|\/test\//.test(file))).toEqual([])
    expect(files.filter((file) => file.startsWith('/dist/preload/'))).toEqual(['/dist/preload/preload.cjs'])
  })

  test('S20: brings the machine code of its own platform only, outside the archive', () => {
    const code = `node_modules/better-sqlite3/prebuilds/${target.platform}-${target.arch}.node`
    expect(files.filter((file) => file.endsWith('.node'))).toEqual([`/${code}`])
    const unpacked = join(resources, 'app.asar.unpacked')
    expect(globSync('**/*.*', { cwd: unpacked }).filter((file) => !file.endsWith('better-sqlite3'))).toEqual([code])
    expect(existsSync(join(unpacked, code))).toBe(true)
  })

  test('S18: has every fuse set', async () => {
    const wire = await getCurrentFuseWire(fuses)
    const states = Object.entries(wire).filter(([index]) => /^\d+$/.test(index))
    const named = states.map(([index, state]) => [FuseV1Options[Number(index)], state === FuseState.ENABLE])
    expect(Object.fromEntries(named)).toEqual({
      RunAsNode: false,
      EnableCookieEncryption: true,
      EnableNodeOptionsEnvironmentVariable: false,
      EnableNodeCliInspectArguments: false,
      EnableEmbeddedAsarIntegrityValidation: target.platform !== 'linux',
      OnlyLoadAppFromAsar: true,
      LoadBrowserProcessSpecificV8Snapshot: false,
      GrantFileProtocolExtraPrivileges: false,
      WasmTrapHandlers: true,
    })
  })
})

test('the package for Linux lists the hashes of its archive and the files beside it', async () => {
  const { resources } = places(join(project, 'packed-linux-x64'), { platform: 'linux', arch: 'x64' })
  const sums = readFileSync(join(resources, 'SHA256SUMS'), 'utf8')
  expect(sums.match(/ {2}.+$/gm)).toEqual([
    '  app.asar',
    '  app.asar.unpacked/node_modules/better-sqlite3/prebuilds/linux-x64.node',
  ])
  const checked = await command('sha256sum', ['--check', '--strict', 'SHA256SUMS'], '', { cwd: resources })
  expect(checked.code).toBe(0)
})

test('S19: the package for macOS has the hash of its archive', async () => {
  const resources = places(join(project, 'packed-darwin-arm64'), { platform: 'darwin', arch: 'arm64' }).resources
  expect(readFileSync(join(resources, '../Info.plist'), 'utf8')).toMatch(
    /<key>ElectronAsarIntegrity<\/key>\s*<dict>\s*<key>Resources\/app\.asar<\/key>[\s\S]*?<string>[0-9a-f]{64}</,
  )
})

test('the packaged console starts from its archive, on a stand-in for Electron', async () => {
  const { resources } = places(join(project, 'packed-linux-x64'), { platform: 'linux', arch: 'x64' })
  const unpacked = scratchFolder()
  extractAll(join(resources, 'app.asar'), unpacked)
  const data = join(scratchFolder(), 'data')
  const launch = join(import.meta.dirname, '../support/electron-launch.mjs')
  const run = await command(process.execPath, [launch, join(unpacked, 'dist/main/electron.js'), '--data', data])
  expect(run.stderr).toBe('')
  expect(JSON.parse(run.stdout)).toEqual({
    window: 'app://bundle/index.html',
    page: [200, '<!doctype html><title>page</title>'],
    outside: 404,
    info: { name: 'CVD Backup Console', version: '0.1.0', host: 'electron', role: 'admin' },
    preload: true,
    icon: true,
    secrets: 'this-run',
  })
  expect(existsSync(join(data, 'console.db'))).toBe(true)
}, 60_000)
