import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { LoginQuestion, SecretRequest, SecretSource, SshTarget } from '../../src-main/remote/target.ts'
import { fakeServer } from '../support/fake-server.ts'
import { oneTimeCodeNeeds, startCodeServer } from '../support/one-time-codes.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, scratch, target } from '../support/remote.ts'
import { startAgent } from '../support/ssh-agent.ts'
import { type KeyPair, makeKey, makeUser, type TestUser } from '../support/sshd.ts'

/** A user who knows the password and answers questions; records what was asked. */
function person(password: string | null, answer: (question: LoginQuestion) => string | null | Promise<string | null>) {
  const questions: LoginQuestion[] = []
  const found: SecretRequest['kind'][] = []
  const source: SecretSource = {
    find: async ({ kind }) => {
      found.push(kind)
      return password === null ? null : new Secret(password)
    },
    ask: async (question) => {
      questions.push(question)
      const given = await answer(question)
      return given === null ? null : new Secret(given)
    },
  }
  return { questions, found, source }
}

const lacks = missing({ ...oneTimeCodeNeeds, programs: [...oneTimeCodeNeeds.programs, 'ssh-agent', 'ssh-add'] })
describe.skipIf(lacks)(`OpenSSH with several factors${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let user: TestUser
  let key: KeyPair
  let keys: { readonly path: string } & AsyncDisposable
  beforeAll(async () => {
    keys = await scratch()
    user = await makeUser()
    key = await makeKey(keys.path, 'key')
    await user.authorize(key)
  })
  afterAll(async () => {
    await user?.remove()
    await keys?.[Symbol.asyncDispose]()
  })

  async function logIn(
    server: Awaited<ReturnType<typeof startCodeServer>>,
    auth: SshTarget['auth'],
    source: SecretSource,
    agentSocket: string | null = null,
  ) {
    await using folder = await scratch()
    const hostKeys = accepting(folder.path, server.hostKey.fingerprint)
    const given = target(server, user.name, auth)
    const result = await connect({ target: given, hostKeys, secrets: source, agentSocket })
    if (!result.ok) return result
    expect(must(await exec(result.value, 'id -un')).stdout.toString()).toBe(`${user.name}\n`)
    await result.value.end()
    return result
  }

  test('a password, then a code: the password is not reported as wrong, and the code is asked for in the server’s words', async () => {
    await using server = await startCodeServer(user.name, 'password,keyboard-interactive', 'apart')
    const knows = person(user.password, () => server.code())
    must(await logIn(server, { method: 'password' }, knows.source))
    expect(knows.questions).toEqual([
      {
        host: server.host,
        port: server.port,
        user: user.name,
        instructions: '',
        question: `One-time password (OATH) for \`${user.name}':`,
        echo: false,
      },
    ])

    await server.again()
    const guesses = person(user.password, () => '000000')
    const refused = failureOf(await logIn(server, { method: 'password' }, guesses.source))
    expect(refused).toMatchObject({
      code: 'auth-incomplete',
      message: expect.stringContaining(
        'The server accepted the password, and requires more. It did not accept the answers.',
      ),
    })

    await server.again()
    const nobody = failureOf(await logIn(server, { method: 'password' }, { find: knows.source.find }))
    expect(nobody).toMatchObject({ code: 'auth-incomplete', message: expect.stringContaining('One-time password') })

    await server.again()
    const wrong = person('wrong', () => server.code())
    expect(failureOf(await logIn(server, { method: 'password' }, wrong.source))).toMatchObject({
      code: 'auth-failed',
      message: expect.stringContaining('It did not accept the password.'),
    })
    expect(wrong.questions).toEqual([])
  })

  test('a key, then a code: the question is shown, whether the key is in a file or in the agent', async () => {
    await using server = await startCodeServer(user.name, 'publickey,keyboard-interactive', 'one')
    const byFile = { method: 'key', keyFile: key.privateFile } as const
    const knows = person(null, () => server.code())
    must(await logIn(server, byFile, knows.source))
    expect(knows.questions).toHaveLength(1)

    await using agent = await startAgent(join(keys.path, 'agent'), [key])
    must(await logIn(server, { method: 'agent' }, knows.source, agent.socket))
    expect(knows.questions).toHaveLength(2)
    expect(knows.found).toEqual([])

    const silent = person(null, () => null)
    const refused = failureOf(await logIn(server, byFile, silent.source))
    expect(refused).toMatchObject({ code: 'auth-incomplete', message: expect.stringContaining('accepted the key') })
    expect(refused.message).toContain('“One-time password (OATH)')
  })

  test('a password and a code in one conversation: the password is given automatically, the code is asked for', async () => {
    await using server = await startCodeServer(user.name, 'keyboard-interactive', 'both')
    const knows = person(user.password, () => server.code())
    must(await logIn(server, { method: 'password' }, knows.source))
    expect(knows.questions.map(({ question }) => question)).toEqual([`One-time password (OATH) for \`${user.name}':`])
  })

  test('a key, then a password not asked for before', async () => {
    await using server = await startCodeServer(user.name, 'publickey,keyboard-interactive', 'both')
    const knows = person(user.password, () => server.code())
    must(await logIn(server, { method: 'key', keyFile: key.privateFile }, knows.source))
    expect(knows.found).toEqual(['password'])
    expect(knows.questions).toHaveLength(1)
  })
})

describe('a server’s questions', () => {
  async function ask(source: SecretSource, server: Awaited<ReturnType<typeof fakeServer>>, readyTimeout = 20_000) {
    await using folder = await scratch()
    const given = target(server, 'someone', { method: 'password' })
    const hostKeys = accepting(folder.path, server.fingerprint)
    const result = await connect({ target: given, hostKeys, secrets: source, agentSocket: null, readyTimeout })
    await (result.ok ? result.value.end() : undefined)
    return result
  }

  test('have instructions, come several at once and in several rounds, and say whether the answer may be shown', async () => {
    const answers: string[][] = []
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        const two = [
          { prompt: 'Site\u202e\u0007:', echo: true },
          { prompt: 'Passcode:', echo: false },
        ]
        context.prompt(two, 'SecurID', 'Have your\ntoken ready.', (first) => {
          answers.push(first ?? [])
          context.prompt('Wait for the next code:', (second) => {
            answers.push(second ?? [])
            context.accept()
          })
        })
      },
    })
    const knows = person('the password', ({ question }) => `answer to ${question}`)
    must(await ask(knows.source, server))
    expect(answers).toEqual([['answer to Site :', 'answer to Passcode:'], ['answer to Wait for the next code:']])
    expect(knows.questions.map(({ instructions, echo }) => [instructions, echo])).toEqual([
      ['SecurID — Have your token ready.', true],
      ['SecurID — Have your token ready.', false],
      ['', expect.any(Boolean)],
    ])
  })

  test('without end are answered a dozen times, and no more', async () => {
    let asked = 0
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        const again = () => {
          asked += 1
          context.prompt('More?', again)
        }
        again()
      },
    })
    const refused = failureOf(await ask(person('password', () => 'yes').source, server))
    expect(refused.message).toContain('asks more questions than a login needs')
    expect(asked).toBeLessThanOrEqual(13)
  })

  test('may take longer to answer than the login timeout', async () => {
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        context.prompt('Code:', () => context.accept())
      },
    })
    const slow = person('password', () => new Promise((resolve) => setTimeout(() => resolve('1'), 3_000)))
    must(await ask(slow.source, server, 2_000))
  })

  test('are withdrawn when the server ends the login before the answer', async () => {
    await using server = await fakeServer({
      authenticate: (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive'])
        context.prompt('Code:', () => context.accept())
      },
    })
    const withdrawn = Promise.withResolvers<void>()
    const source: SecretSource = {
      find: async () => new Secret('password'),
      ask: (_question, over) =>
        new Promise((resolve) => {
          over.addEventListener('abort', () => {
            withdrawn.resolve()
            resolve(null)
          })
          server.cut()
        }),
    }
    expect(failureOf(await ask(source, server)).code).not.toBe('timeout')
    await withdrawn.promise
  })
})
