/** S15, S17, S27: secrets in the operating system's store, or in memory, and nowhere else. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openSecrets, type SafeStorage } from '../../src-main/electron/secrets.ts'
import { passwordStore } from '../../src-main/electron/switches.ts'
import type { Log } from '../../src-main/ports/log.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { SecretRequest } from '../../src-main/remote/target.ts'
import { fakeSafeStorage } from '../support/fake-electron.ts'
import { scratchFolder } from '../support/folder.ts'

const sudo: SecretRequest = { kind: 'sudo', host: 'Site.example', port: 22, user: 'admin' }
const key: SecretRequest = { kind: 'passphrase', keyFile: '/home/a/.ssh/id' }
const word = 'correct horse battery'

function place() {
  const folder = scratchFolder()
  const written: string[] = []
  const log: Log = { write: (...line) => void written.push(JSON.stringify(line)) }
  const file = join(folder, 'data', 'secrets.json')
  const open = (safeStorage: SafeStorage, platform = 'linux') => openSecrets({ safeStorage, platform, file, log })
  return { file, written, open }
}

describe("S17: with the system's store", () => {
  test('a secret is found again by the next run, and only ciphertext is in the file', async () => {
    const given = place()
    const first = await given.open(fakeSafeStorage('gnome_libsecret'))
    await first.save(sudo, new Secret(word))
    await first.save(key, new Secret('other'))
    const next = await given.open(fakeSafeStorage('gnome_libsecret'))
    expect((await next.find({ ...sudo, host: 'site.EXAMPLE' }))?.expose()).toBe(word)
    expect((await next.find(key))?.expose()).toBe('other')
    expect(next.keeps).toBe('os-store')
    expect(await next.list()).toEqual([sudo, key])
    const text = readFileSync(given.file, 'utf8')
    expect(text).not.toContain(word)
    expect(text).toContain('"backend":"gnome_libsecret"')
  })

  test('S27: only the user can access the file and its folder', async () => {
    const given = place()
    await (await given.open(fakeSafeStorage('kwallet6'))).save(sudo, new Secret(word))
    expect(statSync(given.file).mode & 0o777).toBe(0o600)
    expect(statSync(join(given.file, '..')).mode & 0o777).toBe(0o700)
  })

  test('a forgotten secret is gone, also from the file', async () => {
    const given = place()
    const secrets = await given.open(fakeSafeStorage('kwallet6'))
    await secrets.save(sudo, new Secret(word))
    await secrets.forget(sudo)
    expect(await secrets.find(sudo)).toBeNull()
    expect(JSON.parse(readFileSync(given.file, 'utf8'))).toEqual({ version: 1, secrets: {} })
  })

  test('a different store than before means asking again, not failing', async () => {
    const given = place()
    await (await given.open(fakeSafeStorage('gnome_libsecret'))).save(sudo, new Secret(word))
    const other = await given.open(fakeSafeStorage('kwallet6'))
    expect(await other.find(sudo)).toBeNull()
    await other.save(sudo, new Secret('new'))
    expect((await other.find(sudo))?.expose()).toBe('new')
  })

  test('a secret that cannot be decrypted is asked for again', async () => {
    const given = place()
    await (await given.open(fakeSafeStorage('kwallet6'))).save(sudo, new Secret(word))
    const broken = { ...fakeSafeStorage('kwallet6'), decryptStringAsync: () => Promise.reject(new Error('locked')) }
    expect(await (await given.open(broken)).find(sudo)).toBeNull()
    expect(given.written).toHaveLength(1)
  })

  test('a rotated key is used from then on', async () => {
    const given = place()
    const old = fakeSafeStorage('kwallet6')
    await (await given.open(old)).save(sudo, new Secret(word))
    const before = readFileSync(given.file, 'utf8')
    const rotated: SafeStorage = {
      ...old,
      encryptStringAsync: async (text) => Buffer.from(`new:${text.length}`),
      decryptStringAsync: async (cipher) => ({ ...(await old.decryptStringAsync(cipher)), shouldReEncrypt: true }),
    }
    expect((await (await given.open(rotated)).find(sudo))?.expose()).toBe(word)
    expect(readFileSync(given.file, 'utf8')).not.toBe(before)
  })

  test.each(['not json', '[]', '{"version":2,"secrets":{}}'])(
    'a file that contains %j is started anew',
    async (text) => {
      const given = place()
      await (await given.open(fakeSafeStorage('kwallet6'))).save(sudo, new Secret(word))
      writeFileSync(given.file, text)
      const secrets = await given.open(fakeSafeStorage('kwallet6'))
      expect(await secrets.find(sudo)).toBeNull()
      await secrets.save(sudo, new Secret('again'))
      expect((await secrets.find(sudo))?.expose()).toBe('again')
    },
  )
})

describe('S17: without a secure store', () => {
  test.each([
    ['basic_text', fakeSafeStorage('basic_text')],
    ['unknown', fakeSafeStorage('unknown')],
    ['an unknown one', fakeSafeStorage('rot13')],
    ['none', fakeSafeStorage('gnome_libsecret', false)],
    [
      'a failing one',
      { ...fakeSafeStorage('kwallet'), isAsyncEncryptionAvailable: () => Promise.reject(new Error('x')) },
    ],
  ])('%s: nothing is stored, and `keeps` says so', async (_name, safeStorage) => {
    const given = place()
    const secrets = await given.open(safeStorage)
    await secrets.save(sudo, new Secret(word))
    expect((await secrets.find(sudo))?.expose()).toBe(word)
    expect(() => statSync(given.file)).toThrow('ENOENT')
    expect(secrets.keeps).toBe('this-run')
    expect(await secrets.list()).toEqual([sudo])
  })

  test('macOS and Windows have their own, whatever the Linux backend is', async () => {
    const given = place()
    for (const platform of ['darwin', 'win32']) {
      expect((await given.open(fakeSafeStorage('basic_text'), platform)).keeps).toBe('os-store')
    }
  })
})

describe('S17: the requested password store', () => {
  const bus = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1/bus' }
  test.each([
    ['a desktop unknown to Chromium', 'linux', [], { ...bus, XDG_CURRENT_DESKTOP: 'sway' }, 'gnome-libsecret'],
    ['KDE', 'linux', [], { ...bus, XDG_CURRENT_DESKTOP: 'KDE' }, null],
    ['no session bus', 'linux', [], {}, null],
    ['the user chose', 'linux', ['--password-store=kwallet6'], bus, null],
    ['macOS', 'darwin', [], bus, null],
  ])('%s', (_what, platform, argv, env, store) => {
    expect(passwordStore({ platform, argv, env })).toBe(store)
  })
})

test('S15: a secret always prints as redacted', () => {
  const secret = new Secret(word)
  expect([JSON.stringify({ secret }), `${secret}`, inspect({ secret }), String(secret)].join()).not.toContain(word)
})
