/** Asks people for secrets that connections need. An answer goes to the connection, and to the secret store. */
import { randomUUID } from 'node:crypto'
import type { Prompt } from '../../src-shared/contract/prompts.ts'
import type { Clock } from '../ports/clock.ts'
import { requestKey, type SecretStore } from '../ports/secrets.ts'
import { Secret } from '../remote/secret.ts'
import {
  hopName,
  type LoginQuestion,
  type SecretRequest,
  type SecretSource,
  type SshTarget,
  type SudoMode,
} from '../remote/target.ts'

/** Milliseconds until a prompt expires. */
const TIMEOUT = 120_000

/** The same for a server's question: sshd ends a login after 120 seconds. */
const LOGIN_TIMEOUT = 90_000

interface Question {
  readonly requestId: string
  /** A secret that may be stored, or a server's question, whose answer never is. */
  readonly asked: { readonly secret: SecretRequest } | { readonly login: LoginQuestion }
  readonly expiresAt: number
  readonly answer: Promise<Secret | null>
  readonly close: (secret: Secret | null) => void
}

interface Login {
  readonly target: SshTarget
  readonly sudo: SudoMode
}

/** Describes what a secret is for. */
export function aboutSecret(request: SecretRequest): string {
  return request.kind === 'passphrase' ? request.keyFile : hopName(request)
}

/** The secrets that a login may use. */
export function secretsOf({ target }: Login): SecretRequest[] {
  const hops = [...target.jumps, target]
  const { host, port, user } = target
  return [
    ...hops.flatMap(({ auth, ...hop }): SecretRequest[] => [
      { kind: 'password', host: hop.host, port: hop.port, user: hop.user },
      ...(auth.method === 'key' ? [auth.keyFile, ...(auth.others ?? [])] : []).map((keyFile) => {
        return { kind: 'passphrase' as const, keyFile }
      }),
    ]),
    { kind: 'sudo', host, port, user },
  ]
}

export class Prompts implements SecretSource {
  readonly #store: SecretStore
  readonly #clock: Clock
  readonly #questions = new Map<string, Question>()
  /** Declined secrets: not asked for again until the user retries the site. */
  readonly #declined = new Set<string>()
  readonly #listeners = new Set<() => void>()

  constructor(store: SecretStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  list(namesOf: (request: SecretRequest) => string[]): Prompt[] {
    return [...this.#questions.values()].map(({ requestId, asked, expiresAt }) => {
      if ('secret' in asked) {
        const { kind } = asked.secret
        const about = aboutSecret(asked.secret)
        return { requestId, expiresAt, kind, about, sites: namesOf(asked.secret), question: null }
      }
      const { question, instructions, echo, host, port, user } = asked.login
      const sites = namesOf({ kind: 'password', host, port, user })
      const words = { text: question, instructions, echo }
      return { requestId, expiresAt, kind: 'question', about: hopName(asked.login), sites, question: words }
    })
  }

  /** Shows a server's question. Never shared by two logins, as a code is valid once; never stored, never declined for long. */
  async ask(login: LoginQuestion, over: AbortSignal): Promise<Secret | null> {
    if (over.aborted) return null
    const question = this.#open(randomUUID(), { login }, LOGIN_TIMEOUT)
    const end = () => question.close(null)
    over.addEventListener('abort', end, { once: true })
    const given = await question.answer
    over.removeEventListener('abort', end)
    return given
  }

  /** Finds a secret in the store or asks the user; null if neither has it. */
  async find(request: SecretRequest): Promise<Secret | null> {
    const kept = await this.#store.find(request)
    if (kept || (request.kind === 'password' && request.needed === false)) return kept
    const key = requestKey(request)
    if (this.#declined.has(key)) return null
    const question = this.#questions.get(key) ?? this.#open(key, { secret: request }, TIMEOUT)
    return question.answer
  }

  /** True where the login needs a secret that is not stored. */
  async lacks({ target, sudo }: Login): Promise<boolean> {
    const { host, port, user } = target
    const needed: SecretRequest[] = [...target.jumps, target]
      .filter(({ auth }) => auth.method === 'password')
      .map((hop) => ({ kind: 'password', host: hop.host, port: hop.port, user: hop.user }))
    if (sudo === 'password') needed.push({ kind: 'sudo', host, port, user })
    for (const request of needed) if (!(await this.#store.find(request))) return true
    return false
  }

  /** False if no prompt with this id is open. */
  async answer(requestId: string, text: string | null): Promise<boolean> {
    const question = [...this.#questions.values()].find((one) => one.requestId === requestId)
    if (!question) return false
    const secret = text === null ? null : new Secret(text)
    if (secret && 'secret' in question.asked) await this.#store.save(question.asked.secret, secret)
    question.close(secret)
    return true
  }

  /** The user retries these logins: declined secrets may be asked for again. */
  unblock(login: Login): void {
    for (const request of secretsOf(login)) this.#declined.delete(requestKey(request))
  }

  /** The server refused the login: the secrets used for it are wrong, and are deleted. */
  async refused(login: Login, code: string): Promise<void> {
    const wrong = { 'auth-failed': 'password', 'key-needs-passphrase': 'passphrase', 'wrong-sudo-password': 'sudo' }
    const kind = wrong[code as keyof typeof wrong]
    for (const request of secretsOf(login)) if (request.kind === kind) await this.#store.forget(request)
  }

  /** Answers every open prompt with null, because the console is closing. */
  close(): void {
    for (const { close } of [...this.#questions.values()]) close(null)
  }

  #open(key: string, asked: Question['asked'], timeout: number): Question {
    const { promise, resolve } = Promise.withResolvers<Secret | null>()
    const expiry = new AbortController()
    const close = (secret: Secret | null) => {
      expiry.abort()
      if (this.#questions.delete(key) && secret === null && 'secret' in asked) this.#declined.add(key)
      resolve(secret)
      this.#publish()
    }
    const expiresAt = this.#clock.now() + timeout
    const question = { requestId: randomUUID(), asked, expiresAt, answer: promise, close }
    this.#questions.set(key, question)
    void this.#clock.wait(timeout, expiry.signal).then((over) => {
      if (over) close(null)
    })
    this.#publish()
    return question
  }

  #publish(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
