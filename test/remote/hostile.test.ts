import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runKit } from '../../src-main/kit/channel.ts'
import { KitClient } from '../../src-main/kit/client.ts'
import type { SshConnection } from '../../src-main/remote/connection.ts'
import { exec } from '../../src-main/remote/exec.ts'
import { Pace } from '../../src-main/remote/pace.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, mustConnect, scratch, secrets, target } from '../support/remote.ts'
import { makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

function kitOf(body: string) {
  const bytes = Buffer.from(`#!/bin/bash\nexec 3<&-\n${body}\n`)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

const hello = `printf '{"v":1,"kind":"hello","at":1,"kit":"%s","command":"x","operation":null}\\n' "$CVD_BACKUP_KIT_SHA256"`
const zone = `printf '{"kind":"result","at":1,"outcome":"succeeded","code":"ok","message":"","data":{"time":{"zone":"'
head -c 66000000 /dev/zero | tr '\\0' x; printf '"}}}\\n'`

test('servers that use much processing time must rest, longer if there are many; others never do', async () => {
  const quiet = new Pace()
  for (let count = 0; count < 100; count += 1) expect(quiet.spent(0.01, 10)).toBe(undefined)
  const begun = performance.now()
  const rested = async (pace: Promise<void> | undefined) => {
    expect(pace).toBeInstanceOf(Promise)
    await pace
    return performance.now() - begun
  }
  const [first, second] = await Promise.all([rested(new Pace().spent(50, 0)), rested(new Pace().spent(50, 0))])
  expect(first).toBeGreaterThanOrEqual(199)
  expect(second).toBeGreaterThanOrEqual(399)
  // Receiving ten megabytes is work, even if they are discarded.
  expect(await rested(new Pace().spent(0, 10_000_000))).toBeGreaterThan(0)
})

const lacks = missing(sshdNeeds)
describe.skipIf(lacks)(`a malicious server${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let user: TestUser
  let good: SshConnection
  const privilege = { mode: 'none', password: null } as const
  const connected = async () => {
    await using folder = await scratch()
    return mustConnect({
      target: target(sshd, user.name, { method: 'password' }),
      hostKeys: accepting(folder.path, sshd.hostKey.fingerprint),
      secrets: secrets({ password: user.password }),
    })
  }
  beforeAll(async () => {
    user = await makeUser()
    sshd = await startSshd()
    good = await connected()
  })
  afterAll(async () => {
    await good?.end()
    await sshd?.stop()
    await user?.remove()
  })

  /** The longest time, in milliseconds, that another server's small answer took while `work` ran. */
  async function othersWaited(work: Promise<unknown>): Promise<number> {
    let over = false
    void work.then(() => {
      over = true
    })
    let longest = 0
    do {
      const begun = performance.now()
      must(await exec(good, 'echo here'))
      longest = Math.max(longest, performance.now() - begun)
    } while (!over)
    return longest
  }

  test.each([
    ['a time zone of 66 MB', zone, 'line-too-long'],
    ['a line without end', `tr '\\0' x </dev/zero`, 'line-too-long'],
    ['empty lines without end', `yes ''`, 'too-much'],
    ['lines without end that are no events', `yes '{"kind":5}'`, 'too-much'],
    ['events without end', `yes '{"kind":"log","at":1,"level":"info","text":"x"}'`, 'too-much'],
    ['events of a future kit without end', `yes '{"kind":"from-the-future"}'`, 'too-much'],
    ['errors without end', `yes >&2`, 'too-much'],
  ])('%s: refused, its link is ended, and other servers answer as usual', async (_, body, code) => {
    const bad = await connected()
    let events = 0
    const onEvent = () => {
      events += 1
    }
    const work = runKit({ connection: bad, privilege, kit: kitOf(`${hello}\n${body}`), args: ['x'], onEvent })
    const waited = await othersWaited(work)
    expect(failureOf(await work).code).toBe(code)
    await bad.closed
    // Before it was bounded: 6 to 30 seconds.
    expect(waited).toBeLessThan(2_500)
    expect(events).toBeLessThanOrEqual(100_000)
  })

  test('several at once use no more time than one', async () => {
    const bad = await Promise.all(Array.from({ length: 4 }, connected))
    const kit = kitOf(`${hello}\nyes '{"kind":"from-the-future"}'`)
    const work = Promise.all(bad.map((connection) => runKit({ connection, privilege, kit, args: ['x'] })))
    expect(await othersWaited(work)).toBeLessThan(2_500)
    expect((await work).map((one) => failureOf(one).code)).toEqual(Array(4).fill('too-much'))
  })

  test('an oversized field is refused by name', async () => {
    const long = kitOf(`${hello}
printf '{"kind":"result","at":1,"outcome":"succeeded","code":"ok","message":"","data":{"path":"%s"}}\\n' "$(
  head -c 20000 /dev/zero | tr '\\0' x)"`)
    const connection = await connected()
    const client = new KitClient({ connection, privilege, kit: { ...long, version: 'x' } as never, who: 'tester' })
    const refused = failureOf(await client.mark('hold', 'x', ''))
    expect(refused).toMatchObject({ code: 'protocol', message: expect.stringContaining('path') })
    await connection.end()
  })
})
