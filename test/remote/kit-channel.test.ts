import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { assembleKit } from '../../src-main/kit/assemble.ts'
import { type KitRun, runKit } from '../../src-main/kit/channel.ts'
import type { SshConnection } from '../../src-main/remote/connection.ts'
import { Secret } from '../../src-main/remote/secret.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import { missing } from '../support/prerequisites.ts'
import { accepting, failureOf, must, mustConnect, scratch, secrets, target } from '../support/remote.ts'
import { makeUser, type Sshd, sshdNeeds, startSshd, type TestUser } from '../support/sshd.ts'

const execute = promisify(execFile)

function kitOf(body: string) {
  const bytes = Buffer.from(`#!/bin/bash\nmapfile -d '' -t words <&3\nexec 3<&-\n${body}\n`)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

const hello = `printf '{"v":1,"kind":"hello","at":1,"kit":"%s","command":"x","operation":%s}\\n' "$CVD_BACKUP_KIT_SHA256"`
const result = `printf '{"kind":"result","at":2,"outcome":"succeeded","code":"ok","message":"%s","data":null}\\n'`
/** Reports where it runs from, its arguments (in hex), and its stdin up to a line. */
const reporting = kitOf(`
${hello} null
where=memory; [[ -f $0 && $0 == */cvd-backup ]] && where=$0
${result} "$where $1 $2 $(printf '%s\\0' "\${words[@]}" | od -An -v -tx1 | tr -d ' \\n')"
`)
const hex = (args: readonly (string | Buffer)[]) =>
  Buffer.concat(args.flatMap((arg) => [Buffer.isBuffer(arg) ? arg : Buffer.from(arg), Buffer.of(0)])).toString('hex')

const lacks = missing({ ...sshdNeeds, programs: [...sshdNeeds.programs, 'sudo'] })
describe.skipIf(lacks)(`the launcher and its channel${lacks && ` (skipped: lacks ${lacks})`}`, () => {
  let sshd: Sshd
  let user: TestUser
  let state: string
  let connection: SshConnection
  const connected = async (server = sshd) => {
    await using folder = await scratch()
    return await mustConnect({
      target: target(server, user.name, { method: 'password' }),
      hostKeys: accepting(folder.path, server.hostKey.fingerprint),
      secrets: secrets({ password: user.password }),
    })
  }
  beforeAll(async () => {
    user = await makeUser()
    state = join(user.home, '.local/state/cvd-backup')
    sshd = await startSshd()
    connection = await connected()
  })
  afterAll(async () => {
    await connection?.end()
    await sshd?.stop()
    await user?.remove()
  })
  beforeEach(() => rm(join(user.home, '.local'), { recursive: true, force: true }))

  const run = (more: Partial<KitRun> = {}) =>
    runKit({ connection, privilege: { mode: 'none', password: null }, kit: reporting, args: ['x'], ...more })
  const messageOf = async (more: Partial<KitRun> = {}) => must(await run(more)).result.message
  /** The server must have this kit already: the bytes are invalid. */
  const unsent = { sha256: reporting.sha256, bytes: Buffer.from('not the kit') }
  const place = () => join(state, 'kit', reporting.sha256, 'cvd-backup')
  const atHome = () => `${place()} --params-fd 3 ${hex(['x'])}`
  const inMemory = `memory --params-fd 3 ${hex(['x'])}`

  test('a missing kit is sent once, stored for its owner only, and found the next time', async () => {
    expect(await messageOf()).toBe(atHome())
    expect(await readFile(place())).toEqual(reporting.bytes)
    for (const path of [state, join(state, 'kit'), join(state, 'kit', reporting.sha256), place()]) {
      expect((await stat(path)).mode & 0o777).toBe(0o700)
    }
    expect(await readdir(join(state, 'kit', reporting.sha256))).toEqual(['cvd-backup'])
    expect(await messageOf({ kit: unsent })).toBe(atHome())
  })

  test('arguments arrive unchanged, whatever their bytes', async () => {
    const args = ['', '-n', '$(id)`id`', `a'b"c\\d`, 'two\nlines\n', '*', 'ümlaut', Buffer.of(0xff, 0xfe, 0x0a), '']
    expect(await messageOf({ args })).toBe(`${place()} --params-fd 3 ${hex(args)}`)
    const weighing = kitOf(`${hello} null\n${result} "\${#words[0]}"`)
    expect(await messageOf({ kit: weighing, args: ['x'.repeat(300_000)] })).toBe('300000')
    await expect(run({ args: ['a\0b'] })).rejects.toThrow('NUL')
  })

  test.each<[string, () => Promise<unknown>]>([
    ['its content', () => appendFile(place(), '# harmless?\n')],
    ['its mode', () => chmod(place(), 0o770)],
    ['its owner', () => chown(place(), 0, 0)],
    [
      'a link in its place',
      async () => {
        await rename(place(), join(user.home, 'moved'))
        await symlink(join(user.home, 'moved'), place())
      },
    ],
  ])('a kit that was tampered with (%s) is never run, but replaced', async (_, tamper) => {
    expect(await messageOf()).toBe(atHome())
    await tamper()
    expect(failureOf(await run({ kit: unsent }))).toMatchObject({ code: 'kit-launch' })
    expect(await messageOf()).toBe(atHome())
    const found = await stat(place())
    expect([await readFile(place()), found.mode & 0o777, found.uid === 0]).toEqual([reporting.bytes, 0o700, false])
  })

  test.each<[string, () => Promise<unknown>]>([
    ['belongs to somebody else', () => chown(state, 0, 0)],
    ['can be written by a group', () => chmod(state, 0o770)],
    ['cannot be written', () => chmod(join(state, 'kit'), 0o500)],
    ['is a file', () => rm(state, { recursive: true }).then(() => writeFile(state, ''))],
  ])('where the state folder %s, the kit runs from memory', async (_, spoil) => {
    await mkdir(join(state, 'kit'), { recursive: true, mode: 0o700 })
    await execute('chown', ['-R', `${user.name}:`, join(user.home, '.local')])
    await chmod(state, 0o700)
    await spoil()
    expect(await messageOf()).toBe(inMemory)
    expect(await messageOf()).toBe(inMemory)
  })

  test('bytes that are not the expected kit are neither run nor stored', async () => {
    const refused = failureOf(await run({ kit: { sha256: reporting.sha256, bytes: kitOf('touch ~/ran').bytes } }))
    expect(refused).toMatchObject({ code: 'kit-launch', message: expect.stringContaining('bad-kit') })
    expect(await readdir(user.home)).not.toContain('ran')
    await expect(readdir(join(state, 'kit', reporting.sha256))).rejects.toThrow('ENOENT')
  })

  test('two versions are kept; all while a restore is unfinished, as the recovery at boot names one', async () => {
    const kits = ['one', 'two', 'three'].map((name) => kitOf(`${hello} null\n${result} ${name}`))
    await messageOf()
    await writeFile(join(state, 'unfinished'), 'an operation\n')
    for (const kit of kits) await messageOf({ kit })
    expect(await readdir(join(state, 'kit'))).toEqual(expect.arrayContaining(kits.map((kit) => kit.sha256)))
    await rm(join(state, 'unfinished'))
    await rm(join(state, 'kit', kits[2]?.sha256 ?? ''), { recursive: true })
    await messageOf({ kit: kits[2] ?? reporting })
    expect((await readdir(join(state, 'kit'))).sort()).toEqual([kits[1]?.sha256, kits[2]?.sha256].sort())
  })

  test('bytes of a file are taken only as announced, and only if they were asked for', async () => {
    const sends = (size: number, counts: readonly number[]) =>
      kitOf(`
${hello} null
printf '{"kind":"file","at":1,"path":"x","size":${size},"offset":0,"modifiedAt":1,"sha256":null}\\n'
${counts.map((count) => `printf '{"kind":"bytes","at":1,"count":${count}}\\n'; head -c ${count} /dev/zero | tr '\\0' '\\n'`).join('\n')}
${result} done
`)
    const take = async (kit: ReturnType<typeof kitOf>, link = connection) => {
      let length = 0
      const onBytes = (bytes: Buffer) => {
        length += bytes.length
        return length % 2 === 0 ? undefined : Promise.resolve()
      }
      const answer = await run({ connection: link, kit, file: { onFile: () => undefined, onBytes } })
      return [answer.ok ? answer.value.result.message : answer.error.code, length]
    }
    // More than the limit on an answer, which is about events.
    const many = Array.from({ length: 5 }, () => 20_000_000)
    expect(await take(sends(100_000_000, many))).toEqual(['done', 100_000_000])
    expect(await take(sends(10, [4, 6]))).toEqual(['done', 10])
    expect(await take(sends(10, [4, 7]), await connected())).toEqual(['too-much', 4])
    const upload = { onFile: () => undefined }
    const refused = await run({ connection: await connected(), kit: sends(10, [4]), file: upload })
    expect(failureOf(refused)).toMatchObject({ code: 'too-much' })
    // Nobody asked: lines of a newer kit, and other output.
    expect(await messageOf({ kit: sends(3, [3]) })).toBe('done')
  })

  test('events are passed on, unknown ones ignored, and other output becomes a warning', async () => {
    const events: KitEvent[] = []
    const step = '{"kind":"step","at":1,"step":"s","title":"t","state":"done","more":1}\n'
    const stored = kitOf(`
${hello} '"20260101T000000Z-database-000000"'
printf '%s' '${step}'
printf '{"kind":"from-the-future","at":1}\\n'
printf 'no json \\033[2J\\n{"kind":"progress","at":-1}\\n'
${result} done
`)
    const offsets: number[] = []
    const answer = must(
      await run({
        kit: stored,
        onEvent: (event, offset) => {
          events.push(event)
          offsets.push(offset)
        },
      }),
    )
    expect(events.map((event) => event.kind)).toEqual(['hello', 'step', 'log', 'log', 'result'])
    expect(events[2]).toMatchObject({ level: 'warning', text: 'Unexpected output of the server: no json  [2J' })
    expect(answer).toMatchObject({ operation: '20260101T000000Z-database-000000', result: { message: 'done' } })
    expect(answer.offset).toBe(offsets.at(-1))
    expect(offsets[1]).toBe((offsets[0] ?? 0) + step.length)
  })

  test("the follower's own events do not count towards the offset", async () => {
    const events = `{"kind":"log","at":1,"level":"info","text":"é"}\n`
    const follower = kitOf(`
printf '%s' '${events}'
printf '{"kind":"state","at":1,"operation":"op","state":"interrupted"}\\n'
${result} gone
`)
    const answer = must(await run({ kit: follower }))
    expect(answer).toMatchObject({ operation: 'op', offset: Buffer.byteLength(events) })
  })

  test('stdin belongs to the kit: its end ends a foreground kit, and a result ends what still reads it', async () => {
    const waiting = kitOf(`${hello} null\nwhile read -r line; do :; done\necho ended >>~/ended`)
    const stop = new AbortController()
    const onEvent = () => stop.abort()
    const stopped = await run({ kit: waiting, onEvent, signal: stop.signal, grace: 60_000 })
    expect(failureOf(stopped).code).toBe('cancelled')
    expect(await readFile(join(user.home, 'ended'), 'utf8')).toBe('ended\n')
    // A helper that holds stdout until stdin ends does not delay the answer.
    const helper = kitOf(`${hello} null\ncat >/dev/null <&0 & ${result} done; wait`)
    expect(await messageOf({ kit: helper })).toBe('done')
  })

  test('a kit that ends without a result is reported with its last output', async () => {
    const broken = kitOf(`${hello} null\necho 'line 9: boom' >&2\nexit 5`)
    const refused = failureOf(await run({ kit: broken }))
    expect(refused).toMatchObject({ code: 'no-answer', stderr: 'line 9: boom\n' })
    expect(refused.message).toContain('exit 5')
  })

  test('a dropped link reports the operation and the byte offset to follow it from', async () => {
    await using server = await startSshd()
    const lone = await connected(server)
    const stored = kitOf(`${hello} '"20260101T000000Z-database-000001"'\nread -r -t 60 never`)
    let seen = 0
    const onEvent = (_: KitEvent, offset: number) => {
      seen = offset
      void server.stop()
    }
    const lost = failureOf(await run({ connection: lone, kit: stored, onEvent }))
    // Which of the two is reported depends on what ends first, the connection or the shell behind it.
    expect(['link-lost', 'killed']).toContain(lost.code)
    expect(lost).toMatchObject({ operation: '20260101T000000Z-database-000001', offset: seen })
    expect(seen).toBeGreaterThan(100)
  })

  test('as root by sudo with password, with a state folder of root', async () => {
    await using folder = await scratch()
    const rule = `/etc/sudoers.d/${user.name}`
    const place = join(folder.path, 'state')
    await using server = await startSshd({ config: [`SetEnv CVD_BACKUP_STATE=${place}`] })
    const lone = await connected(server)
    try {
      const text = `${user.name} ALL=(ALL) ALL\nDefaults:${user.name} env_keep+=CVD_BACKUP_STATE, use_pty\n`
      await writeFile(rule, text, { mode: 0o440 })
      const privilege = { mode: 'password', password: new Secret(user.password) } as const
      const kit = kitOf(`${hello} null\n${result} "$(id -u) $0"`)
      expect(await messageOf({ connection: lone, privilege, kit })).toBe(`0 ${place}/kit/${kit.sha256}/cvd-backup`)
      expect((await stat(join(place, 'kit'))).uid).toBe(0)
      const wrong = { mode: 'password', password: new Secret('no') } as const
      expect(failureOf(await run({ connection: lone, privilege: wrong, kit })).code).toBe('wrong-sudo-password')
    } finally {
      await rm(rule, { force: true })
      await lone.end()
    }
  })

  test('the real kit answers, stored and from memory', async () => {
    const kit = assembleKit()
    const args = ['--events', 'policy']
    const first = must(await run({ kit, args }))
    expect(first.result).toMatchObject({ outcome: 'succeeded', code: 'ok' })
    await rm(join(user.home, '.local'), { recursive: true })
    await writeFile(join(user.home, '.local'), '')
    const events: KitEvent[] = []
    const second = must(await run({ kit, args, onEvent: (event) => events.push(event) }))
    const policyOf = ({ data }: typeof first.result) => (data as { policy: unknown }).policy
    expect(policyOf(second.result)).toEqual(policyOf(first.result))
    expect(events[0]).toMatchObject({ kind: 'hello', kit: kit.sha256 })
  })
})
