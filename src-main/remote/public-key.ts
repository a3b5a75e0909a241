/** Parses public keys and certificates. */
import { keyFingerprint, keyType } from './known-hosts.ts'
import { FieldReader, stringField } from './wire.ts'

const certificateEnd = '-cert-v01@openssh.com'

/** Number of fields of the plain key, by type. */
const keyFields: Readonly<Record<string, number>> = {
  'ssh-rsa': 2,
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
}

export interface PublicKey {
  /** As sent to the server. */
  readonly blob: Buffer
  /** The type in the blob: `ssh-ed25519`, `ssh-ed25519-cert-v01@openssh.com`, … */
  readonly type: string
  /** The key without its certificate. */
  readonly plain: Buffer
  /** Fingerprint of the plain key, as `ssh-add -l` prints it. */
  readonly fingerprint: string
  readonly comment: string
  readonly certificate: { readonly id: string; readonly validBefore: number } | null
}

function plainType(type: string): string {
  if (!type.endsWith(certificateEnd)) return type
  const base = type.slice(0, -certificateEnd.length)
  return base.startsWith('sk-') ? `${base}@openssh.com` : base
}

/** Milliseconds since 1970; infinity for "for ever". */
function moment(bytes: Buffer): number {
  const seconds = bytes.readBigUInt64BE(0)
  return seconds > 100_000_000_000n ? Number.POSITIVE_INFINITY : Number(seconds) * 1000
}

/** Null if the type is unknown, so that the key cannot be used for a login. */
export function readPublicKey(blob: Buffer, comment = ''): PublicKey | null {
  const type = keyType(blob)
  const fields = type === null ? undefined : keyFields[plainType(type)]
  if (type === null || fields === undefined) return null
  const reader = new FieldReader(blob)
  reader.string()
  const isCertificate = type.endsWith(certificateEnd)
  if (isCertificate) reader.string()
  const parts: Buffer[] = [stringField(plainType(type))]
  for (let index = 0; index < fields; index += 1) {
    const field = reader.string()
    if (field === null) return null
    parts.push(stringField(field))
  }
  const plain = Buffer.concat(parts)
  let certificate: PublicKey['certificate'] = null
  if (isCertificate) {
    reader.skip(12)
    const id = reader.text()
    reader.string()
    reader.skip(8)
    const high = reader.number()
    const low = reader.number()
    if (id === null || high === null || low === null) return null
    const validBefore = Buffer.alloc(8)
    validBefore.writeUInt32BE(high, 0)
    validBefore.writeUInt32BE(low, 4)
    certificate = { id, validBefore: moment(validBefore) }
  }
  return { blob, type, plain, fingerprint: keyFingerprint(plain), comment, certificate }
}

/** The public key in a line of a `.pub` file. Null if there is none. */
export function parsePublicLine(text: string): PublicKey | null {
  const line = text.split(/\r?\n/).find((one) => one.trim() !== '' && !one.startsWith('#')) ?? ''
  const [, type, base64, comment = ''] = /^\s*([a-z][\w@.-]+)[ \t]+([A-Za-z0-9+/]+=*)(?:[ \t]+(.*))?$/.exec(line) ?? []
  if (!type || !base64) return null
  const key = readPublicKey(Buffer.from(base64, 'base64'), comment.trim())
  return key?.type === type ? key : null
}

/** True if the key is on a hardware security key, which must be touched. */
export function isSecurityKey(type: string): boolean {
  return type.startsWith('sk-')
}
