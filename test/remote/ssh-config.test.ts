import { chmod, chown, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importSshConfig, targetOf } from '../../src-main/remote/ssh-config.ts'
import { sshTarget } from '../../src-main/remote/target.ts'
import { missing } from '../support/prerequisites.ts'
import { failureOf, must, scratch } from '../support/remote.ts'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

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
Include ${join(folder.path, 'more')}
`
    await writeFile(file, text, { mode: 0o600 })
    await writeFile(join(folder.path, 'more'), 'Host included\n', { mode: 0o600 })
    const found = must(await importSshConfig({ file, ssh }))
    expect(found.map((host) => host.alias)).toEqual(['north', 'far', 'gate', 'circle', 'circle2', 'odd', 'included'])
    const [north, , , circle, , odd] = found
    const noKeys = { identityFiles: [], certificates: [], identitiesOnly: false }
    const gate = { host: 'gate.example', port: 22, user: 'common', ...noKeys }
    const second = { host: '10.9.9.9', port: 2200, user: 'second', ...noKeys }
    const far = { host: 'far.example', port: 22, user: 'hop', ...noKeys }
    expect(north).toEqual({
      alias: 'north',
      host: '10.0.0.1',
      port: 2222,
      user: 'admin',
      ...noKeys,
      identityFiles: [key],
      jumps: [gate, second, far],
      problem: null,
    })
    if (north) expect(sshTarget.parse(targetOf(north)).auth).toEqual({ method: 'key', keyFile: key, agentToo: true })
    expect(circle?.problem).toContain('form a loop')
    expect(odd?.problem).toContain('ProxyCommand')
  })
})

describe.each([
  ['ssh -G', 'ssh'],
  ['the parser', null],
] as const)('keys, as %s reports them', (_, ssh) => {
  test.skipIf(ssh && noSsh)('all of them in their order, public halves, certificates, and the agent', async () => {
    await using folder = await scratch()
    const file = join(folder.path, 'config')
    const path = (name: string) => join(folder.path, name)
    for (const name of ['one', 'two.pub', 'three.pub', 'one-cert']) await writeFile(path(name), '')
    const text = `
Host a # comment
  IdentityFile ${path('one')}
  IdentityFile ${path('absent')}
  IdentityFile ${path('%n-two')}
  IdentityFile ${path('two')}
  IdentityFile ${path('three.pub')}
  CertificateFile ${path('one-cert')}
  IdentitiesOnly yes
  IdentityAgent ${path('agent')}
Host b
  IdentityAgent none
  IdentityFile none
`
    await writeFile(file, text, { mode: 0o600 })
    const [a, b, ...more] = must(await importSshConfig({ file, ssh }))
    expect(more).toEqual([])
    expect(a && targetOf(a).auth).toEqual({
      method: 'key',
      keyFile: path('one'),
      others: [path('two.pub'), path('three.pub')],
      certificates: [path('one-cert')],
      agentSocket: path('agent'),
    })
    expect(b && targetOf(b).auth).toEqual({ method: 'agent', agentSocket: null })
  })
})

test('a file that begins with a byte order mark, as editors on Windows write it, is read by the parser', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  await writeFile(file, '\ufeffHost a\r\n  HostName a.example\r\n', { mode: 0o600 })
  expect(must(await importSshConfig({ file, ssh: null }))[0]).toMatchObject({ alias: 'a', host: 'a.example' })
})

test('Match exec is not run by the parser; only hosts that depend on it are reported', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  const text = `Host b\n  User b\nHost a\nMatch host a exec "touch ${folder.path}/ran"\n  User other\n`
  await writeFile(file, text, { mode: 0o600 })
  const [b, a] = must(await importSshConfig({ file, ssh: null }))
  expect(a?.problem).toContain('depends on “Match exec”')
  expect(b).toMatchObject({ user: 'b', problem: null })
  expect(await readdir(folder.path)).toEqual(['config'])
})

test.skipIf(noSsh)('eight hosts that each take three seconds are resolved in parallel', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  await writeFile(file, `Host ${names.join(' ')}\nMatch exec "sleep 3"\n  User waited\n`, { mode: 0o600 })
  const begun = performance.now()
  const hosts = must(await importSshConfig({ file, limit: 60_000 }))
  // One after another they would take 24 seconds.
  expect(performance.now() - begun).toBeLessThan(12_000)
  expect(hosts.map(({ alias, user }) => [alias, user])).toEqual(names.map((name) => [name, 'waited']))
})

test.skipIf(noSsh)('a host that ssh does not finish is given up, and its child processes are killed', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  const started = join(folder.path, 'started')
  const wait = `Host a b\nMatch host a exec "echo $$ > ${started}; sleep 3600"\n  User never\n`
  await writeFile(file, wait, { mode: 0o600 })
  const [a, b] = must(await importSshConfig({ file, limit: 2_000 }))
  expect(a?.problem).toContain('did not answer within 2 seconds')
  expect(b?.problem).toBe(null)
  const pid = Number(await readFile(started, 'utf8'))
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test.skipIf(noSsh)('for a configuration that ssh refuses, the failure quotes ssh', async () => {
  await using folder = await scratch()
  const file = join(folder.path, 'config')
  await writeFile(file, 'Host a\n  Prot 22\n', { mode: 0o600 })
  const [a] = must(await importSshConfig({ file }))
  expect(a?.problem).toBe(`It cannot be resolved: ${file}: line 2: Bad configuration option: prot.`)
})

describe.each([
  ['ssh -G', 'ssh'],
  ['the parser', null],
] as const)('an included file, by %s', (_, ssh) => {
  test.skipIf(ssh && noSsh)(
    'that others can write is not used: no host of it is listed, and none is resolved',
    async () => {
      await using folder = await scratch()
      const file = join(folder.path, 'config')
      const unsafe = join(folder.path, 'unsafe')
      await writeFile(file, `Host a\nInclude ${unsafe}\n`, { mode: 0o600 })
      await writeFile(unsafe, 'Host evil\n')
      await chmod(unsafe, 0o666)
      const hosts = must(await importSshConfig({ file, ssh }))
      expect(hosts.map(({ alias, problem }) => [alias, problem])).toEqual([['a', expect.stringContaining(unsafe)]])
    },
  )
})

test('a missing file, or one that others can write, is not used', async () => {
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
