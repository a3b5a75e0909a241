import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { keyFingerprint, matchesHost, parseKnownHosts } from '../../src-main/remote/known-hosts.ts'
import { KnownHostsFiles } from '../../src-main/remote/known-hosts-files.ts'
import { missing } from '../support/prerequisites.ts'
import { scratch } from '../support/remote.ts'
import { type KeyPair, makeKey } from '../support/sshd.ts'

const run = promisify(execFile)
const lacks = missing({ programs: ['ssh-keygen'] })
const address = { host: 'site.example', port: 22 }
const onPort = { host: 'site.example', port: 2222 }
const blob = (key: KeyPair) => Buffer.from(key.publicText.split(' ')[1] ?? '', 'base64')
const words = (key: KeyPair) => key.publicText.split(' ').slice(0, 2).join(' ')

test.each([
  ['site.example', address, true],
  ['SITE.example', address, true],
  ['site.example', onPort, false],
  ['[site.example]:2222', onPort, true],
  ['[site.example]:2222', address, false],
  ['other,site.example', address, true],
  ['*.example', address, true],
  ['s?te.example', address, true],
  ['*.example,!site.example', address, false],
  ['!site.example,*.example', address, false],
  ['!site.example', { host: 'other', port: 22 }, false],
  ['*', onPort, true],
  ['site.exampl', address, false],
  ['*a*a*a*a*a*a*a*a*b', { host: 'a'.repeat(200), port: 22 }, false],
])('pattern %s for %o: %s', (pattern, host, expected) => {
  expect(matchesHost(pattern, host)).toBe(expected)
})

test('comments, blank and damaged lines are skipped, and never read as a key', () => {
  const text = [
    '# site.example ssh-ed25519 AAAA',
    '',
    'site.example',
    'site.example ssh-ed25519 %%%%',
    'site.example ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '@unknown site.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  ].join('\r\n')
  expect(parseKnownHosts(text)).toEqual([])
})

test.skipIf(lacks)(`with OpenSSH's own files and fingerprints ${lacks && `(lacks ${lacks})`}`, async () => {
  await using folder = await scratch()
  const key = await makeKey(folder.path, 'one')
  const other = await makeKey(folder.path, 'two', { type: 'rsa' })
  const own = join(folder.path, 'sub', 'known_hosts')
  const users = join(folder.path, 'users')
  const files = new KnownHostsFiles(own, [users, join(folder.path, 'absent')])
  const state = async (at: typeof address, shown: KeyPair) => (await files.standing(at, blob(shown))).state
  expect(keyFingerprint(blob(key))).toBe(key.fingerprint)
  expect(await state(address, key)).toBe('unknown')

  // Hashed by ssh-keygen itself, in the user's file, which is never written.
  await writeFile(users, `site.example ${words(key)}\n[site.example]:2222 ${words(other)}\n`)
  await run('ssh-keygen', ['-q', '-H', '-f', users])
  const before = await readFile(users, 'utf8')
  expect(before).not.toContain('site.example')
  expect(await state(address, key)).toBe('match')
  expect(await state(onPort, key)).toBe('changed')
  expect(await state(address, other)).toBe('changed')
  expect(await files.knownTypes(onPort)).toEqual(['ssh-rsa'])
  expect(await files.forget(address)).toBe(0)

  // Our own file decides if it knows the host.
  await files.remember(address, blob(other))
  expect(await state(address, other)).toBe('match')
  expect(await state(address, key)).toBe('changed')
  expect((await stat(own)).mode & 0o777).toBe(0o600)
  // ssh-keygen finds what was written.
  const { stdout } = await run('ssh-keygen', ['-F', 'site.example', '-f', own])
  expect(stdout).toContain('line 1')
  await Promise.all([files.remember(onPort, blob(key)), files.remember({ host: 'b', port: 22 }, blob(key))])
  expect((await readFile(own, 'utf8')).trim().split('\n')).toHaveLength(3)
  expect(await files.forget(address)).toBe(1)
  expect(await state(address, key)).toBe('match')
  expect(await state({ host: 'b', port: 22 }, key)).toBe('match')
  expect(await readFile(users, 'utf8')).toBe(before)

  // A revocation anywhere overrides a pin; a certificate authority is not a pin.
  await files.remember(address, blob(key))
  await writeFile(users, `@revoked * ${words(key)}\n@cert-authority * ${words(other)}\n`)
  expect(await state(address, key)).toBe('revoked')
  expect(await state({ host: 'c', port: 22 }, other)).toBe('unknown')
})

test('an unreadable file of ours is an error, never an unknown host', async () => {
  await using folder = await scratch()
  const files = new KnownHostsFiles(folder.path, [])
  await expect(files.standing(address, Buffer.alloc(0))).rejects.toThrow('EISDIR')
})
