/** Secrets of channels: who looks at processes, files, messages and records of the kit finds none, and no value runs anything. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { command } from '../support/command.ts'
import { channelSite, channelsOf, listener, setChannel, tell } from '../support/kit/channel-site.ts'
import { mailServer } from '../support/kit/mail-server.ts'
import { receiverOf } from '../support/kit/webhook-receiver.ts'
import { missing } from '../support/prerequisites.ts'
import { ORDINARY, type ScratchSite } from '../support/scratch-site.ts'

const overdue = { id: 'overdue:database', evidence: 'No backup for 5 hours.' }

/** The processes that this test has started, and theirs. */
function ours(): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(all.map((pid) => [pid, /^PPid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '']))
  const isOurs = (pid = ''): boolean => pid === String(process.pid) || (pid !== '' && isOurs(parents.get(pid)))
  return all.filter((pid) => pid !== String(process.pid) && isOurs(pid))
}

/** What is in a file of a process; nothing if it has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

/** The user whose connection to this machine comes from this port. */
function userAt(port = 0): number {
  const from = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const line = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((one) => one.trim().split(/\s+/))
    .find(([, local]) => local?.endsWith(from))
  return Number(line?.[7])
}

const lacks = missing({ root: true, programs: ['setpriv'] })
describe.skipIf(lacks !== '')(`secrets of channels${lacks && ` (needs ${lacks})`}`, () => {
  it('are in no argument, environment, event, record or other file, and curl is nobody’s', async (test) => {
    const site = channelSite(test, { owner: ORDINARY })
    const seen: string[] = []
    const users: number[] = []
    const stolen: string[] = []
    /** What the application's user can read of the processes that send. */
    const steal = `for p in "$@"; do
      for f in /proc/$p/{cmdline,environ,mem,fd/*}; do [[ ! -r $f ]] || timeout 1 head -c 100000 "$f"; done
    done 2>/dev/null; true`
    const looked = async (socket: Socket) => {
      const pids = ours()
      users.push(userAt(socket.remotePort))
      for (const pid of pids) seen.push(read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`))
      const thief = ['--reuid=61001', '--regid=61001', '--clear-groups', 'bash', '-c', steal, 'thief', ...pids]
      stolen.push((await command('setpriv', thief)).stdout)
      socket.end()
    }
    const http = await listener(test, looked)
    const smtp = await listener(test, looked)
    const secrets = ['s3cretPath', 's3cretUser', 's3cretToken', 's3cretPassword']
    const url = `http://me:s3cretUser@127.0.0.1:${http}/s3cretPath`
    await setChannel(site, 'hook', 'webhook', `url=${url}`, 'header=X-Token', 'secret=s3cretToken')
    const mail = ['host=localhost', `port=${smtp}`, 'tls=none', 'from=a@example.org', 'to=b@example.org']
    await setChannel(site, 'post', 'smtp', ...mail, 'user=cvd', 'password=s3cretPassword')
    await tell(site, [overdue])
    const refused = await site.run(['channel', 'set', 'hook', 'webhook', 'url=http://127.0.0.1/s3cretPath x'])
    const tested = await site.run(['channel', 'test', 'hook'])
    const listed = await site.run(['channels'])
    const person = await site.asPerson('channels')

    expect(users).toHaveLength(3)
    expect(seen.some((text) => text.startsWith('curl\0-q'))).toBe(true)
    expect(stolen.every((text) => text.includes('curl\0-q'))).toBe(true)
    expect(users.every((uid) => uid >= 61_184 && uid <= 65_519)).toBe(true)
    const texts = [
      ...seen,
      ...stolen,
      ...[refused, tested, listed].map((answer) => JSON.stringify(answer)),
      `${person.stdout}${person.stderr}`,
    ]
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([])
    // On disk (but for the traces of coverage), they are in the files of the channels only, which their owner alone can read.
    const where = execFileSync('grep', ['-rlF', '--exclude-dir=trace', 's3cret', site.folder], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .sort()
    expect(where).toEqual([join(site.state, 'channels/hook'), join(site.state, 'channels/post')])
    const cat = ['--reuid=61001', '--regid=61001', '--clear-groups', 'cat', ...where]
    expect(() => execFileSync('setpriv', cat, { stdio: 'pipe' })).toThrow(/Permission denied/)
  })

  it('are not sent as a user who could be watched: without a number of its own, nothing is sent', async (test) => {
    const site = channelSite(test, { owner: ORDINARY })
    const { port, received } = await receiverOf(test)
    await setChannel(site, 'hook', 'webhook', `url=http://127.0.0.1:${port}/`)
    expect(await tell(site, [overdue], 'reader_claim() { return 1; }')).toEqual({
      hook: 'No unprivileged user was free to send it. Try again.',
    })
    expect(received).toEqual([])
  })

  it('cannot make curl read or write a file, or go elsewhere', async (test) => {
    const site = channelSite(test, { owner: ORDINARY })
    const { port, received } = await receiverOf(test)
    const plain = { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }
    const said: string[] = []
    const server = await mailServer(test, {
      ...plain,
      allowInsecureAuth: true,
      login: { user: '', password: '' },
      onAuth({ username, password }, _, callback) {
        said.push(`${username} ${password}`)
        callback(null, { user: 'x' })
      },
    })
    const out = join(site.folder, 'written')
    const tricks = [
      `"\\noutput = \\"${out}`,
      '@/etc/shadow',
      `x"; output="${out}`,
      `\\" -o ${out} `,
      '</etc/shadow',
      '$(id)`id`%0a',
    ]
    for (const [index, trick] of tricks.entries()) {
      const path = encodeURI(trick).replaceAll('%22', '"')
      await setChannel(
        site,
        `h${index}`,
        'webhook',
        `url=http://127.0.0.1:${port}/${path.replaceAll('\\', '%5C')}`,
        'header=X-Trick',
        `secret=${trick}`,
      )
      await setChannel(
        site,
        `m${index}`,
        'smtp',
        ...['host=localhost', `port=${server.port}`, 'tls=none', 'from=a@example.org', 'to=b@example.org'],
        ...[`user=${trick.replaceAll(/[;:]/g, '')}`, `password=${trick}`],
      )
    }
    const told = await tell(site, [{ id: '%40/etc/shadow', evidence: '@/etc/shadow' }])
    expect(new Set(Object.values(told))).toEqual(new Set(['ok']))
    expect(received.map(({ headers }) => headers['x-trick']).sort()).toEqual(
      tricks.map((trick) => trick.trimEnd()).sort(),
    )
    expect(said.sort()).toEqual(tricks.map((trick) => `${trick.replaceAll(/[;:]/g, '')} ${trick}`).sort())
    expect(received.every(({ body }) => body.startsWith('{"version":1'))).toBe(true)
    expect(existsSync(out)).toBe(false)
  })
})

/** Runs the kit as a person does, with these lines on stdin, or with a terminal on which they are typed. */
async function typed(site: ScratchSite, words: readonly string[], lines: string, terminal = false): Promise<string> {
  const kit = ['/bin/bash', '--noprofile', '--norc', site.kit, '--root', site.root, ...words]
  const env = { PATH: process.env.PATH, CVD_BACKUP_STATE: site.state, HOME: site.folder }
  const [program = '', ...args] = terminal
    ? ['script', '-qec', kit.map((one) => `'${one}'`).join(' '), '/dev/null']
    : kit
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  const asked = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('url: ')) asked.resolve()
    })
  if (terminal) await asked.promise
  child.stdin.write(lines)
  if (!terminal) child.stdin.end()
  await once(child, 'close')
  return said
}

describe.concurrent('a secret that is given on the server', () => {
  it('comes from stdin, one a line, or is typed without being shown', async (test) => {
    const site = channelSite(test)
    const { port, received } = await receiverOf(test)
    const words = ['channel', 'set', 'hook', 'webhook', 'url=-', 'header=X-Token', 'secret=-']
    const said = await typed(site, words, `http://127.0.0.1:${port}/hidden\ntoken\n`)
    expect(said).toContain('succeeded: The channel hook was set.')
    expect((await tell(site, [overdue])).hook).toBe('ok')
    expect(received[0]).toMatchObject({ path: '/hidden', headers: { 'x-token': 'token' } })
    expect(await typed(site, words, 'http://x.example/\n')).toContain('secret=-, and nothing was given on stdin')
    const shown = await typed(
      site,
      ['channel', 'set', 'hook', 'webhook', 'url=-'],
      `http://127.0.0.1:${port}/typed\n`,
      true,
    )
    expect(shown).toContain('succeeded: The channel hook was set.')
    expect(shown).not.toContain('typed')
    expect(await tell(site, [overdue])).toEqual({ hook: 'ok' })
    expect(received.at(-1)?.path).toBe('/typed')
    expect((await channelsOf(site))[0]?.secrets).toEqual(['url', 'secret'])
  })
})
