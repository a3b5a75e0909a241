import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Client } from 'ssh2'

interface OfPackets {
  _encKey?: Uint8Array | KeyObject
  _decipherKey?: Uint8Array | KeyObject
}

/**
 * With AES-GCM ssh2 gives its key to the cipher anew for every packet, and Node takes a key object in half the time that it needs for
 * bytes: a fifth of what a download costs here. ssh2 has no option for it, and its types do not show where the key is; where
 * it is not there, or after new keys were exchanged, everything works as before.
 */
export function quickenKeys(client: Client): void {
  const { _protocol: protocol } = client as unknown as { _protocol?: { _cipher?: OfPackets; _decipher?: OfPackets } }
  const { _cipher: cipher, _decipher: decipher } = protocol ?? {}
  if (cipher?._encKey instanceof Uint8Array) cipher._encKey = createSecretKey(cipher._encKey)
  if (decipher?._decipherKey instanceof Uint8Array) decipher._decipherKey = createSecretKey(decipher._decipherKey)
}
