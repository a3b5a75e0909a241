/** The window of a channel that carries a file: wide enough for a long link, and every byte arrives. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { exec } from '../../src-main/remote/exec.ts'
import { missing } from '../support/prerequisites.ts'
import { must } from '../support/remote.ts'
import { connectSeen } from '../support/seen-client.ts'
import { makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

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
    const { connection, client: seen } = await connectSeen(sshd, user)
    await using _closed = connection
    const client = seen as { _protocol: { channelWindowAdjust(id: number, amount: number): void } }
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
  })
})
