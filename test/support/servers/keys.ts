import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface HostKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string
  /** `SHA256:…`, as OpenSSH prints it. */
  readonly fingerprint: string
  /** Type and key, as after the host in a known_hosts line. */
  readonly line: string
}

/** The host keys in the folder of a server's sshd. */
export function hostKeysOf(folder: string): HostKey[] {
  return readdirSync(folder)
    .filter((name) => /^ssh_host_.*_key\.pub$/.test(name))
    .map((name) => {
      const [type = '', key = ''] = readFileSync(join(folder, name), 'utf8').split(' ')
      const hash = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')
      return { type, fingerprint: `SHA256:${hash}`, line: `${type} ${key.trim()}` }
    })
}
