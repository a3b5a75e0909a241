/** The console as users get it: packaged by electron-builder with a real Electron, started from the package. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { getRawHeader } from '@electron/asar'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { Desktop } from '../support/electron/desktop.ts'
import { focus, press, titles } from '../support/electron/people.ts'
import { pack } from '../support/packing.ts'

const stage = inject('electron')
const pictures = resolve(import.meta.dirname, '../../test-output/electron')
let desktop: Desktop
let program: string
let archive: string
let started: ChildProcess | null = null

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  desktop = await Desktop.start(stage.account)
  const output = await pack(
    stage.console,
    { platform: 'linux', arch: 'x64' },
    { folder: stage.runtime, version: stage.version },
  )
  const folder = join(output, 'linux-unpacked')
  // As the Debian and RPM packages do on installation.
  if (stage.account.become.length > 0) chmodSync(join(folder, 'chrome-sandbox'), 0o4755)
  program = join(folder, 'cvd-backup-console')
  archive = join(folder, 'resources/app.asar')
}, 300_000)
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await desktop.picture(join(pictures, `failed-${task.id}.png`))
  if (started && started.exitCode === null && started.signalCode === null) {
    const ended = once(started, 'exit')
    if (started.pid) process.kill(-started.pid, 'SIGKILL')
    await ended
  }
  started = null
  rmSync(data(), { recursive: true, force: true })
})
afterAll(() => desktop?.[Symbol.asyncDispose]())

const data = () => join(desktop.home, 'data')
const store = () => join(data(), 'console.db')

function start(...more: readonly string[]): {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
} {
  const [first = '', ...rest] = [...stage.account.become, program, '--disable-gpu', '--data', data(), ...more]
  const child = spawn(first, rest, {
    env: desktop.env,
    cwd: desktop.home,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  started = child
  return { child, ended: once(child, 'exit').then(([code]) => code as number | null) }
}

test('the packaged console opens its window, works with the keyboard, and quits', async () => {
  const { ended } = start()
  await expect.poll(() => titles(desktop)).toContainEqual(expect.stringMatching(/^Fleet . CVD Backup Console$/))
  await focus(desktop, 'CVD Backup Console')
  await desktop.picture(join(pictures, 'packed.png'))
  await press(desktop, 'ctrl+4')
  await expect.poll(() => titles(desktop)).toContainEqual(expect.stringMatching(/^Audit . CVD Backup Console$/))
  expect(existsSync(store())).toBe(true)
  await press(desktop, 'ctrl+q')
  expect(await ended).toBe(0)
})

/** Page processes of the started console. */
async function renderers(): Promise<readonly string[]> {
  return (await desktop.ask('pgrep', '--full', `${program} --type=renderer`)).split('\n').filter((pid) => pid !== '')
}

test('a crashed page is reloaded, and works', async () => {
  start()
  await expect.poll(() => titles(desktop)).toContainEqual(expect.stringMatching(/^Fleet . CVD Backup Console$/))
  const [died] = await renderers()
  process.kill(Number(died), 'SIGKILL')
  await expect.poll(async () => (await renderers()).filter((pid) => pid !== died).length).toBeGreaterThan(0)
  await expect.poll(() => readFileSync(join(data(), 'console.log'), 'utf8')).toMatch(/page died.*killed/)
  await focus(desktop, 'CVD Backup Console')
  await expect
    .poll(async () => {
      await press(desktop, 'ctrl+4')
      return await titles(desktop)
    })
    .toContainEqual(expect.stringMatching(/^Audit . CVD Backup Console$/))
})

test.each(['--remote-debugging-port=0', '--inspect=0', '--no-sandbox'])(
  'the packaged console does not start with %s',
  async (word) => {
    expect(await start(word).ended).toBe(2)
    expect(existsSync(store())).toBe(false)
  },
)

/** Offset of a file's bytes in the archive. */
function placeOf(file: string): number {
  const { headerSize, header } = getRawHeader(archive)
  type Entry = { readonly files?: Record<string, Entry>; readonly offset?: string }
  const entry = file.split('/').reduce<Entry | undefined>((folder, name) => folder?.files?.[name], header as Entry)
  return 8 + headerSize + Number(entry?.offset)
}

describe('one changed byte in the archive stops the start', () => {
  let good: string

  beforeAll(() => {
    good = `${archive}.good`
    copyFileSync(archive, good)
  })
  afterEach(() => copyFileSync(good, archive))
  afterAll(() => renameSync(good, archive))

  test.each([
    ['in the page', () => placeOf('dist/renderer/index.html') + 30],
    ['in the kit', () => placeOf('dist/main/bash/base/prologue.sh') + 5],
    ['in a string of the main process', () => readFileSync(archive).indexOf('differs from the installed one')],
    ['in a package', () => placeOf('node_modules/ssh2/lib/client.js') + 2],
    ['in the header, where Electron cannot read it', () => 3],
    ['at its end, where Electron cannot read it', () => readFileSync(archive).length - 1],
  ])('%s', async (where, place) => {
    const file = openSync(archive, 'r+')
    const at = place()
    const byte = readFileSync(archive)[at] ?? 0
    writeSync(file, Buffer.of(byte ^ 1), 0, 1, at)
    closeSync(file)
    const { child, ended } = start()
    // A dialog reports it until it is closed; if none of our code can be read, Electron exits by itself.
    await expect.poll(async () => child.exitCode !== null || (await titles(desktop)).length > 0).toBe(true)
    expect((await titles(desktop)).join()).not.toContain('CVD Backup Console')
    expect(child.exitCode === null).toBe(!where.includes('cannot read'))
    if (child.exitCode === null) {
      expect(readFileSync(join(data(), 'console.log'), 'utf8')).toMatch(/refused to start.*app\.asar/)
      await press(desktop, 'Return')
    }
    expect(await ended).toBe(1)
    expect(existsSync(store())).toBe(false)
  })
})
