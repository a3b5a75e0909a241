/** The bytes of a backup leave the server whole, or the answer says why not, whatever somebody does to the file meanwhile. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { downloadReport } from '../../src-shared/domain/transfer.ts'
import { transfer } from '../support/kit/transfer.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite()
})
afterEach(() => site.remove())

const NAME = 'cvd_backup_20260110_120000.db.gz'
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
/** Pieces of a few kilobytes, so that a small file takes several. */
const PIECES = 'PIECE=4096'
/** Does something when the first piece has been passed on. */
const meanwhile = (words: string) =>
  `PIECE=65536
   eval "$(declare -f relay | sed '1s/relay/relay_before/')"
   relay() { relay_before "$@" || return; [[ -e $ROOT/done ]] || { local REPLY; : >$ROOT/done; ${words}; }; }`

describe('a download', () => {
  it('is the file, byte for byte, with the hash of its fingerprint', async () => {
    const path = site.backup(NAME)
    site.fingerprint(path)
    const bytes = readFileSync(path)
    const got = await transfer(site, ['download', NAME], undefined, { instead: PIECES })
    expect(got.result).toMatchObject({ outcome: 'succeeded', message: `Sent: ${NAME}.` })
    expect(got.bytes.equals(bytes)).toBe(true)
    expect(got.file).toMatchObject({ path, size: bytes.length, offset: 0, sha256: sha256(bytes) })
    expect(downloadReport.parse(got.result.data)).toMatchObject({ basis: 'fingerprint', sha256: sha256(bytes) })
    expect(readFileSync(join(site.state, 'audit'), 'utf8')).toContain('"event":"downloaded"')
  })

  it('has the hash of the last verification if there is no fingerprint, and none if the file is another since', async () => {
    const path = site.backup(NAME)
    expect((await transfer(site, ['download', NAME])).result.data).toMatchObject({ basis: 'none', sha256: null })
    await site.run(['verify', NAME])
    const got = await transfer(site, ['download', NAME])
    expect(got.result.data).toMatchObject({ basis: 'verification', sha256: sha256(readFileSync(path)) })
    appendFileSync(path, 'x')
    expect((await transfer(site, ['download', NAME])).result.data).toMatchObject({ basis: 'none' })
  })

  it('of an archive has the hash of its fingerprint, too', async () => {
    writeFileSync(join(site.root, 'app/main.py'), 'print(1)\n')
    expect((await site.run(['application'])).result.outcome).toBe('succeeded')
    const [name = ''] = readdirSync(join(site.backups, 'app')).filter((one) => one.endsWith('.tar.gz'))
    const bytes = readFileSync(join(site.backups, 'app', name))
    const got = await transfer(site, ['download', name])
    expect(got.result.data).toMatchObject({ basis: 'fingerprint', sha256: sha256(bytes) })
    expect(got.bytes.equals(bytes)).toBe(true)
  })

  it('goes on from an offset, to nothing more at the very end', async () => {
    const bytes = readFileSync(site.backup(NAME))
    for (const from of [1, 4096, bytes.length - 1, bytes.length]) {
      const got = await transfer(site, ['download', NAME, '--from', String(from)], undefined, { instead: PIECES })
      expect(got.result.outcome).toBe('succeeded')
      expect(got.bytes.equals(bytes.subarray(from))).toBe(true)
    }
    const beyond = await transfer(site, ['download', NAME, '--from', String(bytes.length + 1)])
    expect([beyond.result.code, beyond.bytes.length]).toEqual(['changed', 0])
  })

  it('holds bytes that look like events', async () => {
    const path = site.backup(NAME)
    const lines = '{"kind":"result","at":1,"outcome":"succeeded","code":"ok","message":"forged","data":null}\n'.repeat(
      300,
    )
    writeFileSync(path, lines)
    const got = await transfer(site, ['download', NAME], undefined, { instead: PIECES })
    expect(got.bytes.toString()).toBe(lines)
    expect(got.result.message).toBe(`Sent: ${NAME}.`)
  })

  it('goes to stdout for people, with everything else on stderr', async () => {
    const bytes = readFileSync(site.backup(NAME))
    const words = `CVD_BACKUP_STATE='${site.state}' /bin/bash '${site.kit}' --root '${site.root}' download ${NAME}`
    expect(execFileSync('/bin/bash', ['-c', words], { stdio: ['ignore', 'pipe', 'ignore'] }).equals(bytes)).toBe(true)
  })

  it('by root is read with the rights of the owner alone', async () => {
    const owned = new ScratchSite({ owner: ORDINARY })
    try {
      const path = owned.backup(NAME)
      execFileSync('chown', ['0:0', path])
      execFileSync('chmod', ['600', path])
      expect((await transfer(owned, ['download', NAME])).result).toMatchObject({ outcome: 'failed', code: 'no-rights' })
      execFileSync('chown', [`${ORDINARY}:${ORDINARY}`, path])
      const got = await transfer(owned, ['download', NAME])
      expect(got.bytes.equals(readFileSync(path))).toBe(true)
    } finally {
      owned.remove()
    }
  })
})

describe('a download that would not be the backup is refused:', () => {
  const secret = () => {
    const path = join(site.root, 'config/secret')
    writeFileSync(path, 'secret')
    return path
  }
  /** Makes what has the name, and returns the name. */
  const there = (make: (path: string) => void, name = NAME) => {
    make(join(site.backups, name))
    return name
  }
  it.each<[string, string, () => string]>([
    ['a link in place of the backup', 'not-a-backup', () => there((path) => symlinkSync(secret(), path))],
    ['a named pipe', 'not-found', () => there((path) => execFileSync('mkfifo', [path]))],
    ['a folder', 'not-found', () => there((path) => mkdirSync(path))],
    ['an empty file', 'empty', () => there((path) => writeFileSync(path, ''))],
    ['the live database', 'not-a-backup', () => site.database],
    ['an unfinished file', 'not-a-backup', () => there((path) => writeFileSync(path, 'x'), `${NAME}.part`)],
    ['no file', 'not-found', () => 'nothing.db.gz'],
    ['a name with a line break', 'not-found', () => 'a\nb.db.gz'],
  ])('%s', async (_, code, put) => {
    const got = await transfer(site, ['download', put()])
    expect(got.result).toMatchObject({ outcome: 'failed', code })
    expect(got.bytes.length).toBe(0)
  })

  it('a wrong offset, or too many words', async () => {
    site.backup(NAME)
    for (const words of [['--from', '-1'], ['--from', 'a[$(id)]'], ['--from'], ['--to', '1'], ['x']])
      expect((await transfer(site, ['download', NAME, ...words])).result.code).toBe('usage')
  })
})

describe('a file that changes while it is sent ends with a clear error:', () => {
  it.each<[string, string]>([
    ['it grows', 'printf x >>"$BACKUPS/changing.db"'],
    ['it shrinks', 'truncate -s 5000 "$BACKUPS/changing.db"'],
    ['it is rewritten', 'printf x | dd of="$BACKUPS/changing.db" conv=notrunc status=none'],
    ['another takes its name', 'cp "$BACKUPS/changing.db" "$BACKUPS/x" && mv "$BACKUPS/x" "$BACKUPS/changing.db"'],
  ])('%s', async (_, words) => {
    // More than what fits into the pipes between the file and the console.
    const path = join(site.backups, 'changing.db')
    writeFileSync(path, randomBytes(3_000_000))
    const got = await transfer(site, ['download', 'changing.db'], undefined, { instead: meanwhile(words) })
    expect(got.result).toMatchObject({
      outcome: 'failed',
      code: 'changed',
      message: 'The file changed while it was read.',
    })
  })

  it('it vanishes', async () => {
    writeFileSync(join(site.backups, 'changing.db'), randomBytes(3_000_000))
    const got = await transfer(site, ['download', 'changing.db'], undefined, {
      instead: meanwhile('rm "$BACKUPS/changing.db"'),
    })
    expect(got.result).toMatchObject({ outcome: 'failed', message: 'The file vanished while it was read.' })
  })

  it('and a sender that sends too much is cut off', async () => {
    site.backup(NAME)
    const instead =
      'eval "$(declare -f backup_send | sed \'1s/backup_send/backup_send_well/\')"; backup_send() { backup_send_well "$@"; yes; }'
    const got = await transfer(site, ['download', NAME], undefined, { instead })
    expect(got.result).toMatchObject({ outcome: 'failed', code: 'changed' })
    expect(got.bytes.length).toBe(got.file?.size)
  })
})

it('a download whose console has gone ends, even if the owner sends nothing', async () => {
  site.backup(NAME)
  const instead = 'backup_send() { : >"$BACKUPS/sending"; sleep 1000; }'
  const child = site.start(['download', NAME], instead)
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.stdout?.on('data', (part: Buffer) => {
    if (part.toString().includes('"kind":"bytes"')) child.stdin?.end()
  })
  expect(await ended).toBe(143)
})
