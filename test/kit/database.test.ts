/** Making a backup beside existing files. */
import { chownSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const application = 65534

describe('a backup', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  it("creates the backup folder, owned by the site's owner", async () => {
    rmSync(site.backups, { recursive: true })
    if (root) chownSync(site.root, application, application)
    expect((await site.run(['database'])).result.outcome).toBe('succeeded')
    const { mode, uid } = statSync(site.backups)
    expect([mode & 0o7777, uid]).toEqual([0o755, statSync(site.root).uid])
    expect(readdirSync(site.root).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it.runIf(root)('does not hand over another folder when a link takes the name of the new one', async () => {
    rmSync(site.backups, { recursive: true })
    chownSync(site.root, application, application)
    const other = join(site.folder, 'other')
    mkdirSync(other)
    const exchange = `chown() { if [[ $* == *--reference* ]]; then
      command mv "$BACKUPS" "$BACKUPS.away"; ln -s '${other}' "$BACKUPS"; fi 2>/dev/null; command chown "$@"; }`
    await site.run(['database'], { instead: exchange })
    expect(statSync(other).uid).toBe(0)
  })

  it('leaves another backup of the same second unchanged, with its fingerprint', async () => {
    // The clock stands still until it has been waited for.
    const clock = `stands=yes; sleep() { stands=''; command sleep "$@"; }
      date() { if [[ $stands != '' && $* == +%Y%m%d_%H%M%S ]]; then printf '20261025_023000'; else command date "$@"; fi; }`
    await site.run(['database'], { instead: clock })
    site.sql(site.database, "INSERT INTO routes VALUES (3, 'after the first')")
    expect((await site.run(['database'], { instead: clock })).result.outcome).toBe('succeeded')
    expect(readdirSync(site.backups).filter((name) => name.startsWith('cvd_backup_'))).toHaveLength(2)
    expect((await site.run(['verify', '--all'])).result).toMatchObject({ outcome: 'succeeded' })
  })
})

it('stops copying a database without a WAL when its writers have waited for as long as allowed', async ({
  onTestFinished,
}) => {
  // A copy that does not end; everything else is sqlite3 itself.
  const sqlite3 = `#!/bin/bash
    [[ $* != "-batch -bail -init /dev/null -readonly "* || $* == *-cmd* ]] || exec sleep 60
    exec /usr/bin/sqlite3 "$@"\n`
  const site = new ScratchSite({ programs: { sqlite3 } })
  onTestFinished(() => site.remove())
  await site.run(['policy', 'writer_block_limit=1'])
  expect((await site.run(['database'])).result).toMatchObject({ outcome: 'failed', code: 'block-limit' })
})
