/**
 * Answers a server's questions during a login: with the password where it asks for one, otherwise by asking the user.
 */
import type { Prompt } from 'ssh2'
import type { Secret } from './secret.ts'
import type { SecretSource, SshHop } from './target.ts'

/** Limits on a server's questions. A real login needs fewer. */
const limits = { rounds: 12, prompts: 8, text: 400 }

const password = /passwor[dt]|kennwort|senha|contrase|mot de passe|wachtwoord|lozinka|parola|parol/i

/** Words in prompts for one-time codes or new passwords, which the stored password must not answer. */
const changing = /one.?time|otp|oath|token|code|verif|duo|yubi|authenticator|factor|new password|neues|retype|again/i

const asksForPassword = ({ echo, prompt }: Prompt) => echo !== true && password.test(prompt) && !changing.test(prompt)

/** Truncates text from a server and removes control and bidirectional-override characters. */
function cleaned(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, limits.text)
}

/** Quotes text from a server in a message. */
const quote = (text: string) => `“${cleaned(text).slice(0, 80)}”`

/** An answer, or the reason why there is none. */
type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

export class Answers {
  readonly #hop: SshHop
  readonly #secrets: SecretSource
  #password: Secret | null
  /** The prompt that was answered with the password. */
  #answered = ''
  #passwordUsed = false
  #rounds = 0
  readonly #ended: AbortSignal

  constructor(hop: SshHop, secrets: SecretSource, known: Secret | null, ended: AbortSignal) {
    this.#ended = ended
    this.#hop = hop
    this.#secrets = secrets
    this.#password = known
  }

  /**
   * Gives the password once, and asks the user if it is not known yet. Null if it was given before or there is none.
   */
  async password(): Promise<Secret | null> {
    if (this.#passwordUsed) return null
    this.#passwordUsed = true
    const { host, port, user } = this.#hop
    return this.#password ?? (await this.#secrets.find({ kind: 'password', host, port, user, needed: true }))
  }

  /** Answers all prompts of one round. */
  async to(name: string, instructions: string, prompts: readonly Prompt[]): Promise<Answer<string[]>> {
    this.#rounds += 1
    if (this.#rounds > limits.rounds || prompts.length > limits.prompts) {
      return { ok: false, error: 'The server asks more questions than a login needs.' }
    }
    const texts = [name, instructions].map(cleaned).filter((text) => text !== '')
    const answers: string[] = []
    for (const prompt of prompts) {
      const answer = await this.#one(prompt, texts.join(' — '))
      if (!answer.ok) return { ok: false, error: answer.error }
      answers.push(answer.value)
    }
    return { ok: true, value: answers }
  }

  async #one(prompt: Prompt, instructions: string): Promise<Answer<string>> {
    const asked = cleaned(prompt.prompt)
    if (asksForPassword(prompt)) {
      const given = await this.password()
      if (given) {
        this.#answered = asked
        return { ok: true, value: given.expose() }
      }
      if (this.#answered === asked) return { ok: false, error: 'The server did not accept the password.' }
    }
    const { host, port, user } = this.#hop
    const echo = prompt.echo === true
    const answer = await this.#secrets.ask?.({ host, port, user, instructions, question: asked, echo }, this.#ended)
    if (answer) return { ok: true, value: answer.expose() }
    return { ok: false, error: `The server asks ${quote(prompt.prompt)}, and got no answer.` }
  }
}
