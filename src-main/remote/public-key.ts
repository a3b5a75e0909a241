/** What a public key or a certificate says about itself. */
import { keyFingerprint, keyType } from './known-hosts.ts'
import { FieldReader, stringField } from './wire.ts'

const certificateEnd = '-cert-v01@openssh.com'

/** Fields of the plain key, by its type. */
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
  /** As the server is told it. */
  readonly blob: Buffer
  /** As the blob names itself: `ssh-ed25519`, `ssh-ed25519-cert-v01@openssh.com`, … */
  readonly type: string
  /** The key alone, without what certifies it. */
  readonly plain: Buffer
  /** Of the plain key, as `ssh-add -l` prints it. */
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

/** Null where it is of a type that is not known: one that no login can be made with. */
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

/** The public key in a line of a `.pub` file. Null where the text is none. */
export function parsePublicLine(text: string): PublicKey | null {
  const line = text.split(/\r?\n/).find((one) => one.trim() !== '' && !one.startsWith('#')) ?? ''
  const [, type, base64, comment = ''] = /^\s*([a-z][\w@.-]+)[ \t]+([A-Za-z0-9+/]+=*)(?:[ \t]+(.*))?$/.exec(line) ?? []
  if (!type || !base64) return null
  const key = readPublicKey(Buffer.from(base64, 'base64'), comment.trim())
  return key?.type === type ? key : null
}

/** True where the key lives in a security key, which has to be touched. */
export function isSecurityKey(type: string): boolean {
  return type.startsWith('sk-')
}
