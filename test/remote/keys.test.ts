import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentKeys } from '../../src-main/remote/agent.ts'
import { connect } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { SecretSource, SshTarget } from '../../src-main/remote/target.ts'
import { stringField } from '../../src-main/remote/wire.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, scratch, secrets, target } from '../support/remote.ts'
import { startAgent, startSecurityKeyAgent } from '../support/ssh-agent.ts'
import { type KeyPair, makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

const run = promisify(execFile)

const lacks = missing({ ...sshdNeeds, programs: [...sshdNeeds.programs, 'ssh-agent', 'ssh-add'] })
describe.skipIf(lacks)(`the keys offered to OpenSSH${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let user: TestUser
  let authority: KeyPair
  let fits: KeyPair
  let shelf: { readonly path: string } & AsyncDisposable
  beforeAll(async () => {
    shelf = await scratch()
    authority = await makeKey(shelf.path, 'authority')
    sshd = await startSshd({ config: [`TrustedUserCAKeys ${authority.privateFile}.pub`] })
    user = await makeUser()
    fits = await makeKey(shelf.path, 'fits')
    await user.authorize(fits)
  })
  afterAll(async () => {
    await sshd?.stop()
    await user?.remove()
    await shelf?.[Symbol.asyncDispose]()
  })

  async function logIn(auth: SshTarget['auth'], agentSocket: string | null = null, source: SecretSource = secrets()) {
    await using folder = await scratch()
    const hostKeys = accepting(folder.path, sshd.hostKey.fingerprint)
    const result = await connect({ target: target(sshd, user.name, auth), hostKeys, secrets: source, agentSocket })
    if (!result.ok) return result
    expect(must(await exec(result.value, 'id -un')).stdout.toString()).toBe(`${user.name}\n`)
    await result.value.end()
    return result
  }

  /** New keys that nobody has authorised. */
  async function unknownKeys(folder: string, count: number): Promise<KeyPair[]> {
    const made: KeyPair[] = []
    for (let index = 1; index <= count; index += 1) made.push(await makeKey(folder, `unknown${index}`))
    return made
  }

  test('the sixth key of an agent is tried, as sshd permits six', async () => {
    await using folder = await scratch()
    await using agent = await startAgent(join(folder.path, 'a'), [...(await unknownKeys(folder.path, 5)), fits])
    must(await logIn({ method: 'agent' }, agent.socket))
  })

  test('if the server ends the login early, the failure lists the keys tried, the others, and what to do', async () => {
    await using folder = await scratch()
    const held = [...(await unknownKeys(folder.path, 7)), fits]
    await using agent = await startAgent(join(folder.path, 'a'), held)
    const refused = failureOf(await logIn({ method: 'agent' }, agent.socket))
    expect(refused.code).toBe('auth-failed')
    const [tried = '', left = ''] = refused.message.split('Not tried')
    for (const [index, key] of held.entries()) expect(index < 6 ? tried : left).toContain(key.fingerprint)
    expect(left).not.toContain(held[5]?.fingerprint)
    expect(refused.next).toContain('IdentitiesOnly')
    must(await logIn({ method: 'agent', identity: fits.fingerprint }, agent.socket))
    // Configured keys come first, however many the agent holds.
    must(await logIn({ method: 'key', keyFile: `${fits.privateFile}.pub`, agentToo: true }, agent.socket))
  })

  test('several key files are tried in order; a passphrase is asked for only if the server accepts the key', async () => {
    await using folder = await scratch()
    const stranger = await makeKey(folder.path, 'stranger', { passphrase: 'never asked for' })
    const locked = await makeKey(folder.path, 'locked', { passphrase: 'open sesame' })
    await user.authorize(locked)
    const asked: string[] = []
    const source: SecretSource = {
      find: async (request) => {
        if (request.kind === 'passphrase') asked.push(request.keyFile)
        return new Secret('open sesame')
      },
    }
    const absent = join(folder.path, 'absent')
    const others = [absent, locked.privateFile]
    must(await logIn({ method: 'key', keyFile: stranger.privateFile, others }, null, source))
    expect(asked).toEqual([locked.privateFile])
    const none = failureOf(await logIn({ method: 'key', keyFile: stranger.privateFile, others }, null, secrets()))
    expect(none).toMatchObject({ code: 'key-needs-passphrase', message: expect.stringContaining(locked.privateFile) })
  })

  test('a public key file selects a key of the agent, and is never used as a private key', async () => {
    await using folder = await scratch()
    const key = await makeKey(folder.path, 'vault')
    await user.authorize(key)
    await using agent = await startAgent(join(folder.path, 'a'), [...(await unknownKeys(folder.path, 6)), key])
    await rm(key.privateFile)
    const auth = { method: 'key', keyFile: `${key.privateFile}.pub` } as const
    must(await logIn(auth, agent.socket))
    // As with IdentityAgent: an agent other than the environment's.
    must(await logIn({ ...auth, agentSocket: agent.socket }, null))
    expect(failureOf(await logIn({ ...auth, agentSocket: null }, agent.socket))).toMatchObject({
      code: 'auth-failed',
      message: `The SSH agent does not hold the key of ${auth.keyFile}, and its private key is not beside it.`,
    })
  })

  test.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'a certificate for an %s key: beside it, elsewhere, in the agent',
    async (type) => {
      await using folder = await scratch()
      const key = await makeKey(folder.path, 'key', { type })
      await run('ssh-keygen', [
        '-q',
        '-s',
        authority.privateFile,
        '-I',
        'admin@work',
        '-n',
        user.name,
        `${key.privateFile}.pub`,
      ])
      const certificate = `${key.privateFile}-cert.pub`
      const auth = { method: 'key', keyFile: key.privateFile } as const
      must(await logIn(auth))
      await using agent = await startAgent(join(folder.path, 'a'), [key])
      expect(must(await agentKeys(agent.socket)).map((one) => one.fingerprint)).toEqual([
        key.fingerprint,
        key.fingerprint,
      ])
      must(await logIn({ method: 'agent' }, agent.socket))
      await rename(certificate, join(folder.path, 'elsewhere'))
      const without = failureOf(await logIn(auth))
      expect(without.code).toBe('auth-failed')
      must(await logIn({ ...auth, certificates: [join(folder.path, 'elsewhere')] }))
    },
  )

  test('an invalid certificate is reported as expired', async () => {
    await using folder = await scratch()
    const key = await makeKey(folder.path, 'key')
    const sign = ['-q', '-s', authority.privateFile, '-I', 'old', '-n', user.name, '-V', '20200101:20200102']
    await run('ssh-keygen', [...sign, `${key.privateFile}.pub`])
    const refused = failureOf(await logIn({ method: 'key', keyFile: key.privateFile }))
    expect(refused.message).toMatch(/Expired: certificate “old”/)
  })

  test.each([
    ['ed25519', () => generateKeyPairSync('ed25519').privateKey],
    ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['ecdsa', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
  ] as const)('a PKCS#8 file with an %s key, with a passphrase and without', async (name, make) => {
    await using folder = await scratch()
    const secret: KeyObject = make()
    const plain = join(folder.path, 'plain')
    const locked = join(folder.path, 'locked')
    await writeFile(plain, secret.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'open sesame' }
    await writeFile(locked, secret.export({ format: 'pem', type: 'pkcs8', ...cipher }), { mode: 0o600 })
    // OpenSSH reads RSA and EC keys in this format itself; for ed25519 the public line is built here.
    const x = Buffer.from(secret.export({ format: 'jwk' }).x ?? '', 'base64url')
    const line =
      name === 'ed25519'
        ? `ssh-ed25519 ${Buffer.concat([stringField('ssh-ed25519'), stringField(x)]).toString('base64')}`
        : (await run('ssh-keygen', ['-y', '-f', plain])).stdout.trim()
    await user.authorize({ ...fits, publicText: line })
    must(await logIn({ method: 'key', keyFile: plain }))
    must(await logIn({ method: 'key', keyFile: locked }, null, secrets({ passphrase: 'open sesame' })))
    const wrong = failureOf(await logIn({ method: 'key', keyFile: locked }, null, secrets({ passphrase: 'no' })))
    expect(wrong.code).toBe('key-needs-passphrase')
  })

  test('a security key is used through the agent, and its file alone is reported as insufficient', async () => {
    await using folder = await scratch()
    await using agent = await startSecurityKeyAgent(join(folder.path, 'a'))
    await appendFile(join(user.home, '.ssh', 'authorized_keys'), `${agent.line}\n`)
    const keyFile = join(folder.path, 'id_ed25519_sk')
    const blob = Buffer.from(agent.line.split(' ')[1] ?? '', 'base64')
    const one = Buffer.concat([Buffer.from('openssh-key-v1\0'), ...['none', 'none', ''].map(stringField)])
    const body = Buffer.concat([one, Buffer.of(0, 0, 0, 1), stringField(blob), stringField('handle')]).toString(
      'base64',
    )
    await writeFile(keyFile, `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`)
    must(await logIn({ method: 'agent' }, agent.socket))
    must(await logIn({ method: 'key', keyFile }, agent.socket))
    expect(failureOf(await logIn({ method: 'key', keyFile }))).toMatchObject({
      code: 'key-unsupported',
      message: expect.stringContaining('belongs to a security key (sk-ssh-ed25519@openssh.com)'),
      next: `Add it to the agent (ssh-add ${keyFile}) and try again; it is found there automatically.`,
    })
  })

  test('an unusable file is reported as unsupported, with what to do', async () => {
    await using folder = await scratch()
    await mkdir(folder.path, { recursive: true })
    const file = (name: string) => join(folder.path, name)
    await writeFile(file('putty'), 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n')
    const other = generateKeyPairSync('ed448').privateKey
    await writeFile(file('ed448'), other.export({ format: 'pem', type: 'pkcs8' }))
    const dsa = Buffer.concat([
      Buffer.from('openssh-key-v1\0'),
      ...['none', 'none', ''].map(stringField),
      Buffer.of(0, 0, 0, 1),
      stringField(stringField('ssh-dss')),
    ])
    await writeFile(
      file('dsa'),
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${dsa.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    )
    expect(createPrivateKey(other.export({ format: 'pem', type: 'pkcs8' })).asymmetricKeyType).toBe('ed448')
    for (const [name, words] of [
      ['putty', 'PuTTY key of version 3'],
      ['ed448', 'type ed448'],
      ['dsa', 'type ssh-dss'],
    ] as const) {
      const failure = failureOf(await logIn({ method: 'key', keyFile: file(name) }))
      expect(failure).toMatchObject({ code: 'key-unsupported', message: expect.stringContaining(words) })
      expect(failure.next).toBeTruthy()
    }
  })

  test('an agent that refuses to sign does not end the login: the next key is tried', async () => {
    await using folder = await scratch()
    const gone = await makeKey(folder.path, 'gone')
    await user.authorize(gone)
    await using agent = await startAgent(join(folder.path, 'a'), [])
    // With a confirmation before every use, and nobody to give it.
    const env = { ...process.env, SSH_AUTH_SOCK: agent.socket, SSH_ASKPASS: '/bin/false', DISPLAY: 'none' }
    await run('ssh-add', ['-q', '-c', gone.privateFile], { env })
    await rm(gone.privateFile)
    const auth = {
      method: 'key',
      keyFile: `${gone.privateFile}.pub`,
      others: [fits.privateFile],
    } satisfies SshTarget['auth']
    must(await logIn(auth, agent.socket))
    const alone = failureOf(await logIn({ method: 'agent' }, agent.socket))
    expect(alone.message).toContain('the agent refused to sign')
  })
})
