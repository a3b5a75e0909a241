/** The configuration of the packages, and their parts. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { FuseVersion, flipFuses } from '@electron/fuses'
import { describe, expect, test } from 'vitest'
import { fuseConfig } from '../../build/fuses.mjs'
import { fuseWire } from '../support/fake-runtime.ts'
import { scratchFolder } from '../support/folder.ts'

const top = resolve(import.meta.dirname, '../..')
const build = (file: string): string => join(top, 'build', file)

interface Builder {
  getConfig(folder: string, file: string, options: object): Promise<Record<string, unknown>>
  validateConfiguration(config: object, logger: { isEnabled: boolean }): Promise<void>
}

/** electron-builder's own parsing and validation, in the version that packages. */
function builder(): Builder {
  const from = createRequire(createRequire(import.meta.url).resolve('electron-builder/package.json'))
  return from('app-builder-lib/out/util/config/config') as Builder
}

const read = () => builder().getConfig(top, 'electron-builder.yml', {})
const check = (config: object) => builder().validateConfiguration(config, { isEnabled: false })

describe('electron-builder.yml', () => {
  test('is what electron-builder’s schema allows', async () => {
    await expect(check(await read())).resolves.toBeUndefined()
  })

  test.each([
    ['a key that there is not', { asarUnpak: [] }],
    ['a value of the wrong kind', { npmRebuild: 'no' }],
    ['a platform’s key that there is not', { linux: { targets: [] } }],
  ])('with %s would be refused', async (_what, more) => {
    await expect(check({ ...(await read()), ...more })).rejects.toThrow()
  })

  test('builds every promised package', async () => {
    const { win, mac, linux } = (await read()) as Record<string, { target: { target: string; arch: string[] }[] }>
    const made = [win, mac, linux].flatMap((one) => (one?.target ?? []).map(({ target, arch }) => [target, arch]))
    const both = ['x64', 'arm64']
    expect(made).toEqual(['nsis', 'dmg', 'zip', 'AppImage', 'deb', 'rpm'].map((target) => [target, both]))
  })

  test('compiles nothing, uploads nothing, and keeps the archive', async () => {
    expect(await read()).toMatchObject({
      appId: 'cvd.backup.console',
      productName: 'CVD Backup Console',
      npmRebuild: false,
      publish: null,
      asar: { smartUnpack: false },
      asarUnpack: ['**/*.node'],
      afterPack: 'build/after-pack.mjs',
    })
  })

  test('names only existing parts', async () => {
    const { mac, win, linux, nsis, afterPack } = (await read()) as Record<string, Record<string, string>>
    const parts = [build(mac?.icon ?? ''), build(win?.icon ?? ''), build(linux?.icon ?? '')]
    const named = [mac?.entitlements, mac?.entitlementsInherit, nsis?.include, afterPack]
    for (const file of [...parts, ...named.map((name) => join(top, String(name)))]) expect(existsSync(file)).toBe(true)
  })
})

describe('the fuses', () => {
  test.each(['linux', 'win32', 'darwin'])('are all decided for %s', async (platform) => {
    const file = join(scratchFolder(), 'electron')
    writeFileSync(file, fuseWire())
    await flipFuses(file, fuseConfig(platform))
    // In Electron's order: 0 off, 1 on.
    const wire = readFileSync(file).subarray(16 + 32 + 2, 16 + 32 + 2 + 9)
    expect(wire.toString()).toBe(platform === 'linux' ? '010001001' : '010011001')
  })

  test('that a newer Electron adds stop the build until they are decided', async () => {
    const file = join(scratchFolder(), 'electron')
    writeFileSync(file, fuseWire(10))
    await expect(flipFuses(file, fuseConfig('linux'))).rejects.toThrow(/fuse/i)
  })

  test('of a program that has none stop the build', async () => {
    const file = join(scratchFolder(), 'electron')
    writeFileSync(file, Buffer.alloc(64))
    await expect(flipFuses(file, fuseConfig('linux'))).rejects.toThrow()
    expect(fuseConfig('linux').version).toBe(FuseVersion.V1)
  })
})

describe('the icons', () => {
  const png = Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1')
  const sizeOf = (image: Buffer) => [image.readUInt32BE(16), image.readUInt32BE(20)]

  test.each([16, 24, 32, 48, 64, 128, 256, 512])('for Linux exist in %i pixels', (size) => {
    const image = readFileSync(build(`icons/png/${size}x${size}.png`))
    expect(image.subarray(0, 8)).toEqual(png)
    expect(sizeOf(image)).toEqual([size, size])
  })

  test('for Windows have every displayed size', () => {
    const file = readFileSync(build('icons/icon.ico'))
    const found = Array.from({ length: file.readUInt16LE(4) }, (_, index) => {
      const at = 6 + 16 * index
      const image = file.subarray(file.readUInt32LE(at + 12), file.readUInt32LE(at + 12) + file.readUInt32LE(at + 8))
      expect(file.readUInt8(at)).toBe(sizeOf(image)[0] === 256 ? 0 : sizeOf(image)[0])
      return sizeOf(image)[0]
    })
    expect(found).toEqual([16, 24, 32, 48, 64, 128, 256])
  })

  test('for macOS have every size up to 1024', () => {
    const file = readFileSync(build('icons/icon.icns'))
    expect([file.toString('latin1', 0, 4), file.readUInt32BE(4)]).toEqual(['icns', file.length])
    const sizes: (number | undefined)[] = []
    for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) {
      sizes.push(sizeOf(file.subarray(at + 8))[0])
    }
    expect(sizes).toEqual([16, 32, 64, 128, 256, 512, 1024])
  })
})

test('the entitlements of macOS ask for nothing but what JavaScript needs', () => {
  const keys = readFileSync(build('entitlements.mac.plist'), 'utf8').match(/<key>([^<]+)<\/key>/g)
  expect(keys).toEqual(['<key>com.apple.security.cs.allow-jit</key>'])
})
