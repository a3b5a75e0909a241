/** The user's running SSH agent, narrowed to the keys that a login may try. Never forwarded. */
// Node finds only some of what this CommonJS package exports by name; the rest is in its default.
import ssh2, {
  BaseAgent,
  type IdentityCallback,
  type OpenSSHAgent,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { keyFingerprint } from './known-hosts.ts'

const windowsPipe = '\\\\.\\pipe\\openssh-ssh-agent'

/** Where the agent listens: SSH_AUTH_SOCK, or on Windows the pipe of its OpenSSH service. Null when there is none. */
export function agentSocket(environment: NodeJS.ProcessEnv = process.env): string | null {
  return environment.SSH_AUTH_SOCK || (process.platform === 'win32' ? windowsPipe : null)
}

class NarrowedAgent extends BaseAgent<ParsedKey> {
  readonly #agent: OpenSSHAgent
  readonly #keys: ParsedKey[]

  constructor(agent: OpenSSHAgent, keys: ParsedKey[]) {
    super()
    this.#agent = agent
    this.#keys = keys
  }

  override getIdentities(done: IdentityCallback<ParsedKey>): void {
    done(null, this.#keys)
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, done)
  }
}

function identities(agent: OpenSSHAgent): Promise<Result<ParsedKey[], Error>> {
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      if (error) return resolve({ ok: false, error })
      const parsed = (keys ?? []).map((key) => ssh2.utils.parseKey(key as ParsedKey))
      resolve(ok(parsed.filter((key): key is ParsedKey => !(key instanceof Error) && !Array.isArray(key))))
    })
  })
}

export interface AgentKey {
  readonly type: string
  readonly fingerprint: string
  readonly comment: string
}

/** What the agent holds. Fails where none is running, or it does not answer. */
export async function agentKeys(socket: string | null = agentSocket()): Promise<Result<AgentKey[], Failure>> {
  if (!socket) return fail({ code: 'no-agent', message: 'No SSH agent is running (SSH_AUTH_SOCK is not set).' })
  const keys = await identities(new ssh2.OpenSSHAgent(socket))
  if (!keys.ok) return fail({ code: 'no-agent', message: 'The SSH agent does not answer.' })
  const fingerprint = (key: ParsedKey) => keyFingerprint(key.getPublicSSH())
  return ok(keys.value.map((key) => ({ type: key.type, comment: key.comment ?? '', fingerprint: fingerprint(key) })))
}

const unavailable = (message: string, next: string) =>
  fail({ code: 'auth-failed', message, unchanged: 'No connection was opened.', next } satisfies Failure)

/**
 * The agent with at most `limit` of its keys, or with only the one that has the fingerprint `identity`. Fails when the
 * agent does not answer, is empty, or does not have that key: trying the others instead would not be what was asked.
 */
export async function openAgent(
  socket: string | null,
  limit: number,
  identity?: string,
): Promise<Result<BaseAgent, Failure>> {
  if (!socket) {
    return unavailable(
      'No SSH agent is running (SSH_AUTH_SOCK is not set).',
      'Start an agent, or log in with a key file.',
    )
  }
  const agent = new ssh2.OpenSSHAgent(socket)
  const keys = await identities(agent)
  if (!keys.ok) return unavailable('The SSH agent does not answer.', 'Start the agent again, or use a key file.')
  if (keys.value.length === 0) return unavailable('The SSH agent holds no key.', 'Add the key with ssh-add.')
  if (!identity) return ok(new NarrowedAgent(agent, keys.value.slice(0, limit)))
  const chosen = keys.value.filter((key) => keyFingerprint(key.getPublicSSH()) === identity)
  if (chosen.length === 0) {
    return unavailable(`The SSH agent does not hold the key ${identity}.`, 'Add that key with ssh-add.')
  }
  return ok(new NarrowedAgent(agent, chosen))
}
