/**
 * The algorithms offered to servers: only those that both OpenSSL (Node) and BoringSSL (Electron) support, so that
 * tests in Node hold for the application. Excludes SHA-1, CBC and finite fields below 2048 bits.
 */
import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2'

const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/**
 * Orders host-key algorithms, pinned types first; otherwise a server with several keys would seem to have changed its
 * key.
 */
function hostKeyOrder(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (algorithm: ServerHostKeyAlgorithm) =>
    knownTypes.includes(algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm)
  return [...hostKeyAlgorithms.filter(isKnown), ...hostKeyAlgorithms.filter((algorithm) => !isKnown(algorithm))]
}

/** The algorithms to offer a host whose keys of `knownTypes` are pinned. */
export function offer(knownTypes: readonly string[]): Algorithms {
  return {
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group14-sha256',
    ],
    cipher: ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr', 'aes128-ctr'],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
    serverHostKey: hostKeyOrder(knownTypes),
    compress: ['none'],
  }
}
