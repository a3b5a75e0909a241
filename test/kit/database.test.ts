/** Making a backup, beside what is there already. */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

describe('a backup', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  it('leaves another of the same second as it is, with its fingerprint', async () => {
    // The clock stands, until it was waited for.
    const clock = `stands=yes; sleep() { stands=''; command sleep "$@"; }
      date() { if [[ $stands != '' && $* == +%Y%m%d_%H%M%S ]]; then printf '20261025_023000'; else command date "$@"; fi; }`
    await site.run(['database'], { instead: clock })
    site.sql(site.database, "INSERT INTO routes VALUES (3, 'after the first')")
    expect((await site.run(['database'], { instead: clock })).result.outcome).toBe('succeeded')
    expect(readdirSync(site.backups).filter((name) => name.startsWith('cvd_backup_'))).toHaveLength(2)
    expect((await site.run(['verify', '--all'])).result).toMatchObject({ outcome: 'succeeded' })
  })
})
