/** Logs in to one hop: collects the credentials, tries them in order, and reports what the server refused. */
import type { AnyAuthMethod, AuthHandlerMiddleware, Client, Prompt } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { agentSocket } from './agent.ts'
import { Answers } from './answers.ts'
import { identitiesOf } from './identities.ts'
import { type Identity, identityName } from './identity.ts'
import { KeyFailure } from './key-file.ts'
import { enableKeyOffers, offerOf } from './offer-key.ts'
import type { Secret } from './secret.ts'
import { hopName, type SecretSource, type SshHop } from './target.ts'

/** Failure codes after which the console must not retry until the user has changed something. */
export const loginFailureCodes: readonly string[] = [
  'auth-failed',
  'auth-incomplete',
  'key-unreadable',
  'key-unsupported',
  'key-needs-passphrase',
]

export interface Credentials {
  /** In the order they are tried. */
  readonly identities: readonly Identity[]
  readonly password: Secret | null
}

/** What a login needs from its connection. */
export interface LoginHooks {
  /** Ends the connection because a question of the server cannot be answered. */
  readonly giveUp: () => void
  /** Pauses the login timeout while a user or a device is being waited for. */
  readonly waitFor: (work: Promise<unknown>) => void
  /** Aborted when the connection ends, so that open questions are withdrawn. */
  readonly over: AbortSignal
}

/** One login: the handler that ssh2 asks for the next method, and the record of what was tried. */
export interface Login {
  readonly next: AuthHandlerMiddleware
  /** Call once, as soon as the client connects. */
  readonly attach: (client: Client) => void
  /** True once a credential was sent, which the server counts as an attempt. */
  readonly tried: () => boolean
  readonly failure: () => Failure
}

/** Collects the credentials for `hop` before anything is sent. */
export async function readCredentials(
  hop: SshHop,
  secrets: SecretSource,
  socket: string | null = agentSocket(),
): Promise<Result<Credentials, Failure>> {
  const { host, port, user } = hop
  if (hop.auth.method !== 'password') {
    const identities = await identitiesOf(hop.auth, socket, secrets)
    return identities.ok ? ok({ identities: identities.value, password: null }) : identities
  }
  const password = await secrets.find({ kind: 'password', host, port, user, needed: true })
  if (password) return ok({ identities: [], password })
  const message = `No password was given for ${hopName(hop)}.`
  return fail({ code: 'auth-failed', message, unchanged: 'No connection was opened.', next: 'Enter the password.' })
}

type Tried = Identity | 'password' | 'questions'

const nameOf = (tried: Tried): string => {
  if (tried === 'password') return 'the password'
  return tried === 'questions' ? 'the answers' : `the key ${identityName(tried)}`
}

const listed = (identities: readonly Identity[]) => identities.map(identityName).join(', ')

class LoginAttempt implements Login {
  readonly #hop: SshHop
  readonly #hooks: LoginHooks
  readonly #answers: Answers
  /** Not tried yet. */
  readonly #left: Identity[]
  readonly #refused: Tried[] = []
  /** Factors the server accepted while it required more. */
  readonly #taken: Tried[] = []
  #last: Tried | null = null
  #count = 0
  #reason = ''
  #keyFailure: Failure | null = null
  #offered: readonly string[] = []
  /** One attempt per stage: repeating a wrong password may lock the account. */
  #passwordTried = false
  #questionsTried = false

  constructor(hop: SshHop, credentials: Credentials, secrets: SecretSource, hooks: LoginHooks) {
    this.#hop = hop
    this.#hooks = hooks
    this.#left = [...credentials.identities]
    this.#answers = new Answers(hop, secrets, credentials.password, hooks.over)
  }

  readonly next: AuthHandlerMiddleware = (methods: readonly string[] | null, partial: boolean | null, done) => {
    // ssh2 passes no methods on the first call. `none` asks for them; servers do not count it as an attempt.
    if (methods === null) return done({ type: 'none', username: this.#hop.user })
    this.#offered = methods
    this.#account(partial === true)
    const work = this.#choose(methods).then((chosen) => {
      if (!chosen) return done(false as never)
      this.#count += 1
      done(chosen)
    })
    this.#hooks.waitFor(work)
  }

  /** Records the result of the last attempt. */
  #account(partial: boolean): void {
    const last = this.#last
    this.#last = null
    if (last === null) return
    if (!partial) return void this.#refused.push(last)
    this.#taken.push(last)
    // The next factor may use the same method.
    this.#questionsTried = false
  }

  async #choose(methods: readonly string[]): Promise<AnyAuthMethod | null> {
    const user = this.#hop.user
    if (methods.includes('publickey')) {
      const identity = this.#left.shift()
      if (identity) {
        this.#last = identity
        return offerOf(user, identity)
      }
    }
    // Do not fall back to the password after keys were refused, unless the hop is configured for it.
    if (this.#hop.auth.method !== 'password' && this.#taken.length === 0) return null
    if (methods.includes('password') && !this.#passwordTried) {
      this.#passwordTried = true
      const password = await this.#answers.password()
      if (password) {
        this.#last = 'password'
        return { type: 'password', username: user, password: password.expose() }
      }
    }
    const mayAsk = !this.#questionsTried && !this.#refused.includes('password')
    if (!mayAsk || !methods.includes('keyboard-interactive')) return null
    this.#questionsTried = true
    this.#last = 'questions'
    const prompt = (name: string, instructions: string, _l: string, prompts: Prompt[], finish: Finish) =>
      this.#hooks.waitFor(this.#answer(name, instructions, prompts, finish))
    return { type: 'keyboard-interactive', username: user, prompt }
  }

  async #answer(name: string, instructions: string, prompts: Prompt[], finish: Finish): Promise<void> {
    const given = await this.#answers.to(name, instructions, prompts)
    if (given.ok) return finish(given.value)
    this.#reason = given.error
    this.#hooks.giveUp()
  }

  readonly attach = (client: Client): void => {
    enableKeyOffers(client, {
      signing: this.#hooks.waitFor,
      notSigned: (identity, error) => {
        this.#last = null
        if (error instanceof KeyFailure) this.#keyFailure ??= error.failure
        else this.#reason = `The key ${identityName(identity)} could not be used: ${error.message}.`
      },
    })
    client.on('change password', () => {
      this.#reason = 'The password has expired; the server demands a new one.'
      this.#hooks.giveUp()
    })
  }

  readonly tried = (): boolean => this.#count > 0

  readonly failure = (): Failure => {
    // A server that ends the connection does not say whether it refused the last attempt.
    const refused = this.#last === null ? this.#refused : [...this.#refused, this.#last]
    if (this.#keyFailure && this.#taken.length === 0) return this.#keyFailure
    const keys = refused.filter((one): one is Identity => typeof one === 'object')
    const others = refused.filter((one) => typeof one !== 'object').map(nameOf)
    const sentences = [
      this.#taken.length > 0
        ? `The server accepted ${this.#taken.map(nameOf).join(' and ')}, and requires more.`
        : `The login as ${hopName(this.#hop)} was refused.`,
      this.#reason,
      keys.length > 0 ? `It did not accept ${keys.length === 1 ? 'the key' : 'the keys'} ${listed(keys)}.` : '',
      others.length > 0 && this.#reason === '' ? `It did not accept ${others.join(' and ')}.` : '',
      keys.length > 0 && this.#left.length > 0
        ? `Not tried, because the server ended the login before: ${listed(this.#left)}.`
        : '',
      this.#expired(keys),
      this.#offered.length > 0
        ? `The server accepts: ${this.#offered.map((name) => name.replace(/[^\w.@-]/g, '')).join(', ')}.`
        : '',
    ]
    return {
      code: this.#taken.length > 0 ? 'auth-incomplete' : 'auth-failed',
      message: sentences.filter((sentence) => sentence !== '').join(' '),
      unchanged: 'Nothing was run on the server.',
      next: this.#next(keys),
    }
  }

  #expired(keys: readonly Identity[]): string {
    const old = keys.filter(({ key }) => key.certificate && key.certificate.validBefore < Date.now())
    return old.length === 0 ? '' : `Expired: ${listed(old)}.`
  }

  #next(keys: readonly Identity[]): string {
    if (this.#taken.length > 0) return 'Connect again and answer what the server asks for.'
    if (keys.length > 0 && this.#left.length > 0) {
      return 'Choose the one key of this site, so that it is tried first (in ~/.ssh/config: IdentityFile and IdentitiesOnly).'
    }
    return 'Check the user and the credential; the console does not retry automatically.'
  }
}

type Finish = (answers: string[]) => void

/** Tries keys, then the password, then the server's questions; after an accepted factor, whatever is still required. */
export function login(hop: SshHop, credentials: Credentials, secrets: SecretSource, hooks: LoginHooks): Login {
  return new LoginAttempt(hop, credentials, secrets, hooks)
}
