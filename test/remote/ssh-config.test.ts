import { chmod, chown, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importSshConfig, targetOf } from '../../src-main/remote/ssh-config.ts'
import { sshTarget } from '../../src-main/remote/target.ts'
import { missing } from '../support/prerequisites.ts'
import { failureOf, must, scratch } from '../support/remote.ts'

const noSsh = missing({ programs: ['ssh'] })

describe.each([
  ['ssh -G', 'ssh'],
  ['the parser', null],
] as const)('importing a configuration by %s', (_, ssh) => {
  test.skipIf(ssh && noSsh)(`aliases, addresses, users, keys, jump hosts ${ssh ? noSsh : ''}`, async () => {
    await using folder = await scratch()
    const file = join(folder.path, 'config')
    const key = join(folder.path, 'site key')
    await writeFile(key, 'never read', { mode: 0o000 })
    const text = `
# a comment
Host north depot-*
  HostName 10.0.0.1
  Port 2222
  User admin
  IdentityFile "${key}"
  ProxyJump far
Host far
  HostName far.example
  User hop
  ProxyJump gate,second@10.9.9.9:2200
Host gate
  HostName gate.example
Host circle
  ProxyJump circle2
Host circle2
  ProxyJump circle
Host odd
  ProxyCommand nc %h %p
Host !never * -oProxyCommand=touch
  User common
  IdentityFile ${join(folder.path, 'absent')}
Include more
Include unsafe
`
    await writeFile(file, text, { mode: 0o600 })
    await writeFile(join(folder.path, 'more'), 'Host included\n', { mode: 0o600 })
    await writeFile(join(folder.path, 'unsafe'), 'Host evil\n')
    await chmod(join(folder.path, 'unsafe'), 0o666)
    const found = must(await importSshConfig({ file, ssh }))
    expect(found.map((host) => host.alias)).toEqual(['north', 'far', 'gate', 'circle', 'circle2', 'odd', 'included'])
    const [north, , , circle, , odd] = found
    const gate = { host: 'gate.example', port: 22, user: 'common', identityFile: null }
    const second = { host: '10.9.9.9', port: 2200, user: 'second', identityFile: null }
    const far = { host: 'far.example', port: 22, user: 'hop', identityFile: null }
    expect(north).toEqual({
      alias: 'north',
      host: '10.0.0.1',
      port: 2222,
      user: 'admin',
      identityFile: key,
      jumps: [gate, second, far],
      problem: null,
    })
    if (north) expect(sshTarget.parse(targetOf(north)).auth).toEqual({ method: 'key', keyFile: key })
    expect(circle?.problem).toContain('circle')
    expect(odd?.problem).toContain('ProxyCommand')
  })
})

test('Match exec is not run by the parser', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  await writeFile(file, `Host a\nMatch exec "touch ${folder.path}/ran"\n  User other\n`, { mode: 0o600 })
  expect(must(await importSshConfig({ file, ssh: null }))[0]?.user).not.toBe('other')
  expect(await readdir(folder.path)).toEqual(['config'])
})

test('a file that others can write, or that is not there, is not used', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  expect(failureOf(await importSshConfig({ file })).code).toBe('config-missing')
  await writeFile(file, 'Host a\n')
  await chmod(file, 0o620)
  expect(failureOf(await importSshConfig({ file })).code).toBe('config-unsafe')
})

const noRoot = missing({ root: true })
test.skipIf(noRoot)(`a file of another user is not used${noRoot && ` (skipped: lacks ${noRoot})`}`, async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  await writeFile(file, 'Host a\n', { mode: 0o600 })
  await chown(file, 65534, 65534)
  expect(failureOf(await importSshConfig({ file })).code).toBe('config-unsafe')
})

test.each([
  ['-oProxyCommand=x', 'u'],
  ['a b', 'u'],
  ['a', '-u'],
  ['a', 'u\nv'],
  ['', 'u'],
])('no target has the host %j and the user %j', (host, user) => {
  expect(sshTarget.safeParse({ host, user, auth: { method: 'agent' } }).success).toBe(false)
})
