import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { backupEntry, verification } from '../../src-shared/domain/kit-backups.ts'
import { ScratchSite } from '../support/scratch-site.ts'
import { withSqlite } from '../support/sqlite-program.ts'
import { waitUntil } from '../support/wait.ts'

const report = z.object({
  backups: z.array(verification),
  counts: z.object({ verified: z.number(), failed: z.number(), inconclusive: z.number() }),
})
const name = 'cvd_backup_20260110_120000.db.gz'

const canMount = mayMount()

describe('verify', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const verify = async (...args: (string | Buffer)[]) => {
    const answer = await site.run(['verify', ...args])
    if (answer.result.data === null) throw new Error(`no report: ${JSON.stringify(answer.result)}`)
    const data = report.parse(answer.result.data)
    return { ...answer, data, first: data.backups[0] }
  }
  const entry = (path: string) =>
    backupEntry.parse(JSON.parse(site.library('backup_entry_json "$1"; printf %s "$REPLY"', [path])))

  it('verifies by fingerprint, and records the verdict', async () => {
    const path = site.backup(name)
    const takenAt = Date.UTC(2026, 0, 10, 11, 59, 58)
    site.fingerprint(path, takenAt)
    const { first, result, exitCode, events } = await verify(name)
    expect(first).toMatchObject({ verdict: 'verified', basis: 'fingerprint' })
    expect(first?.evidence).toMatchObject({ integrity: 'ok', tables: 12, userVersion: 7 })
    expect([result.outcome, exitCode]).toEqual(['succeeded', 0])
    expect(events.some((event) => event.kind === 'progress' && event.unit === 'bytes' && event.done > 0)).toBe(true)
    expect(entry(path)).toMatchObject({ verdict: 'verified', fingerprint: true, takenAt })
  })

  it.each([
    ['sqlite3 is killed during the integrity check', '[[ "$sql" != *integrity_check* ]] || kill -KILL "$$"'],
    ['sqlite3 is killed while listing the tables', '[[ "$sql" != *pragma_index_list* ]] || kill -KILL "$$"'],
    ['sqlite3 is killed while counting', '[[ "$sql" != *foreign_key_check* ]] || kill -KILL "$$"'],
    ['sqlite3 cannot be run', 'exit 127'],
    ['the checking process is killed', '[[ "$sql" != *foreign_key_check* ]] || kill -KILL 0'],
    ['the disk cannot be read', '[[ "$sql" != *integrity_check* ]] || { echo "Error: disk I/O error" >&2; exit 1; }'],
  ])('does not call a backup bad when %s', async (_, fault) => {
    const path = site.backup(name)
    site.fingerprint(path)
    const { result } = await site.run(['verify', name], { instead: withSqlite(site, fault) })
    expect(result.message).toContain('failed: 0, inconclusive: 1')
    expect(entry(path)).toMatchObject({ verdict: 'inconclusive' })
  })

  it.each([
    ['memory', '[[ "$sql" != *integrity_check* ]] || { echo "Error: out of memory" >&2; exit 1; }', 'out of memory'],
    ['time', '[[ "$sql" != *integrity_check* ]] || exec sleep 1000', 'it took too long'],
  ])('reports that it lacked %s to check, and calls the backup neither bad nor good', async (_, fault, words) => {
    site.backup(name)
    // The time limit of a check grows with the database; here it is short.
    const hasty = `${withSqlite(site, fault)}; timeout() { if [[ $1 == --foreground ]]; then command timeout --foreground 5 "\${@:4}"; else command timeout "$@"; fi; }`
    const { result } = await site.run(['verify', name], { instead: hasty })
    const [one] = report.parse(result.data).backups
    expect(one).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining(words) })
  })

  it('reports when it verified by content only', async () => {
    site.backup(name)
    const { first } = await verify(name)
    expect(first).toMatchObject({ verdict: 'verified', basis: 'content' })
    expect(first?.reason).toContain('no fingerprint')
  })

  it('does not fail a backup because another existing one has its name', async () => {
    const path = site.backup(name)
    site.fingerprint(path)
    site.sql(site.database, 'DELETE FROM sales;')
    mkdirSync(join(site.backups, 'older'))
    const other = site.backup(name, join(site.backups, 'older'))
    expect((await verify(other)).first).toMatchObject({ verdict: 'verified', basis: 'content' })
    expect((await verify(path)).first).toMatchObject({ verdict: 'verified', basis: 'fingerprint' })
    // Moved and truncated, it is still the one that was made.
    renameSync(path, other)
    truncateSync(other, 5000)
    expect((await verify(other)).first).toMatchObject({ verdict: 'failed', basis: 'fingerprint' })
  })

  it('fails a file that is empty, foreign or cut off', async () => {
    const whole = readFileSync(site.backup(name))
    const cases: [string, Buffer, string][] = [
      ['zero.db', Buffer.alloc(0), 'empty'],
      ['zero.db.gz', Buffer.alloc(0), 'empty'],
      ['text.db', Buffer.from('this is a letter, not a database\n'.repeat(300)), 'neither gzip nor'],
      ['cut.db.gz', whole.subarray(0, whole.length / 2), 'cut off'],
      ['no-trailer.db.gz', whole.subarray(0, -6), 'cut off'],
    ]
    for (const [file, bytes] of cases) writeFileSync(join(site.backups, file), bytes)
    const { data, result } = await verify(...cases.map(([file]) => file))
    expect(data.backups.map((one) => one.verdict)).toEqual(cases.map(() => 'failed'))
    for (const [index, [, , words]] of cases.entries()) expect(data.backups[index]?.reason).toContain(words)
    expect(result).toMatchObject({ outcome: 'failed', code: 'integrity' })
  })

  it('fails a half-written database', async () => {
    const path = site.backup('cvd_backup_20260110_120000.db')
    truncateSync(path, 4096 * 20)
    expect((await verify(path)).first).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('incomplete'),
    })
  })

  it('detects a changed byte inside a BLOB, which integrity_check does not', async () => {
    const path = site.backup('cvd_backup_20260110_120000.db')
    site.fingerprint(path)
    const bytes = readFileSync(path)
    const blob = Buffer.from(site.sql(path, 'SELECT hex(raw) FROM dex_records WHERE id = 7').trim(), 'hex').subarray(
      6000,
      6100,
    )
    const at = bytes.indexOf(blob)
    expect(at).toBeGreaterThan(0)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(path, bytes)
    expect(site.sql(path, 'PRAGMA integrity_check').trim()).toBe('ok')
    expect((await verify(path)).first).toMatchObject({ verdict: 'failed', reason: expect.stringContaining('SHA-256') })
  })

  it('is not fooled by a complaint that contains "ok"', async () => {
    const path = site.backup('cvd_backup_20260110_120000.db')
    // The index lacks one row: its definition is removed for one insert.
    const entryOf = site
      .sql(path, "SELECT rootpage || '|' || sql FROM sqlite_master WHERE name = 'idx_token_ok'")
      .trim()
    const [rootpage, text] = entryOf.split('|')
    site.sql(path, `PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'idx_token_ok';`)
    site.sql(path, "INSERT INTO service_visits VALUES (1000, 1, 'unindexed', NULL);")
    site.sql(
      path,
      `PRAGMA writable_schema = ON;
       INSERT INTO sqlite_master VALUES ('index', 'idx_token_ok', 'service_visits', ${rootpage}, '${text}');`,
    )
    expect(site.sql(path, 'PRAGMA integrity_check')).toContain('idx_token_ok')
    expect((await verify(path)).first).toMatchObject({
      verdict: 'failed',
      reason: expect.stringContaining('idx_token_ok'),
    })
  })

  it('runs no code from a schema', async () => {
    const path = site.backup('cvd_backup_20260111_120000.db')
    site.sql(
      path,
      `CREATE TABLE trap (a CHECK (a > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO trap VALUES (-1);`,
    )
    // Running the constraint would show it violated.
    expect(site.sql(path, 'PRAGMA integrity_check')).toContain('CHECK constraint failed in trap')
    expect((await verify(path)).first).toMatchObject({ verdict: 'verified', reason: expect.stringContaining('ok') })
  })

  it('reads a WAL database in a read-only folder, and leaves nothing beside it', async () => {
    site.sql(site.database, 'PRAGMA journal_mode = WAL')
    const folder = join(site.folder, 'read-only')
    mkdirSync(folder)
    const path = site.backup('cvd_backup_20260110_120000.db', folder)
    chmodSync(folder, 0o555)
    expect(readFileSync(path)[18]).toBe(2)
    expect((await verify(path)).first).toMatchObject({ verdict: 'verified' })
    expect(site.library('ls -A "$1"', [folder]).trim()).toBe('cvd_backup_20260110_120000.db')
  })

  it('includes the WAL of a safety copy', async () => {
    const copy = `${site.database}.pre-restore.20260111_120000`
    site.sql(
      site.database,
      `PRAGMA journal_mode = WAL;
       PRAGMA wal_autocheckpoint = 0;
       INSERT INTO users (id, username) VALUES (999, 'only in the wal');
.shell cp '${site.database}' '${copy}' && cp '${site.database}-wal' '${copy}-wal'`,
    )
    const { first } = await verify(copy)
    expect(first).toMatchObject({ verdict: 'verified' })
    const rows = site.sql(site.database, 'SELECT count(*) FROM users').trim()
    expect(rows).toBe('41')
    const plain = Number(first?.evidence.rows)
    renameSync(`${copy}-wal`, join(site.folder, 'wal'))
    expect(Number((await verify(copy)).first?.evidence.rows)).toBe(plain - 1)
  })

  it('treats hostile names as names', async () => {
    const good = site.backup(name)
    const names = [
      'a b.db.gz',
      'it\'s "it".db.gz',
      'new\nline.db.gz',
      '-rf.db.gz',
      '*?[a].db.gz',
      '$(touch x).db.gz',
      '%41.db.gz',
    ]
    const files: Buffer[] = names.map((one) => Buffer.from(one))
    files.push(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('.db.gz')]))
    for (const file of files) copyFileSync(good, Buffer.concat([Buffer.from(`${site.backups}/`), file]))
    const { data, result } = await verify(...files)
    expect(result.outcome).toBe('succeeded')
    expect(data.backups.map((one) => one.path)).toEqual(
      files.map((file) => site.backups + '/' + [...file].map(encodeByte).join('')),
    )
    const list = z.array(backupEntry).parse(JSON.parse(`[${site.library('backup_list | backups_json')}]`))
    expect(list.filter((one) => one.verdict === 'verified')).toHaveLength(files.length)
  })

  it('forgets a verdict when the file changes, but not a hold', async () => {
    const path = site.backup(name)
    await verify(name)
    await site.run(['hold', name])
    expect(entry(path)).toMatchObject({ verdict: 'verified', hold: true })
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]))
    expect(entry(path)).toMatchObject({ verdict: 'never', verifiedAt: null, reason: '', hold: true })
    await site.run(['release', name])
    expect(entry(path)).toMatchObject({ hold: false })
  })

  it('does not call a backup bad for lack of space', async () => {
    site.backup(name)
    // Most of the space is reserved for others: nothing is left for us.
    const refused = await site.run(['verify', name], { instead: 'free_bytes() { REPLY=1000; }' })
    const data = report.parse(refused.result.data)
    expect(data.backups[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('not enough space'),
    })
    expect(data.counts).toEqual({ verified: 0, failed: 0, inconclusive: 1 })
    expect(refused.result).toMatchObject({ outcome: 'failed', code: 'integrity' })
  })

  it('works beside the backups when the state folder lacks space', async () => {
    site.backup(name)
    const instead = `free_bytes() { case $(readlink -f -- "$1") in "$STATE"/*) REPLY=1000 ;; *) REPLY=1000000000 ;; esac; }`
    const { result } = await site.run(['verify', name], { instead })
    expect(report.parse(result.data).backups[0]).toMatchObject({ verdict: 'verified' })
    const planned = await site.run(['plan', 'restore', 'database', name], { instead })
    const passed = expect.objectContaining({ check: 'integrity', state: 'passed' })
    expect(planned.result.data).toMatchObject({ checks: expect.arrayContaining([passed]) })
    expect(readdirSync(site.backups).filter((one) => one.startsWith('.'))).toEqual([])
  })

  it.runIf(canMount)('does not call a backup bad when the disk fills up meanwhile', async () => {
    const path = site.backup(name)
    const output = site.library(
      `cat >"$1/run" <<'SCRIPT'
         source <(sed '$d' "$KIT"); KIT_FILE=$KIT; extract_space() { EXTRACT_LIMIT=100000000; }
         mount -t tmpfs -o size=100k none "$1/work" && policy_load && enter_work_dir "$1/work" && extract_backup "$2" database ''
         printf '%s|%s' "$EXTRACT_CODE" "$EXTRACT_PROBLEM"
SCRIPT
       mkdir "$1/work"; unshare -m bash --noprofile --norc "$1/run" "$1" "$2"`,
      [site.folder, path],
    )
    expect(output).toBe('no-space|The disk became full while it was extracted.')
  })

  it('does not judge a file that could not be hashed', async () => {
    const path = site.backup(name)
    const { result } = await site.run(['verify', path], { instead: 'sha256() { cat >/dev/null; return 1; }' })
    expect(report.parse(result.data).backups[0]).toMatchObject({ verdict: 'inconclusive' })
  })

  it('does not judge a file that is replaced while it is read', async () => {
    const path = site.backup(name)
    const instead = `dd() { command dd "$@"; [[ $1 != if=*/${name} || $2 != *bs=64K* && $3 != bs=64K ]] || { cp -p -- "\${1#if=}" "\${1#if=}.other"; mv -- "\${1#if=}.other" "\${1#if=}"; }; }`
    const { result } = await site.run(['verify', path], { instead })
    expect(report.parse(result.data).backups[0]).toMatchObject({ verdict: 'inconclusive' })
  })

  it('stops when asked to, and leaves nothing behind', async () => {
    site.backup(name)
    const running = site.start(['verify', name], 'integrity_check() { sleep 1000; }')
    const closed = once(running, 'close') // all output has been read by then
    let printed = ''
    running.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
    })
    const id = await waitUntil('the operation', () => /"operation":"([^"]+)"/.exec(printed)?.[1])
    await waitUntil('the work folder', () => readdirSync(join(site.state, 'work')).length > 0)
    await site.run(['cancel', id])
    await closed
    expect(printed).toContain('"outcome":"cancelled"')
    expect(printed).toMatch(/"Cancelled: asked by [^"]*[^ "]\."/)
    expect(readdirSync(join(site.state, 'work'))).toEqual([])
  })

  it('takes the newest with --last, everything with --all', async () => {
    for (const day of ['01', '02', '03']) site.backup(`cvd_auto_202601${day}_120000.db.gz`)
    const last = await verify('--last', '2')
    expect(last.data.backups.map((one) => /_(\d{8})_/.exec(one.path)?.[1])).toEqual(['20260103', '20260102'])
    expect((await verify('--all')).data.backups).toHaveLength(3)
  })

  it('reads archives, and the database in a system backup', async () => {
    site.library(
      `cd "$1/.." && mkdir -p s/cvd_system_20260101_000000/database && printf x >s/file
       sqlite3 "$2" ".backup s/cvd_system_20260101_000000/database/cvd.db" && gzip s/cvd_system_20260101_000000/database/cvd.db
       tar -czf "$1/system/cvd_system_20260101_000000.tar.gz" -C s cvd_system_20260101_000000
       tar -czf "$1/app/cvd_app_20260101_000000.tar.gz" -C s file
       head -c 60 "$1/app/cvd_app_20260101_000000.tar.gz" >"$1/app/cvd_config_20260101_000000.tar.gz"`,
      [site.backups, site.database],
    )
    const { data } = await verify(
      'cvd_system_20260101_000000.tar.gz',
      'cvd_app_20260101_000000.tar.gz',
      'cvd_config_20260101_000000.tar.gz',
    )
    expect(data.backups.map((one) => one.verdict)).toEqual(['verified', 'verified', 'failed'])
    expect(data.backups[0]?.reason).toContain('integrity_check ok')
  })

  it('refuses a file that does not exist', async () => {
    expect((await site.run(['verify', 'nothing.db.gz'])).result).toMatchObject({ outcome: 'failed', code: 'not-found' })
    expect((await site.run(['verify'])).result.code).toBe('usage')
  })
})

function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function encodeByte(byte: number): string {
  const char = String.fromCharCode(byte)
  return /[A-Za-z0-9._/-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
