/** Logging in at one hop: which credentials there are, and in which order they are tried. */
import { readFile } from 'node:fs/promises'
import ssh2, { type AnyAuthMethod, type AuthHandlerMiddleware, type BaseAgent, type ParsedKey, type Prompt } from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { agentSocket, openAgent } from './agent.ts'
import type { Secret } from './secret.ts'
import { hopName, type SecretSource, type SshHop } from './target.ts'

/** sshd gives up after 6 (MaxAuthTries); one less keeps its log free of "too many authentication failures". */
const maxTries = 5

/** Codes after which nobody may try again without a person having changed something. */
export const loginFailureCodes: readonly string[] = ['auth-failed', 'key-unreadable', 'key-needs-passphrase']

export interface Credentials {
  readonly agent: BaseAgent | null
  readonly key: ParsedKey | null
  readonly password: Secret | null
}

/** One login: the handler that ssh2 asks for the next method, and the account of what became of it. */
export interface Login {
  readonly next: AuthHandlerMiddleware
  /** True once a credential was sent, so that the server has counted a try. */
  readonly tried: () => boolean
  readonly failure: () => Failure
}

async function readKey(path: string, secrets: SecretSource): Promise<Result<ParsedKey, Failure>> {
  const unchanged = 'No connection was opened.'
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    const message = `The key file ${path} cannot be read (${code}).`
    return fail({ code: 'key-unreadable', message, unchanged, next: 'Check the path and its permissions.' })
  }
  const usable = (found: ParsedKey | ParsedKey[] | Error) => {
    const key = Array.isArray(found) ? found[0] : found
    return key && !(key instanceof Error) && key.isPrivateKey() ? key : null
  }
  const plain = ssh2.utils.parseKey(bytes)
  const key = usable(plain)
  if (key) return ok(key)
  if (!(plain instanceof Error && /passphrase|encrypted/i.test(plain.message))) {
    const message = `The file ${path} holds no private key that can be used.`
    return fail({
      code: 'key-unreadable',
      message,
      unchanged,
      next: 'Choose the private key, in OpenSSH or PEM format.',
    })
  }
  const passphrase = await secrets.find({ kind: 'passphrase', keyFile: path })
  const opened = passphrase && usable(ssh2.utils.parseKey(bytes, passphrase.expose()))
  if (opened) return ok(opened)
  const message = passphrase
    ? `The passphrase does not open the key file ${path}.`
    : `The key file ${path} is protected by a passphrase.`
  return fail({ code: 'key-needs-passphrase', message, unchanged, next: 'Enter the passphrase of the key.' })
}

/** Collects what `hop` needs, before anything is sent. The password of a hop with a key serves as its second factor. */
export async function readCredentials(
  hop: SshHop,
  secrets: SecretSource,
  socket: string | null = agentSocket(),
): Promise<Result<Credentials, Failure>> {
  const { host, port, user } = hop
  // With a key it is a second factor, of which only the server knows whether it wants one.
  const needed = hop.auth.method === 'password'
  const password = await secrets.find({ kind: 'password', host, port, user, needed })
  if (hop.auth.method === 'agent') {
    const agent = await openAgent(socket, maxTries - 1, hop.auth.identity)
    return agent.ok ? ok({ agent: agent.value, key: null, password }) : agent
  }
  if (hop.auth.method === 'key') {
    const key = await readKey(hop.auth.keyFile, secrets)
    return key.ok ? ok({ agent: null, key: key.value, password }) : key
  }
  if (!password) {
    const message = `There is no password for ${hopName(hop)}.`
    return fail({ code: 'auth-failed', message, unchanged: 'No connection was opened.', next: 'Enter the password.' })
  }
  return ok({ agent: null, key: null, password })
}

const asksForPassword = (prompt: Prompt) =>
  prompt.echo !== true &&
  /pass|kennwort|senha|contrase|mot de passe|wachtwoord|lozinka|parola|parol/i.test(prompt.prompt)

/** A server's words, cut and cleaned for a message. */
function quote(text: string): string {
  return `“${text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 80)}”`
}

/**
 * Order: agent, key, password, keyboard-interactive. The password is sent once in a login, by whichever of the two ways
 * the server offers: a second try of a wrong one only brings the account nearer to being locked.
 * @param giveUp ends the connection when the server asks what cannot be answered.
 */
export function login(hop: SshHop, credentials: Credentials, giveUp: () => void): Login {
  const waiting: ('agent' | 'key' | 'password')[] = []
  if (credentials.agent) waiting.push('agent')
  if (credentials.key) waiting.push('key')
  // As a second factor only: after a refused key the password was not what this hop is to be entered with.
  const passwordFirst = hop.auth.method === 'password'
  if (passwordFirst) waiting.push('password')
  let passwordLeft = credentials.password
  let tries = 0
  let reason = ''
  let offered: readonly string[] = []

  const answer = (prompts: Prompt[], finish: (answers: string[]) => void): void => {
    const [prompt] = prompts
    if (!prompt) {
      finish([])
    } else if (prompts.length === 1 && passwordLeft && asksForPassword(prompt)) {
      const password = passwordLeft
      passwordLeft = null
      finish([password.expose()])
    } else {
      reason = passwordLeft
        ? `The server asks ${quote(prompts.map((each) => each.prompt).join(' '))}, which cannot be answered.`
        : 'The server did not accept the password.'
      giveUp()
    }
  }

  const withPassword = (methods: readonly string[]): AnyAuthMethod | null => {
    if (!passwordLeft) return null
    if (methods.includes('password')) {
      const password = passwordLeft.expose()
      passwordLeft = null
      return { type: 'password', username: hop.user, password }
    }
    if (!methods.includes('keyboard-interactive')) return null
    const prompt = (_n: string, _i: string, _l: string, prompts: Prompt[], finish: (answers: string[]) => void) =>
      answer(prompts, finish)
    return { type: 'keyboard-interactive', username: hop.user, prompt }
  }

  const choose = (methods: readonly string[], partial: boolean): AnyAuthMethod | null => {
    const turn = waiting.shift()
    if (turn === 'agent' && credentials.agent && methods.includes('publickey')) {
      return { type: 'agent', username: hop.user, agent: credentials.agent }
    }
    if (turn === 'key' && credentials.key && methods.includes('publickey')) {
      return { type: 'publickey', username: hop.user, key: credentials.key }
    }
    if (turn === 'password' || (turn === undefined && partial)) return withPassword(methods)
    return turn === undefined ? null : choose(methods, partial)
  }

  const next: AuthHandlerMiddleware = (methods: readonly string[] | null, partial: boolean | null, done) => {
    // The first call knows no methods yet: `none` asks for them and is not counted as a try by the server.
    if (methods === null) return done({ type: 'none', username: hop.user })
    offered = methods
    const chosen = tries < maxTries ? choose(methods, partial === true) : null
    if (!chosen) return done(false as never)
    tries += 1
    done(chosen)
  }

  const failure = (): Failure => ({
    code: 'auth-failed',
    message:
      `The login as ${hopName(hop)} was refused. ${reason}`.trim() +
      (offered.length > 0
        ? ` The server accepts: ${offered.map((name) => name.replace(/[^\w.@-]/g, '')).join(', ')}.`
        : ''),
    unchanged: 'Nothing was run on the server.',
    next: 'Check the user and the credential; nothing is tried again by itself.',
  })
  return { next, tried: () => tries > 0, failure }
}
