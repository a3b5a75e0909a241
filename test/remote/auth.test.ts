import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import type { SecretSource, SshTarget } from '../../src-main/remote/target.ts'
import { fakeServer } from '../support/fake-server.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, scratch, secrets, target } from '../support/remote.ts'
import { addKey, startAgent } from '../support/ssh-agent.ts'
import { type KeyPair, makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

const lacks = missing({ ...sshdNeeds, programs: [...sshdNeeds.programs, 'ssh-agent', 'ssh-add'] })
describe.skipIf(lacks)(`logging in to OpenSSH${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let keyboard: Sshd
  let both: Sshd
  let user: TestUser
  let locked: KeyPair
  beforeAll(async () => {
    user = await makeUser()
    sshd = await startSshd()
    keyboard = await startSshd({ config: ['PasswordAuthentication no', 'KbdInteractiveAuthentication yes'] })
    both = await startSshd({ config: ['AuthenticationMethods publickey,password'] })
    locked = await makeKey(sshd.folder, 'locked', { passphrase: 'open sesame' })
    await user.authorize(locked)
  })
  afterAll(async () => {
    await sshd?.stop()
    await keyboard?.stop()
    await both?.stop()
    await user?.remove()
  })

  async function logIn(server: Sshd, auth: SshTarget['auth'], source: SecretSource, agentSocket: string | null = null) {
    await using folder = await scratch()
    const given = target(server, user.name, auth)
    const hostKeys = accepting(folder.path, server.hostKey.fingerprint)
    const result = await connect({ target: given, hostKeys, secrets: source, agentSocket })
    if (!result.ok) return result
    const who = must(await exec(result.value, 'id -un'))
    await result.value.end()
    expect(who.stdout.toString()).toBe(`${user.name}\n`)
    return result
  }

  /** Waits until the server has logged the end of a failed login, so that its log is complete. */
  const ended = async (server: Sshd, from: number) => {
    const over = /(Disconnected|Connection (closed|reset)|fatal).*\[preauth\]/
    await expect.poll(() => server.log().slice(from)).toMatch(over)
  }

  test('by password', async () => {
    must(await logIn(sshd, { method: 'password' }, secrets({ password: user.password })))
  })

  test('by keyboard-interactive, answered with the password', async () => {
    must(await logIn(keyboard, { method: 'password' }, secrets({ password: user.password })))
  })

  test.each([
    ['password', () => sshd, 'Failed password'],
    ['keyboard-interactive', () => keyboard, 'Failed keyboard-interactive'],
  ])('a wrong password is tried exactly once by %s', async (_, server, words) => {
    const before = server().log().length
    const refused = failureOf(await logIn(server(), { method: 'password' }, secrets({ password: 'wrong' })))
    expect(refused.code).toBe('auth-failed')
    expect(refused.message).not.toContain('wrong')
    await ended(server(), before)
    expect(server().log().slice(before).split(words).length - 1).toBe(1)
    expect(server().log().slice(before)).not.toContain('Too many')
  })

  test('by a key file with its passphrase; with none or a wrong one, nothing is sent', async () => {
    const auth = { method: 'key', keyFile: locked.privateFile } as const
    const connections = () => sshd.log().split('Connection from').length - 1
    must(await logIn(sshd, auth, secrets({ passphrase: 'open sesame' })))
    const before = connections()
    expect(failureOf(await logIn(sshd, auth, secrets())).code).toBe('key-needs-passphrase')
    expect(failureOf(await logIn(sshd, auth, secrets({ passphrase: 'no' }))).code).toBe('key-needs-passphrase')
    // Another login, so that everything before it has been logged.
    must(await logIn(sshd, auth, secrets({ passphrase: 'open sesame' })))
    expect(connections()).toBe(before + 1)
  })

  test('a missing key file, or one without a key, is named', async () => {
    await using folder = await scratch()
    const absent = join(folder.path, 'absent')
    expect(failureOf(await logIn(sshd, { method: 'key', keyFile: absent }, secrets()))).toMatchObject({
      code: 'key-unreadable',
      message: `The key file ${absent} cannot be read (ENOENT).`,
    })
    await writeFile(join(folder.path, 'text'), 'no key')
    const text = { method: 'key', keyFile: join(folder.path, 'text') } as const
    expect(failureOf(await logIn(sshd, text, secrets())).code).toBe('key-unreadable')
  })

  test('a key unknown to the server is refused, and the password is not tried instead', async () => {
    await using folder = await scratch()
    const stranger = await makeKey(folder.path, 'stranger', { type: 'rsa' })
    const auth = { method: 'key', keyFile: stranger.privateFile } as const
    const before = sshd.log().length
    expect(failureOf(await logIn(sshd, auth, secrets({ password: user.password }))).code).toBe('auth-failed')
    await ended(sshd, before)
    expect(sshd.log().slice(before)).not.toContain('password')
  })

  test('by key and password if the server requires both', async () => {
    const auth = { method: 'key', keyFile: locked.privateFile } as const
    must(await logIn(both, auth, secrets({ passphrase: 'open sesame', password: user.password })))
  })

  test('by the agent, with any of its keys or only the configured one', async () => {
    await using folder = await scratch()
    const socket = join(folder.path, 'agent')
    {
      await using _agent = await startAgent(socket)
      const fits = await makeKey(folder.path, 'fits')
      const stranger = await makeKey(folder.path, 'stranger')
      await user.authorize(fits)
      expect(failureOf(await logIn(sshd, { method: 'agent' }, secrets(), socket)).message).toContain('holds no key')
      await addKey(socket, stranger)
      expect(failureOf(await logIn(sshd, { method: 'agent' }, secrets(), socket)).code).toBe('auth-failed')
      await addKey(socket, fits)
      must(await logIn(sshd, { method: 'agent' }, secrets(), socket))
      must(await logIn(sshd, { method: 'agent', identity: fits.fingerprint }, secrets(), socket))
      const named = { method: 'agent', identity: locked.fingerprint } as const
      expect(failureOf(await logIn(sshd, named, secrets(), socket)).message).toContain(locked.fingerprint)
    }
    expect(failureOf(await logIn(sshd, { method: 'agent' }, secrets(), null)).code).toBe('auth-failed')
  })
})

describe('a server’s prompts', () => {
  async function logIn(server: Awaited<ReturnType<typeof fakeServer>>) {
    await using folder = await scratch()
    const given = target(server, 'someone', { method: 'password' })
    const hostKeys = accepting(folder.path, server.fingerprint)
    const result = await connect({ target: given, hostKeys, secrets: secrets({ password: 'right' }) })
    await (result.ok ? result.value.end() : undefined)
    return result
  }

  test('an empty list of prompts is answered, and the password given to the prompt that asks for it', async () => {
    const answers: string[][] = []
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        context.prompt([], 'Welcome', (none) => {
          answers.push(none ?? [])
          context.prompt([{ prompt: 'Password for someone: ', echo: false }], (given) => {
            answers.push(given ?? [])
            context.accept()
          })
        })
      },
    })
    must(await logIn(server))
    expect(answers).toEqual([[], ['right']])
  })

  test('a prompt for something else never gets the password', async () => {
    const answers: string[] = []
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        context.prompt([{ prompt: 'One-time code\u001b[2J: ', echo: false }], (given) => {
          answers.push(...(given ?? []))
          context.accept()
        })
      },
    })
    const refused = failureOf(await logIn(server))
    expect(refused.code).toBe('auth-failed')
    expect(refused.message).toContain('“One-time code [2J:”')
    expect(answers).toEqual([])
  })

  test('a refused password is not tried with the other method', async () => {
    await using server = await fakeServer({
      authenticate: (context) => context.reject(['password', 'keyboard-interactive', 'publickey']),
    })
    expect(failureOf(await logIn(server)).code).toBe('auth-failed')
    expect(server.tries).toEqual(['password'])
  })
})
