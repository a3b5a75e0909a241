/** How a backup or a verification ends when its surroundings are faulty. */
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const violation = 'PRAGMA foreign_keys = OFF; INSERT INTO locations VALUES (3, "nowhere", 99);'

describe.concurrent('foreign key violations without a fingerprint', () => {
  it.for([
    ['that the live database also has are not held against the backup', violation, 'verified'],
    ['that the live database does not have make the verdict inconclusive', '', 'inconclusive'],
  ] as const)('%s', async ([, live, verdict], { onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    site.sql(site.database, violation)
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    site.sql(site.database, `DELETE FROM locations WHERE id = 3; ${live}`)
    const { result } = await site.run(['verify', backup])
    expect(result.data).toMatchObject({ backups: [{ verdict }] })
    expect(JSON.stringify(result.data)).toContain('1 foreign key violations')
  })
})

describe.concurrent('a disk that fills up during a backup', () => {
  it.for([
    ['compressed', 'compress_part() { cat >/dev/null; return 1; }'],
    ['verified', 'database_check_say() { return 1; }'],
  ] as const)('is reported when the copy was being %s', async ([moment, broken], { onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    const instead = `${broken}; free_bytes() { REPLY=1000000000; [[ $1 != . || ! -s reader/copy.db ]] || REPLY=0; }`
    const { result } = await site.run(['database'], { instead })
    expect(result).toMatchObject({ code: 'no-space', message: `The disk became full while the copy was ${moment}.` })
    expect(readdirSync(site.backups).sort()).toEqual(['app', 'system'])
  })
})

it('a backup of a database that is locked gives up, and reports that', async ({ onTestFinished }) => {
  const site = new ScratchSite()
  onTestFinished(() => site.remove())
  await site.run(['policy', 'busy_timeout=200'])
  const holder = new DatabaseSync(site.database)
  onTestFinished(() => holder.close())
  holder.exec('BEGIN EXCLUSIVE')
  expect((await site.run(['database'])).result).toMatchObject({ outcome: 'failed', code: 'database-locked' })
  expect(readdirSync(site.backups).sort()).toEqual(['app', 'system'])
})

it.runIf(root)(
  "the policy's owner owns the backup, and is named if that user may not read it",
  async ({ onTestFinished }) => {
    const site = new ScratchSite({ owner: 1 })
    onTestFinished(() => site.remove())
    await site.run(['policy', 'owner=daemon:daemon'])
    expect((await site.run(['database'])).result.outcome).toBe('succeeded')
    const [name = ''] = readdirSync(site.backups).filter((one) => one.startsWith('cvd_backup_'))
    const { uid, gid } = statSync(join(site.backups, name))
    expect([uid, gid]).toEqual([1, 1])
    const unreadable = join(site.backups, 'cvd_backup_20260101_000000.db')
    writeFileSync(unreadable, 'of root', { mode: 0o600 })
    const { result } = await site.run(['verify', unreadable])
    expect(JSON.stringify(result.data)).toContain('The owner of the CVD data, daemon:daemon, may not read the file.')
  },
)
