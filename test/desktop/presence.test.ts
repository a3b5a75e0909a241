/** Whether a runtime is available, and why not. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Circumstances, electronRuntime } from '../../src-main/electron/presence.ts'
import { scratchFolder } from '../support/folder.ts'

const asked: string[] = []

function circumstances(more: Partial<Circumstances> = {}): Circumstances & { readonly packageFolder: string } {
  const packageFolder = scratchFolder()
  writeFileSync(join(packageFolder, 'package.json'), '{"version":"45.0.0"}')
  asked.length = 0
  const reachable = async (address: string) => {
    asked.push(address)
    return false
  }
  const here = { platform: 'linux', arch: 'x64', env: { DISPLAY: ':0' }, isRoot: false, reachable }
  return { ...here, ...more, packageFolder }
}

test('a downloaded runtime is present, without using the network', async () => {
  const given = circumstances()
  mkdirSync(join(given.packageFolder, 'dist'))
  writeFileSync(join(given.packageFolder, 'dist/electron'), '')
  writeFileSync(join(given.packageFolder, 'path.txt'), 'electron')
  const executable = join(given.packageFolder, 'dist/electron')
  expect(await electronRuntime(given)).toEqual({ state: 'present', executable })
  expect(asked).toEqual([])
})

test('one that is registered but missing is not', async () => {
  const given = circumstances()
  writeFileSync(join(given.packageFolder, 'path.txt'), 'electron')
  expect(await electronRuntime(given)).toEqual({
    state: 'absent',
    reason: 'its runtime is not installed, and github.com cannot be reached',
  })
})

test('one that can be downloaded is fetchable, from a mirror if configured', async () => {
  const env = { DISPLAY: ':0', ELECTRON_MIRROR: 'https://mirror.example/' }
  const given = circumstances({ env, reachable: async () => true })
  const address = 'https://mirror.example/v45.0.0/electron-v45.0.0-linux-x64.zip'
  expect(await electronRuntime(given)).toEqual({ state: 'fetchable', address })
})

test.each([
  ['there is no display', { env: {} }],
  ['Electron does not run as root', { isRoot: true }],
])('none is used where %s', async (reason, more) => {
  expect(await electronRuntime(circumstances(more))).toEqual({ state: 'absent', reason })
  expect(asked).toEqual([])
})

test('macOS needs no DISPLAY, and Windows has no root', async () => {
  for (const platform of ['darwin', 'win32']) {
    const found = await electronRuntime(circumstances({ platform, env: {}, reachable: async () => true }))
    expect(found.state).toBe('fetchable')
  }
})

test('without the package there is no runtime', async () => {
  const found = await electronRuntime({ ...circumstances(), packageFolder: null })
  expect(found).toEqual({ state: 'absent', reason: 'the package electron is not installed' })
})

test('this machine gets an answer', async () => {
  expect(['present', 'fetchable', 'absent']).toContain((await electronRuntime()).state)
})
