import { describe, expect, test } from 'vitest'
import { Prompts } from '../../src-main/app/prompts.ts'
import { MemorySecrets } from '../../src-main/ports/secrets.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { LoginQuestion, SecretRequest } from '../../src-main/remote/target.ts'

const still = { now: () => 1_000, wait: () => new Promise<boolean>(() => undefined) }
const question: LoginQuestion = {
  host: 'north.example',
  port: 22,
  user: 'admin',
  instructions: 'Look at your phone.',
  question: 'Verification code:',
  echo: true,
}
const password: SecretRequest = { kind: 'password', host: 'north.example', port: 22, user: 'admin' }

describe("a server's question during a login", () => {
  test("is shown in the server's words, with the waiting sites", () => {
    const prompts = new Prompts(new MemorySecrets(), still)
    void prompts.ask(question, new AbortController().signal)
    const asked: SecretRequest[] = []
    const [shown] = prompts.list((request) => {
      asked.push(request)
      return ['North']
    })
    expect(shown).toMatchObject({
      kind: 'question',
      about: 'admin@north.example',
      sites: ['North'],
      question: { text: 'Verification code:', instructions: 'Look at your phone.', echo: true },
    })
    expect(asked).toEqual([password])
  })

  test('is answered separately for each login, and the answer is never stored', async () => {
    const store = new MemorySecrets()
    const prompts = new Prompts(store, still)
    const over = new AbortController().signal
    const answers = [prompts.ask(question, over), prompts.ask(question, over)]
    const shown = prompts.list(() => [])
    expect(new Set(shown.map(({ requestId }) => requestId)).size).toBe(2)
    expect(await prompts.answer(shown[0]?.requestId ?? '', '111111')).toBe(true)
    expect(await prompts.answer(shown[1]?.requestId ?? '', null)).toBe(true)
    expect((await answers[0])?.expose()).toBe('111111')
    expect(await answers[1]).toBe(null)
    expect(await store.list()).toEqual([])
    // Leaving one prompt unanswered does not keep the next login from asking.
    void prompts.ask(question, over)
    expect(prompts.list(() => [])).toHaveLength(1)
  })

  test('disappears when its login ends', async () => {
    const prompts = new Prompts(new MemorySecrets(), still)
    const login = new AbortController()
    const answer = prompts.ask(question, login.signal)
    login.abort()
    expect(await answer).toBe(null)
    expect(prompts.list(() => [])).toEqual([])
    expect(await prompts.ask(question, login.signal)).toBe(null)
  })

  test('a refused code does not delete the password', async () => {
    const store = new MemorySecrets()
    const prompts = new Prompts(store, still)
    await store.save(password, new Secret('right'))
    const { host, port, user } = question
    const login = {
      target: { host, port, user, auth: { method: 'password' as const }, jumps: [] },
      sudo: 'none' as const,
    }
    await prompts.refused(login, 'auth-incomplete')
    expect((await store.find(password))?.expose()).toBe('right')
    await prompts.refused(login, 'auth-failed')
    expect(await store.find(password)).toBe(null)
  })
})
