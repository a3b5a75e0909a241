/** Agents for tests: OpenSSH's own, and one with a security key that needs no touch. */
import { spawn } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { FieldReader, numberField, stringField } from '../../src-main/remote/wire.ts'
import type { KeyPair } from './sshd.ts'

export interface TestAgent extends AsyncDisposable {
  readonly socket: string
}

/** Starts an ssh-agent that holds `keys`. */
export async function startAgent(socket: string, keys: readonly KeyPair[] = []): Promise<TestAgent> {
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(agent.stdout, 'data')
  for (const key of keys) await addKey(socket, key)
  return {
    socket,
    [Symbol.asyncDispose]: async () => {
      const ended = once(agent, 'exit')
      agent.kill()
      await ended
    },
  }
}

export async function addKey(socket: string, key: KeyPair): Promise<void> {
  const child = spawn('ssh-add', ['-q', key.privateFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`ssh-add: ${code}`)
}

/** An agent with a FIDO key whose signatures sshd verifies like a real one's. `line` goes into authorized_keys. */
export async function startSecurityKeyAgent(socket: string): Promise<TestAgent & { readonly line: string }> {
  const type = 'sk-ssh-ed25519@openssh.com'
  const pair = generateKeyPairSync('ed25519')
  const point = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const blob = Buffer.concat([stringField(type), stringField(point), stringField('ssh:')])
  const touched = (data: Buffer) => {
    const hash = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest()
    const flagsAndCounter = Buffer.concat([Buffer.of(1), numberField(7)])
    const signed = sign(null, Buffer.concat([hash('ssh:'), flagsAndCounter, hash(data)]), pair.privateKey)
    return Buffer.concat([stringField(type), stringField(signed), flagsAndCounter])
  }
  const answer = (request: Buffer): Buffer => {
    if (request[0] === 11) return Buffer.concat([Buffer.of(12), numberField(1), stringField(blob), stringField('yubi')])
    const fields = new FieldReader(request.subarray(1))
    const wanted = fields.string()
    const data = fields.string()
    if (request[0] !== 13 || !wanted?.equals(blob) || !data) return Buffer.of(5)
    return Buffer.concat([Buffer.of(14), stringField(touched(data))])
  }
  const server = createServer((link) => {
    let bytes = Buffer.alloc(0)
    link.on('error', () => undefined)
    link.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const request = new FieldReader(bytes).string()
      if (!request) return
      bytes = bytes.subarray(4 + request.length)
      link.write(stringField(answer(request)))
    })
  })
  server.listen(socket)
  await once(server, 'listening')
  return {
    socket,
    line: `${type} ${blob.toString('base64')} yubi`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}
