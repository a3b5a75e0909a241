/** Chooses the keys that a login tries, and their order. */
import { access } from 'node:fs/promises'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type Agent, agentIdentity, openAgent } from './agent.ts'
import type { Identity } from './identity.ts'
import { type KeyFile, lazyIdentity, needsDevice, openedIdentity, openKeyFile, readKeyFile } from './key-file.ts'
import type { PublicKey } from './public-key.ts'
import type { SecretSource, SshAuth } from './target.ts'

type AgentAuth = Extract<SshAuth, { method: 'agent' }>
type KeyAuth = Extract<SshAuth, { method: 'key' }>

/** What a failure says that was found before anything was sent. */
export const NOT_CONNECTED = 'No connection was opened.'

const unavailable = (message: string, next: string) =>
  fail({ code: 'auth-failed', message, unchanged: NOT_CONNECTED, next } satisfies Failure)

/**
 * Keys of the agent; with a fingerprint only that key and its certificates. Fails if the agent does not answer, is
 * empty or lacks that key: trying other keys would not be what the user configured.
 */
async function agentIdentities(auth: AgentAuth, socket: string | null): Promise<Result<Identity[], Failure>> {
  if (!socket) {
    return unavailable(
      'No SSH agent is running (SSH_AUTH_SOCK is not set).',
      'Start an agent, or log in with a key file.',
    )
  }
  const agent = await openAgent(socket)
  if (!agent) return unavailable('The SSH agent does not answer.', 'Start the agent again, or use a key file.')
  if (agent.keys.length === 0) return unavailable('The SSH agent holds no key.', 'Add the key with ssh-add.')
  const chosen = agent.keys.filter(({ fingerprint }) => !auth.identity || fingerprint === auth.identity)
  if (chosen.length > 0) return ok(chosen.map((key) => agentIdentity(agent, key)))
  return unavailable(`The SSH agent does not hold the key ${auth.identity}.`, 'Add that key with ssh-add.')
}

/** Finds the private key for a public one: in the agent, otherwise in the file beside it. */
async function privateOf(file: KeyFile, secrets: SecretSource): Promise<Result<Identity, Failure>> {
  const path = file.path.replace(/(-cert)?\.pub$/, '')
  const found = path !== file.path && (await isThere(path)) ? await readKeyFile(path) : null
  if (found?.ok && found.value.key && file.key && found.value.key.plain.equals(file.key.plain)) {
    const device = needsDevice(found.value)
    return device ? fail(device) : ok(lazyIdentity(found.value, found.value.key, secrets))
  }
  return unavailable(
    `The SSH agent does not hold the key of ${file.path}, and its private key is not beside it.`,
    'Unlock or start the agent that holds it, or choose the private key.',
  )
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Reads certificates: those configured, and those beside the key files. */
async function readCertificates(auth: KeyAuth, files: readonly string[]): Promise<PublicKey[]> {
  const beside = files.map((file) => `${file.replace(/\.pub$/, '')}-cert.pub`)
  const found: PublicKey[] = []
  for (const path of [...(auth.certificates ?? []), ...beside]) {
    if (!(await isThere(path))) continue
    const file = await readKeyFile(path)
    if (file.ok && file.value.key?.certificate) found.push({ ...file.value.key, comment: path })
  }
  return found
}

/** Makes an identity of one key file. Asks for the passphrase at once only if there is no other key to try first. */
async function fileIdentity(
  path: string,
  agent: Agent | null,
  secrets: SecretSource,
  isOnly: boolean,
): Promise<Result<Identity, Failure>> {
  const read = await readKeyFile(path)
  if (!read.ok) return read
  const file = read.value
  const held = file.key && agent?.keys.find(({ blob }) => file.key?.plain.equals(blob))
  if (agent && held) return ok({ ...agentIdentity(agent, held), source: `${path} (in the agent)` })
  if (file.isPublic) return privateOf(file, secrets)
  const device = needsDevice(file)
  if (device) return fail(device)
  if (file.key && !isOnly) return ok(lazyIdentity(file, file.key, secrets))
  const secret = await openKeyFile(file, secrets)
  return secret.ok ? openedIdentity(path, secret.value) : secret
}

/** A key with its certificates, which are tried before it. */
function withCertificates(identity: Identity, certificates: readonly PublicKey[]): Identity[] {
  const own = certificates.filter(({ plain }) => plain.equals(identity.key.plain))
  return [...own.map((key) => ({ ...identity, key, source: key.comment || identity.source })), identity]
}

/** Key files in their order, each with its certificates, then the agent's other keys if configured. */
async function keyIdentities(
  auth: KeyAuth,
  socket: string | null,
  secrets: SecretSource,
): Promise<Result<Identity[], Failure>> {
  const files = [auth.keyFile, ...(auth.others ?? [])]
  const agent = socket ? await openAgent(socket) : null
  const certificates = [
    ...(await readCertificates(auth, files)),
    ...(agent?.keys.filter(({ certificate }) => certificate !== null) ?? []),
  ]
  const found: Identity[] = []
  let failure: Failure | null = null
  for (const path of files) {
    const identity = await fileIdentity(path, agent, secrets, files.length === 1 && !auth.agentToo)
    if (identity.ok) found.push(...withCertificates(identity.value, certificates))
    else failure ??= identity.error
  }
  if (agent && auth.agentToo) {
    const isNew = (key: PublicKey) => !found.some((one) => one.key.blob.equals(key.blob))
    found.push(...agent.keys.filter(isNew).map((key) => agentIdentity(agent, key)))
  }
  // The same certificate may be both beside the key and in the agent.
  const unique = found.filter(({ key }, at) => found.findIndex((one) => one.key.blob.equals(key.blob)) === at)
  return unique.length === 0 && failure ? fail(failure) : ok(unique)
}

/** The keys of a login by agent or key file, in the order they are tried. */
export async function identitiesOf(
  auth: AgentAuth | KeyAuth,
  usual: string | null,
  secrets: SecretSource,
): Promise<Result<Identity[], Failure>> {
  const socket = auth.agentSocket === undefined ? usual : auth.agentSocket
  return auth.method === 'agent' ? agentIdentities(auth, socket) : keyIdentities(auth, socket, secrets)
}
