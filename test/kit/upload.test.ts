/** A backup from elsewhere gets its name only when all of it is here and is what was announced; nothing is replaced. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { uploadReport } from '../../src-shared/domain/transfer.ts'
import { type Sending, transfer } from '../support/kit/transfer.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'
import { waitUntil } from '../support/wait.ts'

let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite()
})
afterEach(() => site.remove())

const NAME = 'cvd_backup_20260110_120000.db.gz'
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
/** A sound backup of the database, which is not on the site. */
function backup(): Buffer {
  const folder = join(site.folder, 'elsewhere')
  if (!existsSync(folder)) mkdirSync(folder)
  return readFileSync(site.backup(NAME, folder))
}
const words = (name: string | Buffer, bytes: Buffer, ...more: string[]) => [
  'upload',
  name,
  '--size',
  String(bytes.length),
  '--sha256',
  sha256(bytes),
  ...more,
]
const rest = (bytes: Buffer): Sending => ({ from: ({ offset }) => bytes.subarray(offset) })
const part = (name: string, bytes: Buffer) => `${name}.${sha256(bytes).slice(0, 16)}.part`
/** Sends only the first bytes, then ends: the link broke. */
const broken = (bytes: Buffer, length: number): Sending => ({
  from: ({ offset }) => bytes.subarray(offset, length),
  cut: true,
})
const names = (folder = site.backups) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isFile() ? [one.name] : []))

describe('an upload', () => {
  it('is a backup like any other: listed, verified, with the time in its name and of its file', async () => {
    const bytes = backup()
    const got = await transfer(site, words(NAME, bytes, '--modified', '1768046400123'), rest(bytes))
    expect(got.result).toMatchObject({ outcome: 'succeeded', message: `Uploaded: ${join(site.backups, NAME)}.` })
    expect(uploadReport.parse(got.result.data).backup).toMatchObject({
      ...{ path: join(site.backups, NAME), kind: 'database', origin: 'foreign', verdict: 'never' },
      ...{ takenAt: Date.UTC(2026, 0, 10, 12), modifiedAt: 1_768_046_400_123, size: bytes.length },
    })
    expect(readFileSync(join(site.backups, NAME)).equals(bytes)).toBe(true)
    expect(statSync(join(site.backups, NAME)).mode & 0o777).toBe(0o640)
    expect(names()).toEqual([NAME])
    expect((await site.run(['verify', NAME])).result.outcome).toBe('succeeded')
    expect((await site.ask(['inspect'], inspection)).backups).toMatchObject([
      { origin: 'foreign', verdict: 'verified' },
    ])
    expect(readFileSync(join(site.state, 'audit'), 'utf8')).toContain('"event":"uploaded"')
    expect(readFileSync(join(site.root, 'logs/backup.log'), 'utf8')).toContain('Backup uploaded by test')
  })

  it.each([
    ['cvd_app_20260110_120000.tar.gz', 'app', 'application'],
    ['cvd_config_20260110_120000.tar.gz', 'app', 'config'],
    ['cvd_systemd_20260110_120000.tar.gz', 'app', 'systemd'],
    ['cvd_system_20260110_120000.tar.gz', 'system', 'system'],
  ])('of %s goes to the folder %s, which is made if it is missing', async (name, folder, kind) => {
    execFileSync('rmdir', [join(site.backups, folder)])
    const bytes = randomBytes(1000)
    const got = await transfer(site, words(name, bytes), rest(bytes))
    expect(uploadReport.parse(got.result.data).backup).toMatchObject({ path: join(site.backups, folder, name), kind })
    expect(names(join(site.backups, folder))).toEqual([name])
  })

  it('makes the folder of the backups where there is none', async () => {
    const bytes = backup()
    rmSync(site.backups, { recursive: true })
    const got = await transfer(site, words(NAME, bytes), rest(bytes))
    expect(got.result).toMatchObject({ outcome: 'succeeded' })
    expect(names()).toEqual([NAME])
  })

  it('that was cut off is listed as unfinished, and goes on where it stopped', async () => {
    const bytes = randomBytes(2_000_000)
    const cut = await transfer(site, words(NAME, bytes), broken(bytes, 1_234_567))
    expect(cut.result).toMatchObject({
      outcome: 'failed',
      code: 'incomplete',
      message: `1234567 of ${bytes.length} bytes have arrived.`,
    })
    expect(names()).toEqual([part(NAME, bytes)])
    const listed = await site.ask(['inspect'], inspection)
    expect(listed.otherFiles).toMatchObject([{ class: 'unfinished', size: 1_234_567 }])
    expect(listed.backups).toEqual([])
    const got = await transfer(site, words(NAME, bytes, '--resume'), rest(bytes))
    expect(got.file?.offset).toBe(1_234_567)
    expect(got.result.outcome).toBe('succeeded')
    expect(readFileSync(join(site.backups, NAME)).equals(bytes)).toBe(true)
    expect(names()).toEqual([NAME])
  })

  it('starts at the beginning without --resume, and when another file is to have the name', async () => {
    const [bytes, other] = [randomBytes(50_000), randomBytes(60_000)]
    await transfer(site, words(NAME, bytes), broken(bytes, 40_000))
    const again = await transfer(site, words(NAME, other, '--resume'), broken(other, 30_000))
    expect(again.file?.offset).toBe(0)
    const got = await transfer(site, words(NAME, bytes), rest(bytes))
    expect([got.file?.offset, got.result.outcome]).toEqual([0, 'succeeded'])
    expect(readFileSync(join(site.backups, NAME)).equals(bytes)).toBe(true)
  })

  it('whose result was lost succeeds when it is asked for again', async () => {
    const bytes = backup()
    await transfer(site, words(NAME, bytes), rest(bytes))
    const again = await transfer(site, words(NAME, bytes, '--resume'), rest(bytes))
    expect(again.result).toMatchObject({ outcome: 'succeeded', message: expect.stringContaining('already there') })
    expect(again.file).toBeUndefined()
  })

  it('comes from stdin for people, who send the file from its beginning when they resume', async () => {
    const bytes = randomBytes(300_000)
    await transfer(site, words(NAME, bytes), broken(bytes, 123_456))
    const file = join(site.folder, 'file')
    writeFileSync(file, bytes)
    const line = words(NAME, bytes, '--resume').join(' ')
    const run = `CVD_BACKUP_STATE='${site.state}' /bin/bash '${site.kit}' --root '${site.root}' ${line} <'${file}'`
    execFileSync('/bin/bash', ['-c', run], { stdio: 'ignore' })
    expect(readFileSync(join(site.backups, NAME)).equals(bytes)).toBe(true)
  })

  it('by root belongs to the owner of the CVD data', async () => {
    const owned = new ScratchSite({ owner: ORDINARY })
    try {
      const bytes = randomBytes(100_000)
      const got = await transfer(owned, words(NAME, bytes), rest(bytes))
      expect(got.result.outcome).toBe('succeeded')
      const { uid, mode } = statSync(join(owned.backups, NAME))
      expect([uid, mode & 0o777]).toEqual([ORDINARY, 0o640])
    } finally {
      owned.remove()
    }
  })
})

describe('an upload is refused, and nothing is added:', () => {
  it('with another hash: what arrived is removed', async () => {
    const bytes = randomBytes(10_000)
    const other = Buffer.from(bytes)
    other[5000] = (other[5000] ?? 0) ^ 1
    const got = await transfer(site, words(NAME, bytes), rest(other))
    expect(got.result).toMatchObject({ outcome: 'failed', code: 'fingerprint-mismatch' })
    expect(names()).toEqual([])
  })

  it('when somebody changed what had arrived before it was resumed', async () => {
    const bytes = randomBytes(10_000)
    await transfer(site, words(NAME, bytes), broken(bytes, 5000))
    writeFileSync(join(site.backups, part(NAME, bytes)), randomBytes(5000))
    const got = await transfer(site, words(NAME, bytes, '--resume'), rest(bytes))
    expect(got.result.code).toBe('fingerprint-mismatch')
    expect(names()).toEqual([])
  })

  it.each<[string, string, (path: string) => void]>([
    ['a file', 'name-taken', (path) => writeFileSync(path, 'old')],
    ['a link to nowhere', 'name-taken', (path) => symlinkSync('/nowhere', path)],
    ['a folder', 'name-taken', (path) => mkdirSync(path)],
  ])('over %s of that name', async (_, code, put) => {
    put(join(site.backups, NAME))
    const bytes = randomBytes(100)
    const got = await transfer(site, words(NAME, bytes), rest(bytes))
    expect([got.result.code, got.file]).toEqual([code, undefined])
  })

  it('over a file that took the name while the bytes arrived', async () => {
    const bytes = randomBytes(100)
    const got = await transfer(site, words(NAME, bytes), {
      from: () => {
        writeFileSync(join(site.backups, NAME), 'made meanwhile')
        return bytes
      },
    })
    expect(got.result.code).toBe('name-taken')
    expect(readFileSync(join(site.backups, NAME), 'utf8')).toBe('made meanwhile')
  })

  it.each<[string, (path: string, secret: string) => void]>([
    ['a link', (path, secret) => symlinkSync(secret, path)],
    ['a named pipe', (path) => execFileSync('mkfifo', [path])],
  ])('through %s in place of the partial file', async (_, put) => {
    const secret = join(site.root, 'config/secret')
    writeFileSync(secret, 'secret')
    const bytes = randomBytes(100)
    put(join(site.backups, part(NAME, bytes)), secret)
    const got = await transfer(site, words(NAME, bytes), rest(bytes))
    expect(got.result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(readFileSync(secret, 'utf8')).toBe('secret')
  })

  it.each<[string, string | Buffer]>([
    ['a path', '../cvd_backup_20260110_120000.db.gz'],
    ['a folder', 'app/cvd_backup_20260110_120000.db.gz'],
    ['an unfinished file', `${NAME}.part`],
    ['a hidden file', `.${NAME}`],
    ['an option', '-rf.db'],
    ['an encrypted file', `${NAME}.gpg`],
    ['a companion', `${NAME}.sha256`],
    ['a write-ahead log', 'cvd.db-wal'],
    ['the live database', 'cvd.db'],
    ['no backup', 'notes.rtf'],
    ['two lines', 'a\nb.db.gz'],
    ['a control character', Buffer.from('a\x1b[2Jb.db.gz')],
    ['dots', '..'],
    ['a name that is too long', `${'x'.repeat(220)}.db`],
  ])('under the name of %s', async (_, name) => {
    const bytes = randomBytes(10)
    const got = await transfer(site, words(name, bytes), rest(bytes))
    expect(got.result).toMatchObject({ outcome: 'failed', code: 'not-a-backup' })
    expect(got.file).toBeUndefined()
    expect(names()).toEqual([])
  })

  it('under the name of a backup that was made here, with other content', async () => {
    const path = site.backup(NAME)
    site.fingerprint(path)
    execFileSync('rm', [path])
    const bytes = randomBytes(10)
    expect((await transfer(site, words(NAME, bytes), rest(bytes))).result.code).toBe('fingerprint-mismatch')
  })

  it('without room for it', async () => {
    const bytes = randomBytes(10)
    const got = await transfer(site, words(NAME, bytes), rest(bytes), { instead: 'free_bytes() { REPLY=1000; }' })
    expect([got.result.code, got.file]).toEqual(['no-space', undefined])
  })

  it('when the disk becomes full: what has arrived is kept', async () => {
    const bytes = randomBytes(3_000_000)
    // The kernel's own limit on a file's size, for the process that writes.
    const instead = `eval "$(declare -f upload_write | sed '1s/upload_write/upload_write_all/')"
      upload_write() { trap '' XFSZ; ulimit -f 1024; upload_write_all "$@"; }`
    const got = await transfer(site, words(NAME, bytes), rest(bytes), { instead })
    expect(got.result).toMatchObject({ outcome: 'failed', code: 'no-space' })
    const { size } = statSync(join(site.backups, part(NAME, bytes)))
    expect(size).toBeGreaterThan(0)
    const resumed = await transfer(site, words(NAME, bytes, '--resume'), rest(bytes))
    expect([resumed.file?.offset, resumed.result.outcome]).toEqual([size, 'succeeded'])
  })

  it('while another upload of that name runs', async () => {
    const bytes = randomBytes(1000)
    const other = randomBytes(500)
    const begun = Promise.withResolvers<void>()
    let child: ChildProcess | undefined
    const waits: Sending = {
      from: () => {
        begun.resolve()
        return Buffer.alloc(0)
      },
    }
    const onStart = (started: ChildProcess) => {
      child = started
    }
    const first = transfer(site, words(NAME, bytes), waits, { onStart })
    await begun.promise
    expect((await transfer(site, words(NAME, other), rest(other))).result.code).toBe('busy')
    expect((await transfer(site, words('other.db', other), rest(other))).result.outcome).toBe('succeeded')
    child?.stdin?.write(bytes)
    expect((await first).result.outcome).toBe('succeeded')
  })

  it.each([
    [['--size', '0']],
    [['--size', 'a[$(id)]']],
    [['--sha256', 'x']],
    [['--modified', '-1']],
    [['--from', '1']],
    [['more']],
  ])('with a wrong argument: %j', async (more) => {
    const bytes = randomBytes(10)
    expect((await transfer(site, words(NAME, bytes, ...more), rest(bytes))).result.code).toBe('usage')
  })
})

describe('a partial upload', () => {
  const old = (name: string, days: number) => {
    const path = join(site.backups, name)
    writeFileSync(path, 'x')
    const at = Date.now() / 1000 - days * 86_400
    utimesSync(path, at, at)
    return name
  }

  it('can be deleted when nobody writes it any more', async () => {
    const name = old(`${NAME}.0123456789abcdef.part`, 1)
    const { result } = await site.run(['delete', name, '--confirm', hostname(), '--reason', 'not needed'])
    expect(result.outcome).toBe('succeeded')
    expect(names()).toEqual([])
  })

  it('is removed after seven days by the next upload; other unfinished files are not', async () => {
    old(`${NAME}.0123456789abcdef.part`, 9)
    const kept = [old(`${NAME}.fedcba9876543210.part`, 5), old(`${NAME}.part`, 90), old('a.0123456789ABCDEF.part', 90)]
    const bytes = randomBytes(10)
    await transfer(site, words('x.db', bytes), rest(bytes))
    expect(names().sort()).toEqual([...kept, 'x.db'].sort())
  })

  it('survives the kit being killed while bytes arrive', async () => {
    const bytes = randomBytes(500_000)
    const path = join(site.backups, part(NAME, bytes))
    const killed = transfer(
      site,
      words(NAME, bytes),
      { from: () => bytes.subarray(0, 400_000) },
      {
        onStart: (child) => {
          void waitUntil('bytes', () => existsSync(path) && statSync(path).size >= 262_144, { everyMs: 10 }).then(() =>
            child.kill('SIGKILL'),
          )
        },
      },
    )
    await expect(killed).rejects.toThrow('no result')
    const got = await transfer(site, words(NAME, bytes, '--resume'), rest(bytes))
    expect(got.file?.offset).toBeGreaterThanOrEqual(262_144)
    expect(got.result.outcome).toBe('succeeded')
  })
})
