/** Keys of the demo site: made for it, thrown away with it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import ssh2 from 'ssh2'

/** An ed25519 private key in OpenSSH's format, kept in `file` with mode 600. A key that is already there is used again. */
export function keptKey(file: string, comment: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const pair = readablePair(comment)
  writeFileSync(file, pair.private, { mode: 0o600 })
  writeFileSync(`${file}.pub`, `${pair.public}\n`, { mode: 0o644 })
  return pair.private
}

/** ssh2 writes about one key in two hundred in a way that neither it nor OpenSSH can read: then another one is made. */
function readablePair(comment: string): ssh2.utils.KeyPairReturn {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

/** The public part of a private key, as SSH sends it. Throws if it is no private key. */
export function publicBlob(privateKey: string): Buffer {
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  return key.getPublicSSH()
}

/** `SHA256:…` as ssh-keygen and sshd print it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}
