import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type SshConnection } from '../../src-main/remote/connection.ts'
import { exec, start } from '../../src-main/remote/exec.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, mustConnect, scratch, secrets, target } from '../support/remote.ts'
import { makeKey, makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const lacks = missing(sshdNeeds)
describe.skipIf(lacks)(`commands on OpenSSH${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let user: TestUser
  let keyFile: string
  let connection: SshConnection
  const open = async (jumps: { port: number; user?: string }[] = []) => {
    await using folder = await scratch()
    const auth = { method: 'key', keyFile } as const
    const hops = jumps.map((jump) => ({ host: '127.0.0.1', port: jump.port, user: jump.user ?? user.name, auth }))
    const given = target(sshd, user.name, auth, hops)
    return await connect({ target: given, hostKeys: accepting(folder.path, ...trusted), secrets: secrets() })
  }
  let trusted: string[] = []
  beforeAll(async () => {
    user = await makeUser()
    sshd = await startSshd({ config: ['MaxSessions 10'] })
    const key = await makeKey(sshd.folder, 'id')
    await user.authorize(key)
    keyFile = key.privateFile
    trusted = [sshd.hostKey.fingerprint]
    connection = must(await open())
  })
  afterAll(async () => {
    await connection?.end()
    await sshd?.stop()
    await user?.remove()
  })

  test('binary data arrives unchanged in both directions', async () => {
    const bytes = randomBytes(12 * 1024 * 1024)
    const hash = createHash('sha256')
    let size = 0
    const done = must(
      await exec(connection, 'cat', {
        stdin: bytes,
        onStdout: async (chunk) => {
          size += chunk.length
          hash.update(chunk)
          // A slow reader: the server has to wait, and nothing is lost.
          if (size % 7 === 0) await new Promise(setImmediate)
        },
      }),
    )
    expect([size, hash.digest('hex'), done.code]).toEqual([bytes.length, sha256(bytes), 0])
  })

  test('a stream on stdin is read no faster than the server reads', async () => {
    let made = 0
    async function* source() {
      for (let index = 0; index < 400; index += 1) {
        made += 1
        yield Buffer.alloc(65_536)
      }
    }
    await using lone = must(await open())
    const running = must(await start(lone, 'exec sleep 30', { grace: 20 }))
    const feeding = (async () => {
      for await (const chunk of source()) if (!(await running.write(chunk))) break
    })()
    // The remote side reads nothing: its window and our buffer fill up, and then the source must wait.
    await expect.poll(() => made, { interval: 100 }).toBeGreaterThan(20)
    let calm = 0
    let before = -1
    const isCalm = () => {
      calm = made === before ? calm + 1 : 0
      before = made
      return calm
    }
    await expect.poll(isCalm, { interval: 50 }).toBeGreaterThan(5)
    expect(made).toBeLessThan(400)
    await lone.end()
    await feeding
    expect(failureOf(await running.done).code).toBe('link-lost')
  })

  test('lines are complete, however the stream is split; an endless line is refused', async () => {
    const lines: [string, number][] = []
    const commandLine = `printf 'caf\\303'; sleep 0.1; printf '\\251\\n\\nlast \\377'`
    must(await exec(connection, commandLine, { onLine: (line, bytes) => lines.push([line, bytes]) }))
    expect(lines).toEqual([
      ['café', 6],
      ['', 1],
      ['last \ufffd', 6],
    ])
    const endless = await exec(connection, 'head -c 3000000 /dev/zero', {
      onLine: () => undefined,
      lineLimit: 1_000_000,
    })
    expect(failureOf(endless).code).toBe('line-too-long')
  })

  test('stdin stays open until closed, and answers can be written later', async () => {
    const lines: string[] = []
    const first = Promise.withResolvers<void>()
    const running = must(
      await start(connection, 'echo ask; read -r answer; echo "got $answer"; cat; echo end', {
        onLine: (line) => {
          lines.push(line)
          if (line === 'ask') first.resolve()
        },
      }),
    )
    await first.promise
    await running.write(Buffer.from('this\nand that\n'))
    await expect.poll(() => lines).toEqual(['ask', 'got this', 'and that'])
    running.endInput()
    expect(must(await running.done).code).toBe(0)
    expect(lines.at(-1)).toBe('end')
  })

  test('exit codes are returned, stderr is limited, and a missing exit code is a failure', async () => {
    expect(must(await exec(connection, 'echo out; echo err >&2; exit 3'))).toMatchObject({ code: 3, stderr: 'err\n' })
    const loud = must(await exec(connection, 'head -c 500000 /dev/zero | tr "\\0" x >&2', { keep: 1000 }))
    expect([loud.stderr.length, loud.truncated]).toEqual([1000, true])
    expect(failureOf(await exec(connection, 'kill -9 $$'))).toMatchObject({ code: 'killed', ended: true })
  })

  test('a cancelled command sees the end of stdin; its slot is free only when the process has ended', async () => {
    await using lone = must(await open())
    const stop = new AbortController()
    const marker = Promise.withResolvers<void>()
    const watched = exec(lone, 'echo up; cat >/dev/null; exit 0', {
      stdin: (async function* () {
        yield Buffer.from('x')
        await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
      })(),
      onLine: () => marker.resolve(),
      signal: stop.signal,
      grace: 60_000,
    })
    await marker.promise
    expect(lone.slots.taken).toBe(1)
    stop.abort()
    expect(failureOf(await watched)).toMatchObject({ code: 'cancelled', ended: true })
    expect(lone.slots.taken).toBe(0)

    // This one ignores its stdin: it is no longer waited for, but still holds its slot.
    const pid = Promise.withResolvers<string>()
    const unsubscribe = must(
      await start(lone, 'echo $$; exec sleep 60', { grace: 50, onLine: (line) => pid.resolve(line) }),
    )
    await pid.promise
    unsubscribe.cancel()
    expect(failureOf(await unsubscribe.done)).toMatchObject({ code: 'cancelled', ended: false })
    expect([lone.slots.taken, lone.abandoned]).toEqual([1, 1])
    must(await exec(lone, `read -r pid; kill "$pid"`, { stdin: Buffer.from(`${await pid.promise}\n`) }))
    await expect.poll(() => [lone.slots.taken, lone.abandoned]).toEqual([0, 0])
  })

  test('a retired connection ends when only abandoned processes are left', async () => {
    const lone = must(await open())
    const up = Promise.withResolvers<void>()
    const unsubscribe = must(await start(lone, 'echo up; exec sleep 5', { grace: 20, onLine: () => up.resolve() }))
    await up.promise
    unsubscribe.cancel()
    lone.retire()
    expect(failureOf(await unsubscribe.done).code).toBe('cancelled')
    expect(await lone.closed).toBeNull()
  })

  test('twelve commands at once share eight slots, and all of them run', async () => {
    let most = 0
    const all = Array.from({ length: 12 }, async (_, index) => {
      const done = must(await exec(connection, `read -r n; sleep 0.2; echo "$n"`, { stdin: Buffer.from(`${index}\n`) }))
      most = Math.max(most, connection.slots.taken)
      return Number(done.stdout)
    })
    expect(await Promise.all(all)).toEqual(Array.from({ length: 12 }, (_, index) => index))
    expect(most).toBeLessThanOrEqual(8)
    expect(connection.slots.taken).toBe(0)
  })

  test('the slot limit adapts to a server that allows fewer sessions', async () => {
    await using strict = await startSshd({ config: ['MaxSessions 3'] })
    trusted.push(strict.hostKey.fingerprint)
    await using folder = await scratch()
    const given = target(strict, user.name, { method: 'key', keyFile })
    const lone = await mustConnect({ target: given, hostKeys: accepting(folder.path, ...trusted), secrets: secrets() })
    const all = await Promise.all(Array.from({ length: 8 }, () => exec(lone, 'sleep 0.2; echo done')))
    await lone.end()
    expect(all.map((result) => must(result).stdout.toString())).toEqual(Array(8).fill('done\n'))
    expect(lone.slots.limit).toBeLessThanOrEqual(3)
  })

  test('through two jump hosts, with each host key checked', async () => {
    await using first = await startSshd()
    await using second = await startSshd()
    const refused = failureOf(await open([first, second]))
    expect(refused).toMatchObject({ code: 'host-key-unknown', hostKey: { port: first.port } })
    trusted.push(first.hostKey.fingerprint)
    const next = failureOf(await open([first, second]))
    expect(next).toMatchObject({ code: 'host-key-unknown', hostKey: { port: second.port } })
    trusted.push(second.hostKey.fingerprint)
    const far = must(await open([first, second]))
    expect(must(await exec(far, 'echo "$SSH_CONNECTION"')).stdout.toString()).toContain(` ${sshd.port}\n`)
    await far.end()
    expect(failureOf(await open([{ port: first.port, user: 'nobody-here' }])).code).toBe('auth-failed')
    // The jump host disappears, and the site's connection with it.
    const cut = must(await open([first]))
    const up = Promise.withResolvers<void>()
    const waiting = exec(cut, 'echo up; cat', {
      onLine: () => up.resolve(),
      stdin: (async function* () {
        await new Promise(() => undefined)
      })() as AsyncIterable<Buffer>,
    })
    await up.promise
    await first.stop()
    expect((await cut.closed)?.code).toBe('link-lost')
    expect(failureOf(await waiting).code).toBe('link-lost')
  })
})
