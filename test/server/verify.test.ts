/** Verification on real servers: what it finds where the runbook's own checks report `ok`. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { ServerDesk } from '../support/server-desk.ts'
import { leftBehind } from '../support/server-faults.ts'
import { onBoth } from '../support/servers/shared.ts'

onBoth('a verification', (server) => {
  let desk: ServerDesk
  let site: Site
  let good: string

  beforeAll(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server)
    good = showPath((await desk.backUp(site)).backup.path)
  })
  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]()
    await server.reset()
  })

  const folder = '/opt/cvd/backups'
  /** The runbook's own check: `ok`, or sqlite3's complaint. */
  const runbookCheck = (file: string) =>
    server.must(`sqlite3 ${file} 'PRAGMA integrity_check;' && rm -f ${file}-wal ${file}-shm`)
  /** A backup as the runbook makes them, without a fingerprint of ours. */
  const foreign = async (name: string) => {
    const file = `${folder}/${name}`
    await server.must(
      `rm -f ${file} && sqlite3 -cmd '.timeout 10000' /opt/cvd/data/cvd.db ".backup ${file}" && sqlite3 ${file} 'PRAGMA journal_mode=delete'`,
    )
    return file
  }
  /** Verifies one backup, and checks that the list shows the same verdict. */
  const verdictOf = async (file: string) => {
    const { entry, backups } = await desk.verify(site, file)
    const [first] = backups
    if (first === undefined) throw new Error(`${entry.code}: ${entry.message}`)
    expect(entry.outcome).toBe(first.verdict === 'verified' ? 'succeeded' : 'failed')
    expect(await desk.listed(site, file)).toMatchObject({
      ...{ verdict: first.verdict, reason: first.reason, verifiedAt: first.at },
    })
    return first
  }

  it('verifies a good backup against its fingerprint', async () => {
    const found = await verdictOf(good)
    expect(found).toMatchObject({ verdict: 'verified', basis: 'fingerprint' })
    expect(found.evidence).toMatchObject({ integrity: 'ok', userVersion: 14, foreignKeyViolations: 2 })
    expect(found.evidence.sha256).toBe((await server.must(`sha256sum ${good}`)).split(' ')[0])
  })

  it.each(['cvd_backup_20250101_000000.db', 'cvd_backup_20250101_000001.db.gz'])(
    'H5: %s of 0 bytes fails, where integrity_check says ok',
    async (name) => {
      const file = `${folder}/${name}`
      await server.must(`: > ${file}`)
      if (name.endsWith('.db')) expect(await runbookCheck(file)).toBe('ok')
      expect(await verdictOf(file)).toMatchObject({ verdict: 'failed', reason: expect.stringContaining('0 bytes') })
      await server.must(`rm -f ${file}`)
    },
  )

  it('detects a truncated backup, with and without a fingerprint', async () => {
    const stranger = `${folder}/cvd_backup_20250101_000002.db.gz`
    await server.must(`cp -p ${good} ${stranger} && truncate -s -4096 ${stranger}`)
    expect(await verdictOf(stranger)).toMatchObject({ verdict: 'failed', basis: 'content' })
    const plain = await foreign('cvd_backup_20250101_000003.db')
    await server.must(`truncate -s -4096 ${plain}`)
    expect(await verdictOf(plain)).toMatchObject({ verdict: 'failed', reason: expect.stringContaining('pages') })
    const own = showPath((await desk.backUp(site)).backup.path)
    await server.must(`truncate -s -1 ${own}`)
    expect(await verdictOf(own)).toMatchObject({
      ...{ verdict: 'failed', basis: 'fingerprint', reason: expect.stringContaining('cut off') },
    })
    await server.must(`rm -f ${stranger} ${plain} ${own}`)
  })

  it('detects one flipped bit inside a row, which integrity_check does not', async () => {
    const own = showPath((await desk.backUp(site)).backup.path)
    const hash = await server.query('SELECT password_hash FROM users WHERE id = 3')
    const flip = `import gzip, sys
data = bytearray(gzip.decompress(open('${own}', 'rb').read()))
at = data.index(b'${hash}')
data[at] ^= 1
open('/tmp/flipped.db', 'wb').write(data)
open('${own}', 'wb').write(gzip.compress(bytes(data), 1))`
    await server.must('python3 -', { stdin: flip })
    expect(await runbookCheck('/tmp/flipped.db')).toBe('ok')
    const hashes = 'SELECT group_concat(password_hash) FROM users'
    expect(await server.must(`sqlite3 /tmp/flipped.db '${hashes}'`)).not.toBe(await server.query(hashes))
    expect(await verdictOf(own)).toMatchObject({ verdict: 'failed', basis: 'fingerprint' })
    await server.must(`rm -f ${own} /tmp/flipped.db*`)
  })

  it('H6: is not fooled by a complaint that contains "ok"', async () => {
    const file = await foreign('cvd_backup_20250101_000004.db')
    const sql = (text: string) => server.must(`sqlite3 -batch -bail ${file}`, { stdin: `${text};\n` })
    await sql('CREATE INDEX idx_token_ok ON service_visits (id)')
    const [page, text] = (await sql("SELECT rootpage, sql FROM sqlite_master WHERE name = 'idx_token_ok'")).split('|')
    // The index lacks a row: its definition is removed for one insert.
    await sql("PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = 'idx_token_ok'")
    const columns = await sql("SELECT group_concat(name) FROM pragma_table_info('service_visits') WHERE name <> 'id'")
    await sql(`INSERT INTO service_visits (id, ${columns}) SELECT 900000, ${columns} FROM service_visits LIMIT 1`)
    await sql(
      `PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('index', 'idx_token_ok', 'service_visits', ${page}, '${text}')`,
    )
    // What the runbook does: grep -q "ok".
    expect(await runbookCheck(file)).toMatch(/idx_token_ok/)
    expect(await verdictOf(file)).toMatchObject({
      ...{ verdict: 'failed', reason: expect.stringContaining('idx_token_ok') },
    })
    await server.must(`rm -f ${file}`)
  })

  it("verifies the runbook's plain .db by content, and drops the verdict when the file changes", async () => {
    const file = await foreign('cvd_backup_20250722_115106.db')
    expect(await desk.listed(site, file)).toMatchObject({ origin: 'manual', verdict: 'never', fingerprint: false })
    expect(await verdictOf(file)).toMatchObject({ verdict: 'verified', basis: 'content' })
    const copy = `${folder}/cvd.db.backup-20250722-115106`
    await server.must(`cp -p ${file} ${copy}`)
    expect(await desk.listed(site, copy)).toMatchObject({ origin: 'foreign', verdict: 'never' })
    expect(await verdictOf(copy)).toMatchObject({ verdict: 'verified', basis: 'content' })
    await server.must(`sqlite3 ${file} 'UPDATE users SET email = email || 1 WHERE id = 2'`)
    expect(await desk.listed(site, file)).toMatchObject({ verdict: 'never', reason: '', verifiedAt: null })
    await server.must(`touch ${good}`)
    expect(await desk.listed(site, good)).toMatchObject({ verdict: 'never', fingerprint: true })
    expect(await verdictOf(good)).toMatchObject({ verdict: 'verified', basis: 'fingerprint' })
    await server.must(`rm -f ${file} ${copy}`)
  })

  it('verifies several at once: a bad one fails the operation but not the others; nothing is left behind', async () => {
    const bad = `${folder}/cvd_backup_20250101_000005.db.gz`
    await server.must(`head -c 5000 /dev/urandom > ${bad}`)
    const { entry, backups } = await desk.verify(site, good, bad)
    expect(entry).toMatchObject({ outcome: 'failed', code: 'integrity' })
    expect(backups.map(({ verdict }) => verdict)).toEqual(['verified', 'failed'])
    expect(await leftBehind(server)).toEqual([bad, good].sort())
    await server.must(`rm -f ${bad}`)
  })
})
