/** Logging in at one hop: which credentials there are, in which order they are tried, and what the server made of them. */
import type { AnyAuthMethod, AuthHandlerMiddleware, Client, Prompt } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { agentSocket } from './agent.ts'
import { Answers } from './answers.ts'
import { identitiesOf } from './identities.ts'
import { type Identity, identityName } from './identity.ts'
import { KeyFailure } from './key-file.ts'
import { offerOf, teachOffers } from './offer-key.ts'
import type { Secret } from './secret.ts'
import { hopName, type SecretSource, type SshHop } from './target.ts'

/** Codes after which nobody may try again without a person having changed something. */
export const loginFailureCodes: readonly string[] = [
  'auth-failed',
  'auth-incomplete',
  'key-unreadable',
  'key-unsupported',
  'key-needs-passphrase',
]

export interface Credentials {
  /** In the order in which they are tried. */
  readonly identities: readonly Identity[]
  readonly password: Secret | null
}

/** What a login needs of the connection that it is made on. */
export interface LoginHooks {
  /** Ends the connection: the server asks what cannot be answered. */
  readonly giveUp: () => void
  /** The time in which it must be logged in stands still while this is waited for: a person, or a device. */
  readonly waitFor: (work: Promise<unknown>) => void
  /** Aborted when the connection ends: whatever is still asked then needs no answer. */
  readonly over: AbortSignal
}

/** One login: the handler that ssh2 asks for the next method, and the account of what became of it. */
export interface Login {
  readonly next: AuthHandlerMiddleware
  /** To be called once, as soon as the client connects. */
  readonly attach: (client: Client) => void
  /** True once a credential was sent, so that the server has counted a try. */
  readonly tried: () => boolean
  readonly failure: () => Failure
}

/** Collects what `hop` needs, before anything is sent. */
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
  /** What the server took, while it asked for more. */
  readonly #taken: Tried[] = []
  #last: Tried | null = null
  #count = 0
  #reason = ''
  #keyFailure: Failure | null = null
  #offered: readonly string[] = []
  /** One try at each in a stage: a second one of a wrong password brings the account nearer to being locked. */
  #passwordTried = false
  #questionsTried = false

  constructor(hop: SshHop, credentials: Credentials, secrets: SecretSource, hooks: LoginHooks) {
    this.#hop = hop
    this.#hooks = hooks
    this.#left = [...credentials.identities]
    this.#answers = new Answers(hop, secrets, credentials.password, hooks.over)
  }

  readonly next: AuthHandlerMiddleware = (methods: readonly string[] | null, partial: boolean | null, done) => {
    // The first call knows no methods yet: `none` asks for them and is not counted as a try by the server.
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

  /** What became of the last try. */
  #account(partial: boolean): void {
    const last = this.#last
    this.#last = null
    if (last === null) return
    if (!partial) return void this.#refused.push(last)
    this.#taken.push(last)
    // The next factor may be asked for in the same way as the last one.
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
    // After refused keys the password was not what this hop is to be entered with.
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
    teachOffers(client, {
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
    // A server that ends the connection gives no word on what was tried last.
    const refused = this.#last === null ? this.#refused : [...this.#refused, this.#last]
    if (this.#keyFailure && this.#taken.length === 0) return this.#keyFailure
    const keys = refused.filter((one): one is Identity => typeof one === 'object')
    const others = refused.filter((one) => typeof one !== 'object').map(nameOf)
    const sentences = [
      this.#taken.length > 0
        ? `The server accepted ${this.#taken.map(nameOf).join(' and ')}, and asks for more.`
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
    return 'Check the user and the credential; nothing is tried again by itself.'
  }
}

type Finish = (answers: string[]) => void

/** Order: keys, then password, then the server's questions; after a factor that was accepted, whatever is still asked for. */
export function login(hop: SshHop, credentials: Credentials, secrets: SecretSource, hooks: LoginHooks): Login {
  return new LoginAttempt(hop, credentials, secrets, hooks)
}
