import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileLog } from '../../src-main/ports/log.ts'
import { defaultDataFolder, systemPaths } from '../../src-main/ports/paths.ts'
import { redact } from '../../src-main/ports/redact.ts'
import { askingSecrets, MemorySecrets } from '../../src-main/ports/secrets.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import { scratchFolder } from '../support/folder.ts'

test.each([
  ['linux', {}, '/home/ada/.local/share/cvd-backup-console'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/cvd-backup-console'],
  ['linux', { XDG_DATA_HOME: 'data' }, '/home/ada/.local/share/cvd-backup-console'],
  ['darwin', {}, '/home/ada/Library/Application Support/cvd-backup-console'],
] as const)('on %s with %j: %s', (platform, env, folder) => {
  expect(defaultDataFolder({ platform, env, home: '/home/ada' })).toBe(folder)
})

test('a given folder takes precedence, and is made absolute', () => {
  expect(systemPaths('x/y').store).toBe(join(process.cwd(), 'x/y/console.db'))
})

test('secrets are found by their purpose, and asked for once', async () => {
  const secrets = new MemorySecrets()
  const asked: string[] = []
  const source = askingSecrets(secrets, async (request) => {
    asked.push(request.kind)
    return request.kind === 'sudo' ? null : new Secret('s3cret')
  })
  const login = { kind: 'password', host: 'Depot', port: 22, user: 'ada' } as const
  expect((await source.find(login))?.expose()).toBe('s3cret')
  expect((await source.find({ ...login, host: 'DEPOT' }))?.expose()).toBe('s3cret')
  expect(await source.find({ ...login, kind: 'sudo' })).toBeNull()
  expect(asked).toEqual(['password', 'sudo'])
  await secrets.forget(login)
  await source.find({ ...login, port: 23 })
  await source.find(login)
  expect(asked).toHaveLength(4)
})

test('redaction recognises secrets by name and format, at any depth', () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nhidden-key\n-----END OPENSSH PRIVATE KEY-----'
  const text = JSON.stringify(
    redact({
      password: 'hidden-1',
      nested: [{ sudoPassword: 'hidden-2', url: 'https://ada:hidden-3@host/x', text: `before ${key} after` }],
      error: new Error(`cannot use ${key}`),
      secret: new Secret('hidden-4'),
      found: new Secret('hidden-5'),
      bytes: Buffer.from('six'),
      plain: 'seven',
    }),
  )
  for (const hidden of ['hidden-', '"six"']) expect(text).not.toContain(hidden)
  expect(text).toContain('seven')
  expect(text).toContain('before [REDACTED] after')
})

test('the log is private, has one object per line, is rotated, and keeps a limited number of files', () => {
  const file = join(scratchFolder(), 'data', 'console.log')
  const log = fileLog({ file, now: () => 0, limit: 300, keep: 2 })
  for (let number = 0; number < 20; number += 1) log.write('info', 'connected', { number, password: 'hidden' })
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line)).at(-1)).toEqual({
    at: '1970-01-01T00:00:00.000Z',
    level: 'info',
    event: 'connected',
    number: 19,
    password: '[REDACTED]',
  })
  expect([1, 2, 3].map((number) => existsSync(`${file}.${number}`))).toEqual([true, true, false])
  expect(statSync(file).size).toBeLessThanOrEqual(300)
})

test('a log that cannot be written throws nothing', () => {
  const file = join(scratchFolder(), 'log')
  fileLog({ file, now: () => 0 }).write('info', 'x')
  expect(() => fileLog({ file: join(file, 'below', 'a-file'), now: () => 0 }).write('info', 'x')).not.toThrow()
})
