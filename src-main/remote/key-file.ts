/** Reads key files and makes identities from them. Private keys are opened only when needed. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type Identity, publicKeyOf, signWith } from './identity.ts'
import { isSecurityKey, type PublicKey, parsePublicLine, readPublicKey } from './public-key.ts'
import type { Secret } from './secret.ts'
import type { SecretSource } from './target.ts'
import { FieldReader } from './wire.ts'

const unchanged = 'No connection was opened.'

/** A key file, with its public half if that can be read without a passphrase. */
export interface KeyFile {
  readonly path: string
  readonly isPublic: boolean
  readonly key: PublicKey | null
  readonly bytes: Buffer
}

const unreadable = (message: string, next: string) =>
  fail({ code: 'key-unreadable', message, unchanged, next } satisfies Failure)

const notUsable = (path: string, what: string, next: string) =>
  fail({ code: 'key-unsupported', message: `The key file ${path} ${what}.`, unchanged, next } satisfies Failure)

/** The public half of a private key in OpenSSH's own format, which is never encrypted. */
function publicHalf(text: string): Buffer | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(text)?.[1]
  if (!body) return null
  const magic = Buffer.from('openssh-key-v1\0', 'latin1')
  const bytes = Buffer.from(body, 'base64')
  if (!bytes.subarray(0, magic.length).equals(magic)) return null
  const reader = new FieldReader(bytes.subarray(magic.length))
  for (let field = 0; field < 3; field += 1) reader.string()
  reader.number()
  return reader.string()
}

async function beside(path: string): Promise<PublicKey | null> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() => '')
  return parsePublicLine(text)
}

/** Reads a key file. The failure says why it cannot be used, and what to do. */
export async function readKeyFile(path: string): Promise<Result<KeyFile, Failure>> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    return unreadable(`The key file ${path} cannot be read (${code}).`, 'Check the path and its permissions.')
  }
  const text = bytes.toString('latin1')
  const line = parsePublicLine(text)
  if (line) return ok({ path, isPublic: true, key: line, bytes })
  if (/^PuTTY-User-Key-File-3:/.test(text)) {
    const next = 'In PuTTYgen, export it as an OpenSSH key (Conversions), then choose that file.'
    return notUsable(path, 'is a PuTTY key of version 3, which is not supported', next)
  }
  if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|^PuTTY-User-Key-File-/.test(text)) {
    return unreadable(
      `The file ${path} contains no usable private key.`,
      'Choose the private key, in OpenSSH, PEM or PKCS#8 format, or the public key of one that the agent holds.',
    )
  }
  const half = publicHalf(text)
  if (!half) return ok({ path, isPublic: false, key: await beside(path), bytes })
  const key = readPublicKey(half)
  if (key) return ok({ path, isPublic: false, key, bytes })
  const type = new FieldReader(half).text()?.replace(/[^\w@.-]/g, '') ?? 'unknown'
  const next = 'Make a new key (ssh-keygen -t ed25519) and authorise it on the server.'
  return notUsable(path, `is of the type ${type}, which is not supported`, next)
}

/** A security key's file holds only a handle; the agent must talk to the device. */
export function needsDevice({ path, key }: KeyFile): Failure | null {
  if (!key || !isSecurityKey(key.type)) return null
  return {
    code: 'key-unsupported',
    message: `The key file ${path} belongs to a security key (${key.type}); only the SSH agent can sign with it.`,
    unchanged,
    next: `Add it to the agent (ssh-add ${path}) and try again; it is found there automatically.`,
  }
}

type Opened = KeyObject | 'passphrase' | 'unusable'

/** Tries to open the key in a file. */
function open(bytes: Buffer, passphrase: Secret | null): Opened {
  const text = bytes.toString('latin1')
  const word = passphrase?.expose()
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    if (/BEGIN ENCRYPTED/.test(text) && word === undefined) return 'passphrase'
    try {
      return createPrivateKey(word === undefined ? { key: bytes } : { key: bytes, passphrase: word })
    } catch {
      return word === undefined ? 'unusable' : 'passphrase'
    }
  }
  const found = ssh2.utils.parseKey(bytes, word)
  const key = Array.isArray(found) ? found[0] : found
  if (key instanceof Error) {
    return /passphrase|encrypted|integrity|bad decrypt|decrypt/i.test(key.message) ? 'passphrase' : 'unusable'
  }
  const pem = key?.isPrivateKey() ? key.getPrivatePEM() : null
  try {
    return pem ? createPrivateKey(pem) : 'unusable'
  } catch {
    return 'unusable'
  }
}

/** Opens a private key, with its passphrase if it has one. */
export async function openKeyFile(file: KeyFile, secrets: SecretSource): Promise<Result<KeyObject, Failure>> {
  const { path, bytes } = file
  let opened = open(bytes, null)
  if (opened === 'passphrase') {
    const passphrase = await secrets.find({ kind: 'passphrase', keyFile: path })
    opened = passphrase ? open(bytes, passphrase) : opened
    if (opened === 'passphrase') {
      const message = passphrase
        ? `The passphrase does not open the key file ${path}.`
        : `The key file ${path} is protected by a passphrase.`
      return fail({ code: 'key-needs-passphrase', message, unchanged, next: 'Enter the passphrase of the key.' })
    }
  }
  if (opened !== 'unusable') return ok(opened)
  return unreadable(
    `The file ${path} contains no usable private key.`,
    'Choose a private key of the type ed25519, ecdsa or rsa, in OpenSSH, PEM or PKCS#8 format.',
  )
}

/** An identity for an opened key. Fails if SSH servers do not accept such a key. */
export function openedIdentity(path: string, secret: KeyObject): Result<Identity, Failure> {
  const key = publicKeyOf(secret, path)
  if (!key) {
    const next = 'Make a new key (ssh-keygen -t ed25519) and authorise it on the server.'
    return notUsable(path, `holds a key of the type ${secret.asymmetricKeyType}, which is not supported`, next)
  }
  return ok({ key, source: path, sign: async (data, algorithm) => signWith(secret, data, algorithm) })
}

/**
 * An identity for a file whose public half is known. The key is opened, and its passphrase asked for, only when the
 * server accepts it.
 */
export function lazyIdentity(file: KeyFile, key: PublicKey, secrets: SecretSource): Identity {
  return {
    key,
    source: file.path,
    sign: async (data, algorithm) => {
      const secret = await openKeyFile(file, secrets)
      if (!secret.ok) return new KeyFailure(secret.error)
      const own = publicKeyOf(secret.value, file.path)
      if (!own?.plain.equals(key.plain)) return new Error(`${file.path} is not the key that ${file.path}.pub names`)
      return signWith(secret.value, data, algorithm)
    },
  }
}

/** Why signing with a key failed. */
export class KeyFailure extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}
