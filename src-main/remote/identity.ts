/** A key that a login may try, and how to sign with it. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { type PublicKey, readPublicKey } from './public-key.ts'
import { bigNumberField, stringField } from './wire.ts'

export interface Identity {
  readonly key: PublicKey
  /** Where the key comes from, for messages. */
  readonly source: string
  /** The signature of `data` in the SSH wire format, or the error. */
  sign(data: Buffer, algorithm: string): Promise<Buffer | Error>
}

const curves: Readonly<Record<string, { readonly name: string; readonly hash: string }>> = {
  'P-256': { name: 'nistp256', hash: 'sha256' },
  'P-384': { name: 'nistp384', hash: 'sha384' },
  'P-521': { name: 'nistp521', hash: 'sha512' },
}

const bytesOf = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')

/** The public half of a private key. Null if SSH servers do not accept keys of this kind. */
export function publicKeyOf(secret: KeyObject, comment: string): PublicKey | null {
  const kind = secret.asymmetricKeyType
  if (kind !== 'rsa' && kind !== 'ec' && kind !== 'ed25519') return null
  const jwk = createPublicKey(secret).export({ format: 'jwk' })
  if (kind === 'rsa') {
    const fields = [stringField('ssh-rsa'), bigNumberField(bytesOf(jwk.e)), bigNumberField(bytesOf(jwk.n))]
    return readPublicKey(Buffer.concat(fields), comment)
  }
  if (kind === 'ed25519') {
    return readPublicKey(Buffer.concat([stringField('ssh-ed25519'), stringField(bytesOf(jwk.x))]), comment)
  }
  const curve = curves[jwk.crv ?? '']
  if (!curve) return null
  const point = Buffer.concat([Buffer.of(4), bytesOf(jwk.x), bytesOf(jwk.y)])
  const fields = [stringField(`ecdsa-sha2-${curve.name}`), stringField(curve.name), stringField(point)]
  return readPublicKey(Buffer.concat(fields), comment)
}

/** Whether an RSA signature uses SHA-256 instead of SHA-512. SHA-1 is never used. */
export const isSha256 = (algorithm: string) => algorithm.startsWith('rsa-sha2-256')

export function signWith(secret: KeyObject, data: Buffer, algorithm: string): Buffer {
  const kind = secret.asymmetricKeyType
  if (kind === 'rsa') {
    const hash = isSha256(algorithm) ? 'sha256' : 'sha512'
    return Buffer.concat([
      stringField(hash === 'sha256' ? 'rsa-sha2-256' : 'rsa-sha2-512'),
      stringField(sign(hash, data, secret)),
    ])
  }
  if (kind === 'ed25519') return Buffer.concat([stringField('ssh-ed25519'), stringField(sign(null, data, secret))])
  const { crv } = createPublicKey(secret).export({ format: 'jwk' })
  const curve = curves[crv ?? '']
  if (!curve) throw new TypeError('no curve of SSH')
  const both = sign(curve.hash, data, { key: secret, dsaEncoding: 'ieee-p1363' })
  const half = both.length / 2
  const numbers = Buffer.concat([bigNumberField(both.subarray(0, half)), bigNumberField(both.subarray(half))])
  return Buffer.concat([stringField(`ecdsa-sha2-${curve.name}`), stringField(numbers)])
}

/** The name of a key in messages. */
export function identityName({ key, source }: Identity): string {
  const certificate = key.certificate ? `certificate “${key.certificate.id.slice(0, 60)}” for ` : ''
  return `${certificate}${source} (${key.fingerprint})`
}
