/**
 * Lets an ssh2 client log in with any key of an agent or a file. ssh2 itself supports neither certificates nor security
 * keys, signs before the user can be asked for a passphrase, and ignores a required second factor after an agent key.
 * Only one message of its protocol is replaced: our `publickey` requests.
 */
import ssh2, { type AnyAuthMethod, type Client, type ParsedKey } from 'ssh2'
import type { Identity } from './identity.ts'
import { stringField } from './wire.ts'

/** The internals of ssh2 1.17 that are used here and missing from its types. */
interface Protocol {
  authPK(user: string, key: unknown, algorithm?: unknown, sign?: unknown): void
  readonly _kex: { readonly sessionID: Buffer }
  _kexinit: unknown
  _queue: unknown[] | undefined
  readonly _authsQueue: string[]
  readonly _cipher: { encrypt(packet: Buffer): void }
  readonly _handlers: { EXT_INFO?: (protocol: Protocol, extensions: Extension[]) => void }
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer }
  }
}

interface Extension {
  readonly name: string
  readonly algs?: readonly string[]
}

/** A placeholder key that ssh2 accepts; the key it stands for is in `offered`. */
type Placeholder = ParsedKey & { sign: (data: Buffer) => Error }

const anyKey = Buffer.concat([stringField('ssh-ed25519'), stringField(Buffer.alloc(32))]).toString('base64')
const template = ssh2.utils.parseKey(`ssh-ed25519 ${anyKey}`) as ParsedKey
const offered = new WeakMap<object, Identity>()

/** Nothing was signed; the message says why. The login goes on with the next method. */
export class NotSigned extends Error {}

/** The login method that tries one key. */
export function offerOf(user: string, identity: Identity): AnyAuthMethod {
  const placeholder = Object.create(template, {
    type: { value: identity.key.type === 'ssh-rsa' ? 'rsa' : identity.key.type },
    isPrivateKey: { value: () => true },
    getPublicSSH: { value: () => identity.key.blob },
    sign: { value: () => new NotSigned('not signed') },
  }) as Placeholder
  offered.set(placeholder, identity)
  return { type: 'publickey', username: user, key: placeholder }
}

/** RSA keys sign with SHA-256, or with SHA-512 if the server accepts nothing else. */
function algorithmOf(type: string, serverTakes: readonly string[] | null): string {
  if (!type.startsWith('ssh-rsa')) return type
  const only512 = serverTakes?.includes('rsa-sha2-512') && !serverTakes.includes('rsa-sha2-256')
  return type.replace('ssh-rsa', only512 ? 'rsa-sha2-512' : 'rsa-sha2-256')
}

export interface OfferHooks {
  /** Called around every signature, which may wait for a touch, a click or a passphrase. */
  readonly signing: (work: Promise<unknown>) => void
  readonly notSigned: (identity: Identity, reason: Error) => void
}

/** Call once per client, after `connect`. */
export function enableKeyOffers(client: Client, hooks: OfferHooks): void {
  const protocol = (client as unknown as { _protocol?: Protocol })._protocol
  if (!protocol?._authsQueue || !protocol._packetRW) throw new Error('this version of ssh2 is not supported')
  let serverTakes: readonly string[] | null = null
  const handleExtInfo = protocol._handlers.EXT_INFO
  protocol._handlers.EXT_INFO = (self, extensions) => {
    serverTakes = extensions.find(({ name }) => name === 'server-sig-algs')?.algs ?? serverTakes
    handleExtInfo?.(self, extensions)
  }
  const send = (body: Buffer) => {
    const { write } = protocol._packetRW
    const packet = write.alloc(body.length)
    packet.set(body, write.allocStart)
    protocol._authsQueue.push('publickey')
    const ready = write.finalize(packet)
    if (protocol._kexinit === undefined) protocol._cipher.encrypt(ready)
    else {
      protocol._queue ??= []
      protocol._queue.push(ready)
    }
  }
  const originalAuthPK = protocol.authPK.bind(protocol)
  protocol.authPK = (user, key, algorithm, sign) => {
    const identity = typeof key === 'object' && key !== null ? offered.get(key) : undefined
    if (!identity) return originalAuthPK(user, key, algorithm, sign)
    const chosen = algorithmOf(identity.key.type, serverTakes)
    const withSignature = typeof sign === 'function'
    const request = Buffer.concat([
      Buffer.of(50),
      ...[user, 'ssh-connection', 'publickey'].map(stringField),
      Buffer.of(withSignature ? 1 : 0),
      stringField(chosen),
      stringField(identity.key.blob),
    ])
    // A request without a signature only asks whether the server accepts the key.
    if (!withSignature) return send(request)
    const data = Buffer.concat([stringField(protocol._kex.sessionID), request])
    const work = identity.sign(data, chosen).then(
      (signature) => {
        if (!(signature instanceof Error)) return send(Buffer.concat([request, stringField(signature)]))
        hooks.notSigned(identity, signature)
        // ssh2 asks the placeholder for the signature, gets the error, and goes on to the next method.
        sign(data, () => undefined)
      },
      (error: Error) => {
        hooks.notSigned(identity, error)
        sign(data, () => undefined)
      },
    )
    hooks.signing(work)
  }
}
