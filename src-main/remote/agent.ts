/** Client for the user's running SSH agent: lists keys and requests signatures. Never forwarded. */
import { connect } from 'node:net'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type Identity, isSha256 } from './identity.ts'
import { type PublicKey, readPublicKey } from './public-key.ts'
import { FieldReader, numberField, stringField } from './wire.ts'

const windowsPipe = '\\\\.\\pipe\\openssh-ssh-agent'

/** Message numbers of the agent protocol. */
const message = { identities: 11, identitiesAnswer: 12, sign: 13, signature: 14 } as const

/** Maximum length of an agent's answer in bytes; OpenSSH uses the same limit. */
const maxAnswer = 256 * 1024

/** Timeouts in milliseconds. Signing may wait for a touch or a click. */
const timeouts = { list: 10_000, sign: 60_000 }

/** The agent's socket: SSH_AUTH_SOCK, or the named pipe of the OpenSSH service on Windows. Null if there is none. */
export function agentSocket(environment: NodeJS.ProcessEnv = process.env): string | null {
  return environment.SSH_AUTH_SOCK || (process.platform === 'win32' ? windowsPipe : null)
}

/** Sends one request and returns the answer without its length prefix. */
function ask(socket: string, request: Buffer, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const link = connect(socket)
    const parts: Buffer[] = []
    const end = (error: Error | null, answer = Buffer.alloc(0)) => {
      clearTimeout(timer)
      link.destroy()
      if (error) reject(error)
      else resolve(answer)
    }
    const timer = setTimeout(() => end(new Error('it did not answer in time')), limit)
    link.on('error', (error) => end(error))
    link.on('close', () => end(new Error('it closed the connection')))
    link.on('data', (chunk: Buffer) => {
      parts.push(chunk)
      const bytes = Buffer.concat(parts)
      const length = bytes.length < 4 ? 0 : bytes.readUInt32BE(0)
      if (length > maxAnswer) end(new Error('its answer is too long'))
      else if (length > 0 && bytes.length >= 4 + length) end(null, bytes.subarray(4, 4 + length))
    })
    link.write(stringField(request))
  })
}

export interface Agent {
  readonly socket: string
  /** Keys and certificates in the agent's order, without those that cannot be used for a login. */
  readonly keys: readonly PublicKey[]
}

/** Asks an agent for its keys. Null if it does not answer. */
export async function openAgent(socket: string): Promise<Agent | null> {
  try {
    const answer = await ask(socket, Buffer.of(message.identities), timeouts.list)
    if (answer[0] !== message.identitiesAnswer) return null
    const reader = new FieldReader(answer.subarray(1))
    const keys: PublicKey[] = []
    for (let left = reader.number() ?? 0; left > 0; left -= 1) {
      const blob = reader.string()
      const comment = reader.text()
      if (blob === null || comment === null) break
      const key = readPublicKey(blob, comment)
      if (key) keys.push(key)
    }
    return { socket, keys }
  } catch {
    return null
  }
}

/** Makes an agent's key usable for a login. */
export function agentIdentity({ socket }: Agent, key: PublicKey): Identity {
  return {
    key,
    source: key.comment === '' ? `${key.type} in the agent` : `${key.comment} in the agent`,
    sign: async (data, algorithm) => {
      // SSH_AGENT_RSA_SHA2_256 and _512; ignored for other key types.
      const flags = key.type.startsWith('ssh-rsa') ? (isSha256(algorithm) ? 2 : 4) : 0
      const request = [Buffer.of(message.sign), stringField(key.blob), stringField(data), numberField(flags)]
      try {
        const answer = await ask(socket, Buffer.concat(request), timeouts.sign)
        const signature = answer[0] === message.signature ? new FieldReader(answer.subarray(1)).string() : null
        return signature ?? new Error('the agent refused to sign')
      } catch (error) {
        return new Error(`the agent did not sign: ${(error as Error).message}`)
      }
    },
  }
}

export interface AgentKey {
  readonly type: string
  readonly fingerprint: string
  readonly comment: string
}

const notThere: Failure = { code: 'no-agent', message: 'No SSH agent is running (SSH_AUTH_SOCK is not set).' }

/** Lists the agent's keys. Fails if no agent is running or it does not answer. */
export async function agentKeys(socket: string | null = agentSocket()): Promise<Result<AgentKey[], Failure>> {
  if (!socket) return fail(notThere)
  const agent = await openAgent(socket)
  if (!agent) return fail({ code: 'no-agent', message: 'The SSH agent does not answer.' })
  return ok(agent.keys.map(({ type, comment, fingerprint }) => ({ type, comment, fingerprint })))
}
