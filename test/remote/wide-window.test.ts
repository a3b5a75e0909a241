/** The window of a channel that carries a file: wide enough for a long link, and every byte arrives. */
import { createHash } from 'node:crypto'
import { Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connect } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, must, scratch, secrets, target } from '../support/remote.ts'
import { makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

const lacks = missing(sshdNeeds)
describe.skipIf(lacks)(`a wide window${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let user: TestUser
  beforeAll(async () => {
    sshd = await startSshd()
    user = await makeUser()
  })
  afterAll(async () => {
    await sshd?.stop()
    await user?.remove()
  })

  it('lets the server send more than ssh2 would while a file arrives, and only then', async () => {
    await using folder = await scratch()
    const emitted = vi.spyOn(Client.prototype, 'emit')
    try {
      const key = await makeKey(sshd.folder, 'id')
      await user.authorize(key)
      const auth = { method: 'key', keyFile: key.privateFile } as const
      const hostKeys = accepting(folder.path, sshd.hostKey.fingerprint)
      await using connection = must(
        await connect({ target: target(sshd, user.name, auth), hostKeys, secrets: secrets() }),
      )
      const client = emitted.mock.contexts.at(-1) as unknown as {
        _protocol: { channelWindowAdjust(id: number, amount: number): void }
      }
      const granted = vi.spyOn(client._protocol, 'channelWindowAdjust')
      const most = () => Math.max(0, ...granted.mock.calls.map(([, amount]) => amount))

      must(await exec(connection, 'head -c 9000000 /dev/zero', { onStdout: () => undefined }))
      expect(most()).toBeLessThanOrEqual(2 * 1024 * 1024)

      const size = 50_000_000
      const hash = createHash('sha256')
      let arrived = 0
      const line = vi.fn((text: string) => (text === 'file' ? size : 0))
      must(
        await exec(connection, `echo file; head -c ${size} /dev/zero | tr '\\0' x; echo; echo end`, {
          onLine: line,
          onRaw: (bytes) => {
            hash.update(bytes)
            arrived += bytes.length
            // Whoever takes them is behind now and then.
            return arrived % 5 === 0 ? new Promise<void>(setImmediate) : undefined
          },
        }),
      )
      expect(most()).toBeGreaterThan(16 * 1024 * 1024)
      expect(arrived).toBe(size)
      expect(hash.digest('hex')).toBe(createHash('sha256').update(Buffer.alloc(size, 'x')).digest('hex'))
      expect(line.mock.calls.map(([text]) => text)).toEqual(['file', '', 'end'])
    } finally {
      emitted.mockRestore()
    }
  })
})
