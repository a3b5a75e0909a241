/** What is in a system backup: of ours, of the runbook's, and of one that somebody made to deceive. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readFacts, systemContents } from '../../src-shared/domain/system-contents.ts'
import { systemBackup, wholeSite } from '../support/kit/whole-trial.ts'

/** A system backup that was made elsewhere, with these files. */
function foreign(folder: string, files: Readonly<Record<string, string | Buffer>>): string {
  const top = 'cvd_system_20250101_030000'
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, 'made', top, name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, content)
  }
  const target = join(folder, 'cvd/backups/system')
  mkdirSync(target, { recursive: true })
  const archive = join(target, `${top}.tar.gz`)
  execFileSync('tar', ['-czf', archive, '-C', join(folder, 'made'), top])
  return archive
}

describe('the contents of a system backup', () => {
  it('are its parts, its manifest, and what it says of the server', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    mkdirSync(join(site.backups, 'system'), { recursive: true })
    const file = await systemBackup(site)
    const found = await site.ask(['contents', file], systemContents)
    expect(found.parts.map(({ part }) => part)).toEqual(['database', 'application', 'config', 'systemd', 'nginx'])
    expect(found.proven).toBe(true)
    expect(found.manifest).toMatch(/^CVD System Backup Manifest\n/)
    const facts = readFacts(found.facts)
    expect(facts?.database?.tables.find(({ table }) => table === 'users')?.rows).toBe(40)
    expect(facts).toMatchObject({ root: site.root, owner: { uid: expect.any(Number) }, links: expect.any(Array) })
    // The list of members may be cut off.
    expect(readFacts((found.facts ?? '').slice(0, (found.facts ?? '').indexOf('\n') + 50))).toEqual(facts)
  })

  it('are known of the runbook’s, which say less, and hold no character that a terminal would interpret', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = foreign(site.folder, {
      'database/cvd.db.gz': gzipSync('x'),
      'MANIFEST.txt': 'CVD System Backup Manifest\u001b]0;title\u0007\nUsers: 3\n',
    })
    expect(await site.ask(['contents', file], systemContents)).toMatchObject({
      ...{ parts: [{ part: 'database' }], proven: false, facts: null },
      manifest: 'CVD System Backup Manifest]0;title\nUsers: 3',
    })
  })

  it('that are made to deceive are left out', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const file = foreign(site.folder, {
      'database/cvd.db.gz': gzipSync('x'),
      'manifest.json': JSON.stringify({ host: ['x'], owner: { uid: 'root' }, packages: 7, versions: { nginx: '1' } }),
    })
    const found = await site.ask(['contents', file], systemContents)
    expect(readFacts(found.facts)).toEqual({
      ...{ takenAt: null, host: '', root: '', commit: null, owner: null, services: [], links: [] },
      ...{ versions: { nginx: '1' }, packages: [], database: null },
    })
    for (const text of ['', '{', 'null', '[]', '"x"']) expect(readFacts(text)).toBeNull()
  })

  it('are refused of what is none', async (test) => {
    const site = wholeSite()
    test.onTestFinished(() => site.remove())
    const database = site.backup('cvd_backup_20260110_120000.db.gz')
    expect((await site.run(['contents', database])).result).toMatchObject({ outcome: 'failed', code: 'not-a-backup' })
    expect((await site.run(['contents', 'none.tar.gz'])).result.code).toBe('not-found')
    expect((await site.run(['contents'])).result.code).toBe('usage')
  })
})
