/** A connection whose insides a test looks at. */
import { Client } from 'ssh2'
import { vi } from 'vitest'
import { accepting, mustConnect, scratch, secrets, target } from './remote.ts'
import { makeKey, type Sshd, type TestUser } from './sshd.ts'

/** A connection with a new key, and ssh2's own client behind it. */
export async function connectSeen(sshd: Sshd, user: TestUser) {
  await using folder = await scratch()
  const emitted = vi.spyOn(Client.prototype, 'emit')
  try {
    const key = await makeKey(sshd.folder, 'id')
    await user.authorize(key)
    const auth = { method: 'key', keyFile: key.privateFile } as const
    const connection = await mustConnect({
      target: target(sshd, user.name, auth),
      hostKeys: accepting(folder.path, sshd.hostKey.fingerprint),
      secrets: secrets(),
    })
    return { connection, client: emitted.mock.contexts.at(-1) as unknown }
  } finally {
    emitted.mockRestore()
  }
}
