/** How a backup or a verification ends where something around it is not as it should be. */
import { describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const violation = 'PRAGMA foreign_keys = OFF; INSERT INTO locations VALUES (3, "nowhere", 99);'

describe.concurrent('foreign key violations without a fingerprint', () => {
  it.for([
    ['that the live database has, too, are no fault of the backup', violation, 'verified'],
    ['that the live database has not are not judged', '', 'inconclusive'],
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

describe.concurrent('a disk that becomes full while a backup is made', () => {
  it.for([
    ['compressed', 'compress_part() { cat >/dev/null; return 1; }'],
    ['verified', 'database_check_to() { return 1; }'],
  ] as const)('is told when the copy was being %s', async ([moment, broken], { onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    const instead = `${broken}; free_bytes() { REPLY=1000000000; [[ $1 != . || ! -s copy.db ]] || REPLY=0; }
      database_copy() { step copy copy; cp -- "$DATABASE_FILE" copy.db; D_TAKEN_AT=1; }`
    const { result } = await site.run(['database'], { instead })
    expect(result).toMatchObject({ code: 'no-space', message: `The disk became full while the copy was ${moment}.` })
    expect(site.library('ls -A "$BACKUPS"')).toBe('app\nsystem\n')
  })
})
