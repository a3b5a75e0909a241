/** Keys of the demo site: created for it and deleted with it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import ssh2 from 'ssh2'

/** An ed25519 private key in OpenSSH's format, kept in `file` with mode 600. Reuses an existing key. */
export function keptKey(file: string, comment: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const pair = readablePair(comment)
  writeFileSync(file, pair.private, { mode: 0o600 })
  writeFileSync(`${file}.pub`, `${pair.public}\n`, { mode: 0o644 })
  return pair.private
}

/** About one in two hundred keys written by ssh2 is unreadable for itself and OpenSSH: retry. */
function readablePair(comment: string): ssh2.utils.KeyPairReturn {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

/** The public part of a private key, in the SSH wire format. Throws if it is not a private key. */
export function publicBlob(privateKey: string): Buffer {
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) throw key
  return key.getPublicSSH()
}

/** `SHA256:…` as ssh-keygen and sshd print it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}
