import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectOptions, connect } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { HostKeyDecision, type HostKeyFailure } from '../../src-main/remote/host-key.ts'
import { KnownHostsFiles } from '../../src-main/remote/known-hosts-files.ts'
import { missing } from '../support/prerequisites.ts'
import { failureOf, must, scratch, secrets, target } from '../support/remote.ts'
import { type KeyPair, makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

// Checked by the type checker: no connection without a real decision.
export function doesNotCompile(options: Omit<ConnectOptions, 'hostKeys'>): void {
  // @ts-expect-error the host-key decision is missing
  void connect(options)
  // @ts-expect-error undefined is not a decision
  void connect({ ...options, hostKeys: undefined })
  const forged = { knownTypes: async () => [], decide: async () => ({ ok: true, value: {} }) }
  // @ts-expect-error a look-alike is not a decision
  void connect({ ...options, hostKeys: forged })
}

const lacks = missing(sshdNeeds)
describe.skipIf(lacks)(`host keys${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let user: TestUser
  let key: KeyPair
  beforeAll(async () => {
    user = await makeUser()
    sshd = await startSshd()
    key = await makeKey(sshd.folder, 'id')
    await user.authorize(key)
  })
  afterAll(async () => {
    await sshd?.stop()
    await user?.remove()
  })
  const options = (hostKeys: HostKeyDecision): ConnectOptions => ({
    target: target(sshd, user.name, { method: 'key', keyFile: key.privateFile }),
    hostKeys,
    secrets: secrets(),
  })
  const words = (pair: KeyPair) => pair.publicText.split(' ').slice(0, 2).join(' ')

  test('an unknown key is refused before any login; once accepted by its fingerprint it is pinned', async () => {
    await using folder = await scratch()
    const files = new KnownHostsFiles(join(folder.path, 'known_hosts'), [])
    const logged = sshd.log().length
    const refused = failureOf(await connect(options(new HostKeyDecision(files)))) as HostKeyFailure
    expect(refused.code).toBe('host-key-unknown')
    expect(refused.hostKey).toMatchObject({ type: 'ssh-ed25519', fingerprint: sshd.hostKey.fingerprint })
    expect(failureOf(await connect(options(new HostKeyDecision(files, [key.fingerprint])))).code).toBe(
      'host-key-unknown',
    )
    const over = /(?:Disconnected|Connection (?:closed|reset)|fatal).* port (\d+).*\[preauth\]/g
    const ended = () => new Set(Array.from(sshd.log().slice(logged).matchAll(over), ([, port]) => port)).size
    await expect.poll(ended).toBe(2)
    expect(sshd.log().slice(logged)).not.toContain(user.name)

    await must(await connect(options(new HostKeyDecision(files, [sshd.hostKey.fingerprint])))).end()
    expect(await readFile(join(folder.path, 'known_hosts'), 'utf8')).toMatch(/^\|1\|.* ssh-ed25519 /)
    const connection = must(await connect(options(new HostKeyDecision(files))))
    expect(connection.fingerprint).toBe(sshd.hostKey.fingerprint)
    await connection.end()
  })

  test('a changed key is refused even if its fingerprint is accepted, until the old one is forgotten', async () => {
    await using folder = await scratch()
    const own = join(folder.path, 'known_hosts')
    const old = await makeKey(folder.path, 'old')
    await writeFile(own, `[127.0.0.1]:${sshd.port} ${words(old)}\n`)
    const files = new KnownHostsFiles(own, [])
    const decision = new HostKeyDecision(files, [sshd.hostKey.fingerprint])
    const refused = failureOf(await connect(options(decision))) as HostKeyFailure
    expect(refused.code).toBe('host-key-changed')
    expect(refused.hostKey.known).toEqual([{ file: own, line: 1, type: 'ssh-ed25519', fingerprint: old.fingerprint }])
    expect(refused.message).toContain(old.fingerprint)
    expect(await files.forget(sshd)).toBe(1)
    await must(await connect(options(decision))).end()
  })

  test('a key of another type counts as changed', async () => {
    await using folder = await scratch()
    const own = join(folder.path, 'known_hosts')
    await writeFile(own, `[127.0.0.1]:${sshd.port} ${words(await makeKey(folder.path, 'rsa', { type: 'rsa' }))}\n`)
    const decision = new HostKeyDecision(new KnownHostsFiles(own, []), [sshd.hostKey.fingerprint])
    expect(failureOf(await connect(options(decision))).code).toBe('host-key-changed')
  })

  test('a server with several keys is asked for the known one', async () => {
    await using folder = await scratch()
    const rsa = await makeKey(folder.path, 'rsa', { type: 'rsa' })
    const own = join(folder.path, 'known_hosts')
    await using server = await startSshd({ config: [`HostKey ${rsa.privateFile}`] })
    await writeFile(own, `[127.0.0.1]:${server.port} ${words(rsa)}\n`)
    const given = { ...options(new HostKeyDecision(new KnownHostsFiles(own, []))) }
    const result = await connect({ ...given, target: { ...given.target, port: server.port } })
    await (result.ok ? result.value.end() : undefined)
    expect(must(result).fingerprint).toBe(rsa.fingerprint)
  })

  test('a key revoked in any file is refused, even if pinned', async () => {
    await using folder = await scratch()
    const own = join(folder.path, 'known_hosts')
    const users = join(folder.path, 'users')
    await writeFile(own, `[127.0.0.1]:${sshd.port} ${words(sshd.hostKey)}\n`)
    await writeFile(users, `@revoked * ${words(sshd.hostKey)}\n`)
    const decision = new HostKeyDecision(new KnownHostsFiles(own, [users]), [sshd.hostKey.fingerprint])
    expect(failureOf(await connect(options(decision))).code).toBe('host-key-revoked')
  })

  test('an unreadable known_hosts prevents the connection', async () => {
    await using folder = await scratch()
    const refused = failureOf(await connect(options(new HostKeyDecision(new KnownHostsFiles(folder.path, [])))))
    expect(refused.code).toBe('host-key-store')
  })

  test('the host key is checked again on rekeying, and the connection continues', async () => {
    await using folder = await scratch()
    await using server = await startSshd({ config: ['RekeyLimit 1M'] })
    const files = new KnownHostsFiles(join(folder.path, 'known_hosts'), [])
    const given = options(new HostKeyDecision(files, [server.hostKey.fingerprint]))
    const connection = must(await connect({ ...given, target: { ...given.target, port: server.port } }))
    const done = must(await exec(connection, 'head -c 8000000 /dev/zero', { keep: 9_000_000 }))
    await connection.end()
    expect(done.stdout.length).toBe(8_000_000)
  })
})
