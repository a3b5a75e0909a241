import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import { shownBackup } from '../../src-shared/domain/kit-backups.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db.gz'

describe('show', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  const show = (file: string | Buffer) => site.ask(['show', file], shownBackup)

  it('prints the fingerprint with its tables, and every verdict, newest first', async () => {
    const path = site.backup(name)
    site.fingerprint(path)
    await site.run(['verify', name])
    await site.run(['verify', path])
    const shown = await show(name)
    expect(shown.backup).toMatchObject({ path: encodePath(path), verdict: 'verified' })
    expect(shown.fingerprint?.tables.find(({ table }) => table === 'sales')?.rows).toBe(500)
    expect(shown.history.map(({ verdict, basis, current }) => [verdict, basis, current])).toEqual([
      ['verified', 'fingerprint', true],
      ['verified', 'fingerprint', true],
    ])
    expect(shown.history[0]?.at).toBeGreaterThanOrEqual(shown.history[1]?.at ?? 0)
    expect(shown.history[0]?.reason).not.toMatch(/%[0-9A-F]{2}/)
  })

  it('prints nothing from a name that a terminal would interpret', () => {
    const printed = site.library('READABLE_FD=1; say_readable "$1"', ['a\u009b31m\u202eb\u2066c\u200bd\u001bü…'])
    expect(printed).toBe('a?31m?b?c?d?ü…\n')
  })

  it('reports that a verdict is about an earlier version of the file', async () => {
    const path = site.backup(name)
    await site.run(['verify', name])
    appendFileSync(path, 'x')
    const shown = await show(name)
    expect(shown.fingerprint).toBeNull()
    expect(shown.history.map(({ verdict, current }) => [verdict, current])).toEqual([['verified', false]])
    expect(shown.backup.verdict).toBe('never')
  })

  it('distinguishes two backups when one name is a prefix of the other, whatever it contains', async () => {
    site.backup(name)
    const odd = site.backup(`${name}.db.gz`, join(site.root, 'backups'))
    await site.run(['verify', name])
    expect((await show(odd)).history).toEqual([])
    const hostile = site.backup("x '$(touch pwned)' .db.gz")
    await site.run(['verify', hostile])
    expect((await show(hostile)).history).toHaveLength(1)
  })

  it('refuses a file that does not exist', async () => {
    expect((await site.run(['show', 'none.db.gz'])).result.code).toBe('not-found')
    expect((await site.run(['show'])).result.code).toBe('usage')
  })

  it.each([
    ['0', '0 B'],
    ['999', '999 B'],
    ['1000', '1.0 KB'],
    ['1703936', '1.7 MB'],
    ['776617984', '776 MB'],
    ['80743301120', '80.7 GB'],
    ['5000000000000000', '5000 TB'],
  ])('prints %s bytes for people as %s', (bytes, text) => {
    expect(site.library('human_bytes "$1"; printf %s "$REPLY"', [bytes])).toBe(text)
  })
})
