import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SshConnection } from '../../src-main/remote/connection.ts'
import { MarkerFilter } from '../../src-main/remote/marker.ts'
import { OutputStart } from '../../src-main/remote/output-start.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import { startBash } from '../../src-main/remote/sudo.ts'
import type { SudoMode } from '../../src-main/remote/target.ts'
import { fakeServer } from '../support/fake-server.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, mustConnect, scratch, secrets, target } from '../support/remote.ts'
import { makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

test('a marker is removed however the stream is split', () => {
  const text = `before MARK: MAR MARK:MARK: after MA`
  for (let size = 1; size <= text.length; size += 1) {
    const filter = new MarkerFilter('MARK:')
    let clean = ''
    let found = 0
    for (let at = 0; at < text.length; at += size) {
      const step = filter.push(Buffer.from(text.slice(at, at + size)))
      clean += step.clean.toString()
      found += step.found
    }
    expect([clean + filter.end().toString(), found]).toEqual(['before  MAR  after MA', 3])
  }
})

test('the start of the output is found however the stream is split, and the noise before it is limited', () => {
  const mark = Buffer.from('\u0001ready\u0002')
  const text = Buffer.from(`noise \u0001read \u0001\u0001ready\u0002first\nsecond \u0001ready\u0002`)
  for (let size = 1; size <= text.length; size += 1) {
    let found = 0
    const start = new OutputStart(mark, 1000, () => {
      found += 1
    })
    let own = ''
    for (let at = 0; at < text.length; at += size) own += start.push(text.subarray(at, at + size))?.toString() ?? 'null'
    expect([own, found]).toEqual(['first\nsecond \u0001ready\u0002', 1])
  }
  const start = new OutputStart(mark, 1000, () => undefined)
  expect(start.push(Buffer.alloc(1000))?.length).toBe(0)
  expect(start.push(Buffer.alloc(1000))).toBe(null)
})

const limits = { line: 1024 * 1024, total: 1024 * 1024 }

const script = (text: string, input = '') => Buffer.from(`${text}\0${input}`)

async function run(connection: SshConnection, mode: SudoMode, password: string | null, text: Buffer) {
  const lines: string[] = []
  let stderr = ''
  const privilege = { mode, password: password === null ? null : new Secret(password) }
  const onStderr = (chunk: Buffer) => {
    stderr += chunk.toString()
  }
  const started = await startBash(connection, privilege, {
    onLine: (line) => lines.push(line),
    onStderr,
    limits,
  })
  if (!started.ok) return started
  await started.value.write(text)
  started.value.endInput()
  const { code } = must(await started.value.done)
  return { ok: true, value: { code, lines, stderr } } as const
}

const lacks = missing({ ...sshdNeeds, programs: [...sshdNeeds.programs, 'sudo', 'visudo'] })
describe.skipIf(lacks)(`sudo${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  const users: TestUser[] = []
  const rules: string[] = []
  const connections: SshConnection[] = []
  const as = async (rule: string | null) => {
    const user = await makeUser()
    users.push(user)
    if (rule) {
      const file = `/etc/sudoers.d/${user.name}`
      rules.push(file)
      await writeFile(file, `${rule.replaceAll('USER', user.name)}\n`, { mode: 0o440 })
      await promisify(execFile)('visudo', ['-cf', file])
    }
    await using folder = await scratch()
    const connection = await mustConnect({
      target: target(sshd, user.name, { method: 'password' }),
      hostKeys: accepting(folder.path, sshd.hostKey.fingerprint),
      secrets: secrets({ password: user.password }),
    })
    connections.push(connection)
    return { user, connection }
  }
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(async () => {
    for (const connection of connections) await connection.end()
    await sshd?.stop()
    for (const rule of rules) await rm(rule, { force: true })
    for (const user of users) await user.remove()
  })

  test.each([
    ['asks', 'USER ALL=(ALL) ALL'],
    ['asks, with a terminal of its own', 'USER ALL=(ALL) ALL\nDefaults:USER use_pty'],
    ['does not ask, though it was expected to', 'USER ALL=(ALL) NOPASSWD: ALL'],
  ])('with password, where sudo %s: runs as root, stdin whole, nothing of the dialogue in stderr', async (_, rule) => {
    const { user, connection } = await as(rule)
    const done = must(
      await run(connection, 'password', user.password, script('id -u; wc -c; echo problem >&2; exit 7', '\n\nrest\n')),
    )
    expect(done).toEqual({ code: 7, lines: ['0', '7'], stderr: 'problem\n' })
  })

  test('a wrong password is tried once, and reported as wrong', async () => {
    const { user, connection } = await as('USER ALL=(ALL) ALL')
    const refused = failureOf(await run(connection, 'password', 'wrong', script('id -u')))
    expect(refused).toMatchObject({ code: 'wrong-sudo-password', unchanged: 'Nothing was run on the server.' })
    await expect.poll(() => connection.slots.taken).toBe(0)
    // The right one works afterwards.
    expect(must(await run(connection, 'password', user.password, script('id -u'))).lines).toEqual(['0'])
  })

  test('without password: runs if sudo permits it, and reports if sudo asks', async () => {
    const free = await as('USER ALL=(ALL) NOPASSWD: ALL')
    expect(must(await run(free.connection, 'passwordless', null, script('id -u'))).lines).toEqual(['0'])
    const asked = await as('USER ALL=(ALL) ALL')
    expect(failureOf(await run(asked.connection, 'passwordless', null, script('id -u'))).code).toBe(
      'sudo-needs-password',
    )
    expect(failureOf(await run(asked.connection, 'password', null, script('id -u'))).code).toBe('sudo-needs-password')
  })

  test('a login without the right to sudo, or to run bash with it, is reported as such', async () => {
    const { user, connection } = await as(null)
    expect(failureOf(await run(connection, 'password', user.password, script('id -u'))).code).toBe('no-sudo')
    const limited = await as('USER ALL=(ALL) /bin/true')
    expect(failureOf(await run(limited.connection, 'password', limited.user.password, script('id'))).code).toBe(
      'no-sudo',
    )
  })

  // The last one is bash's own command line, as some shells print it as the terminal's title.
  const noise = {
    'lines, of which one is an event and one is ours': `echo hello; echo cvd-backup-launcher need-kit
printf '%s\\n' '{"kind":"result","at":1,"outcome":"succeeded","code":"ok","message":"","data":null}'`,
    'a title, without a new line': `printf '\\033]0;north\\007'`,
    'a word, without a new line': `printf 'Welcome'; printf '{"kind":'`,
    'a prompt': `printf '\\n$ '`,
    'five megabytes': `head -c 5000000 /dev/zero | tr '\\0' 'x'`,
    'NULs and bytes that are no text': `printf '\\0\\0\\377\\1\\1cvd-read\\0'`,
    'what used to be the mark': `echo cvd-ready; printf cvd-ready`,
    'the command that is started': `printf '\\033]0;%s\\007' "$BASH_EXECUTION_STRING"; printf '%s\\n' "$BASH_EXECUTION_STRING"`,
    'much of everything on stderr': `head -c 3000000 /dev/zero | tr '\\0' '\\n' >&2; echo 'sudo: a password is required' >&2`,
  }

  test.each(Object.entries(noise))(
    'start-up files that print %s: recognised anyway, and nothing of it taken for an answer',
    async (_, text) => {
      const { user, connection } = await as('USER ALL=(ALL) ALL')
      await writeFile(`${user.home}/.bashrc`, `${text}\n`)
      const done = must(await run(connection, 'none', null, script('id -un; cat', 'input\n')))
      expect(done).toEqual({ code: 0, lines: [user.name, 'input'], stderr: '' })
      const asRoot = must(await run(connection, 'password', user.password, script('id -un; cat', 'input\n')))
      expect(asRoot).toEqual({ code: 0, lines: ['root', 'input'], stderr: '' })
      const wrong = failureOf(await run(connection, 'password', 'wrong', script('id')))
      expect(wrong.code).toBe('wrong-sudo-password')
    },
  )

  test('endless output of start-up files is reported, and the connection is dropped', async () => {
    const { user, connection } = await as(null)
    await writeFile(`${user.home}/.bashrc`, 'yes\n')
    expect(failureOf(await run(connection, 'none', null, script('id')))).toMatchObject({
      code: 'too-much',
      message: 'The start-up files of this login do not stop printing.',
    })
    await connection.closed
  })

  test('if sudo requires a terminal, the advice is to drop requiretty, not to permit more', async () => {
    const { user, connection } = await as('USER ALL=(ALL) NOPASSWD: ALL\nDefaults:USER requiretty')
    for (const mode of ['passwordless', 'password'] as const) {
      const refused = failureOf(await run(connection, mode, user.password, script('id -u')))
      expect(refused).toMatchObject({
        code: 'no-sudo',
        message: `sudo on the server demands a terminal from ${user.name} (requiretty), and the console has none.`,
        next: `Add the line “Defaults:${user.name} !requiretty” with visudo on the server, then try again.`,
      })
    }
    // The advice works.
    const rule = `USER ALL=(ALL) NOPASSWD: ALL\nDefaults:USER requiretty\nDefaults:USER !requiretty`
    const cured = await as(rule)
    expect(must(await run(cured.connection, 'passwordless', null, script('id -u'))).lines).toEqual(['0'])
  })

  test('the password is in no command line and in no environment', async () => {
    const { user, connection } = await as('USER ALL=(ALL) ALL')
    const look = 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'
    const done = must(await run(connection, 'password', user.password, script(look)))
    expect(done.lines.length).toBeGreaterThan(10)
    expect(done.lines.filter((line) => line.includes(user.password))).toEqual([])
  })

  test('a server that asks for the password again gets no second answer', async () => {
    const got: string[] = []
    await using server = await fakeServer({
      exec: (channel, command) => {
        const marker = /-p (\S+) /.exec(command)?.[1] ?? ''
        // In pieces, and with two prompts at once.
        for (const piece of [marker.slice(0, 9), `${marker.slice(9)}Sorry, try again.\n${marker}`])
          channel.stderr.write(piece)
        channel.on('data', (data: Buffer) => got.push(data.toString()))
        channel.on('end', () => {
          channel.exit(1)
          channel.end()
        })
      },
    })
    await using folder = await scratch()
    await using connection = await mustConnect({
      target: target(server, 'someone', { method: 'password' }),
      hostKeys: accepting(folder.path, server.fingerprint),
      secrets: secrets({ password: 'x' }),
    })
    expect(failureOf(await run(connection, 'password', 'p', script('id'))).code).toBe('wrong-sudo-password')
    expect(got.length).toBeLessThanOrEqual(1)
  })

  test('waiting for a server that never gets ready has a limit', async () => {
    await using server = await fakeServer({ exec: (channel) => channel.write('Welcome\n') })
    await using folder = await scratch()
    await using connection = await mustConnect({
      target: target(server, 'someone', { method: 'password' }),
      hostKeys: accepting(folder.path, server.fingerprint),
      secrets: secrets({ password: 'x' }),
    })
    const privilege = { mode: 'none', password: null } as const
    const refused = failureOf(
      await startBash(connection, privilege, { onLine: () => undefined, limits, readyTimeout: 50 }),
    )
    expect(refused.code).toBe('timeout')
  })
})
