import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ssh2, { type Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptKey, publicBlob } from '../../src-main/demo/keys.ts'
import { type SshServer, startSshServer } from '../../src-main/demo/ssh-server.ts'
import { connect, open, result, run } from './ssh-client.ts'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('the demo SSH server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-ssh-'))
  const privateKey = keptKey(join(folder, 'client'), 'demo')
  const hostKey = keptKey(join(folder, 'host'), 'host')
  let server: SshServer
  let client: Client

  beforeAll(async () => {
    server = await startSshServer({
      user: 'demo',
      password: 'right horse',
      hostKey,
      clientKey: publicBlob(privateKey),
      place: { env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: folder, MARK: 'from the demo' }, cwd: folder },
    })
    client = await connect({ port: server.port, username: 'demo', privateKey })
  })

  afterAll(async () => {
    client.end()
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  it('keeps private keys private, and reuses them', () => {
    expect(statSync(join(folder, 'client')).mode & 0o777).toBe(0o600)
    expect(keptKey(join(folder, 'client'), 'demo')).toBe(privateKey)
  })

  it('presents the host key with the reported fingerprint', async () => {
    const seen = new ssh2.Client()
    const fingerprint = new Promise((resolve) => {
      seen.on('error', () => {})
      seen.connect({
        host: '127.0.0.1',
        port: server.port,
        username: 'demo',
        hostVerifier: (key: Buffer) => {
          resolve(`SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`)
          return false
        },
      })
    })
    expect(await fingerprint).toBe(server.hostKeyFingerprint)
  })

  it('admits by key and by password, and nobody else', async () => {
    const port = server.port
    const byPassword = await connect({ port, username: 'demo', password: 'right horse' })
    expect((await run(byPassword, 'echo in')).stdout.toString()).toBe('in\n')
    byPassword.end()
    const other = ssh2.utils.generateKeyPairSync('ed25519').private
    await expect(connect({ port, username: 'demo', privateKey: other })).rejects.toThrow(/authentication/)
    await expect(connect({ port, username: 'demo', password: 'wrong' })).rejects.toThrow(/authentication/)
    await expect(connect({ port, username: 'root', password: 'right horse' })).rejects.toThrow(/authentication/)
    await expect(connect({ port, username: 'root', privateKey })).rejects.toThrow(/authentication/)
    await expect(connect({ port, username: 'demo' })).rejects.toThrow(/authentication/)
  })

  it('disconnects a password guesser', async () => {
    let tries = 0
    const guesser = new ssh2.Client()
    guesser.on('error', () => {})
    guesser.connect({
      host: '127.0.0.1',
      port: server.port,
      username: 'demo',
      authHandler: (_left, _partial, next) => {
        tries += 1
        next({ type: 'password', username: 'demo', password: `guess ${tries}` })
      },
    })
    await once(guesser, 'close')
    expect(tries).toBe(6)
  })

  it('runs the real command line in the real shell, in its own folder', async () => {
    const ran = await run(client, `echo "$MARK" "$HOME" "\${BASH_VERSION%%.*}" $((6 * 7)) "\${TMPDIR-unset}"; pwd >&2`)
    expect(ran.code).toBe(0)
    expect(ran.stdout.toString()).toMatch(new RegExp(`^from the demo ${folder} \\d+ 42 unset\n$`))
    expect(ran.stderr.toString()).toBe(`${folder}\n`)
  })

  it('reports exit codes and signals', async () => {
    expect(await run(client, 'exit 7')).toMatchObject({ code: 7 })
    expect(await run(client, 'no-such-program')).toMatchObject({ code: 127 })
    expect(await run(client, 'kill -TERM $$')).toMatchObject({ code: null, signal: 'SIGTERM' })
    expect(await run(client, 'kill -KILL $$')).toMatchObject({ code: null, signal: 'SIGKILL' })
    expect(await run(client, 'kill -SYS $$')).toMatchObject({ code: 128 + 31 })
  })

  it('passes a signal on to the command', async () => {
    const channel = await open(client, 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.05; done')
    const ran = result(channel)
    await once(channel, 'data')
    channel.signal('TERM')
    expect(await ran).toMatchObject({ code: 3, stdout: Buffer.from('ready\ncaught\n') })
  })

  it('passes large input and output unchanged', async () => {
    const input = randomBytes(9_000_000)
    const ran = await run(client, 'tee >(cat >&2); exit 5', input)
    expect(ran.code).toBe(5)
    expect(sha256(ran.stdout)).toBe(sha256(input))
    expect(sha256(ran.stderr)).toBe(sha256(input))
  })

  it('throttles a command whose reader is slow, and loses nothing of stdout or stderr', async () => {
    const numbers = Array.from({ length: 1_000_000 }, (_, i) => i + 1).join('\n')
    const channel = await open(client, 'seq 1000000; seq -1 -1 -1000000 >&2; exit 4')
    const taken: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
    // Reads only once no more arrives: then the window is full, and the command waits.
    for (let quiet = 0, seen = 0; taken.stdout.length + taken.stderr.length < 4; ) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      const there = channel.readableLength + channel.stderr.readableLength
      quiet = there > 2_000_000 && there === seen ? quiet + 1 : 0
      seen = there
      if (quiet < 5) continue
      expect(there).toBeLessThan(5_000_000)
      for (const name of ['stdout', 'stderr'] as const) {
        const chunk = (name === 'stdout' ? channel : channel.stderr).read() as Buffer | null
        if (chunk !== null) taken[name].push(chunk)
      }
    }
    const rest = await result(channel)
    expect(rest.code).toBe(4)
    expect(sha256(Buffer.concat([...taken.stdout, rest.stdout]))).toBe(sha256(Buffer.from(`${numbers}\n`)))
    const negative = `-${numbers.replaceAll('\n', '\n-')}\n`
    expect(sha256(Buffer.concat([...taken.stderr, rest.stderr]))).toBe(sha256(Buffer.from(negative)))
  })

  it('ends stdin when the client does, and copes with a command that does not read it', async () => {
    expect(await run(client, 'cat; echo after')).toMatchObject({ stdout: Buffer.from('after\n'), code: 0 })
    expect(await run(client, 'exit 0', randomBytes(5_000_000))).toMatchObject({ code: 0 })
  })

  it('runs several commands at once, and refuses the eleventh', async () => {
    const channels = await Promise.all(Array.from({ length: 10 }, (_, i) => open(client, `read x; echo ${i} $x`)))
    await expect(open(client, 'true')).rejects.toThrow(/open/i)
    const results = channels.map((channel) => result(channel))
    for (const [i, channel] of channels.entries()) channel.end(`said ${i}\n`)
    const printed = (await Promise.all(results)).map((ran) => ran.stdout.toString())
    expect(printed).toEqual(Array.from({ length: 10 }, (_, i) => `${i} said ${i}\n`))
    expect((await run(client, 'echo free again')).code).toBe(0)
  })

  it('does not kill a command whose channel closes; it sees the end of its stdin', async () => {
    const mark = join(folder, 'went-on')
    const channel = await open(client, `echo ready; read x; echo "$?" > '${mark}.new'; mv '${mark}.new' '${mark}'`)
    await once(channel, 'data')
    channel.close()
    await expect.poll(() => existsSync(mark)).toBe(true)
    expect(readFileSync(mark, 'utf8')).toBe('1\n')
  })

  it('drops connections like a pulled cable; commands continue', async () => {
    const mark = join(folder, 'survived')
    const cut = await connect({ port: server.port, username: 'demo', privateKey })
    const channel = await open(cut, `echo ready; cat; echo on > '${mark}'`)
    const ran = result(channel)
    await once(channel, 'data')
    server.dropConnections()
    expect(await ran).toMatchObject({ code: null, signal: undefined })
    await expect.poll(() => existsSync(mark)).toBe(true)
    await expect.poll(() => server.connections()).toBe(0)
    client = await connect({ port: server.port, username: 'demo', privateKey })
  })

  it('refuses forwarding, shells and subsystems', async () => {
    await expect(
      new Promise((resolve, reject) =>
        client.forwardOut('127.0.0.1', 1, '127.0.0.1', server.port, (e, c) => (e ? reject(e) : resolve(c))),
      ),
    ).rejects.toThrow(/open/i)
    await expect(
      new Promise((resolve, reject) => client.forwardIn('127.0.0.1', 0, (e, p) => (e ? reject(e) : resolve(p)))),
    ).rejects.toThrow()
    await expect(
      new Promise((resolve, reject) => client.shell((e, c) => (e ? reject(e) : resolve(c)))),
    ).rejects.toThrow()
    await expect(
      new Promise((resolve, reject) => client.sftp((e, c) => (e ? reject(e) : resolve(c)))),
    ).rejects.toThrow()
  })

  it.skipIf(spawnSync('ssh', ['-V']).error !== undefined)('works with OpenSSH', async () => {
    const ssh = (...words: string[]): Promise<{ stdout: string }> =>
      promisify(execFile)('ssh', [
        ...['-F', 'none', '-p', String(server.port), '-i', join(folder, 'client'), '-o', 'BatchMode=yes'],
        ...['-o', `UserKnownHostsFile=${join(folder, 'known_hosts')}`, '-o', 'StrictHostKeyChecking=accept-new'],
        ...['-o', 'IdentitiesOnly=yes', 'demo@127.0.0.1', ...words],
      ])
    expect((await ssh('seq 3; echo "$MARK"')).stdout).toBe('1\n2\n3\nfrom the demo\n')
    await expect(ssh('exit 9')).rejects.toMatchObject({ code: 9 })
  })

  it('ends running commands when it stops', async () => {
    const second = await startSshServer({
      user: 'demo',
      password: 'x',
      hostKey,
      clientKey: publicBlob(privateKey),
      place: { env: { PATH: process.env.PATH ?? '/usr/bin:/bin' }, cwd: folder },
    })
    const own = await connect({ port: second.port, username: 'demo', privateKey })
    const channel = await open(own, 'trap "" TERM; sleep 300 & echo $! $$; wait; wait')
    const [chunk] = (await once(channel, 'data')) as [Buffer]
    const pids = chunk.toString().trim().split(' ').map(Number)
    await second.stop()
    for (const pid of pids) await expect.poll(() => existsSync(`/proc/${pid}/fd/0`)).toBe(false)
    expect(second.commands()).toBe(0)
  })
})
