/** Messages say what was done, not by which means: an undo is not a restore "from" a file that nobody chose. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { foreignRow } from '../../src-main/app/rows.ts'
import { operationEntry } from '../../src-shared/domain/kit-site.ts'
import { WorkingSite } from '../support/kit/working-site.ts'

const elsewhere = { id: 'north', name: 'Depot North', colour: 'teal' }
const confirmed = ['--confirm', hostname(), '--reason', 'trial']

it('an undo names the undone restore, and its undo says that the restore was redone', async ({ onTestFinished }) => {
  const site = new WorkingSite()
  onTestFinished(() => site.remove())
  const backup = site.backup('cvd_backup_20260110_120000.db.gz')
  const newest = async () => {
    const list = z.object({ operations: z.array(operationEntry) })
    return (await site.ask(['operations', '--limit', '1'], list)).operations[0]
  }
  const restored = await site.run(['restore', 'database', backup, ...confirmed])
  expect(restored.result.message).toMatch(
    /^The database was restored from cvd_backup_20260110_120000\.db\.gz\. Previous state saved as cvd\.db\.pre-restore\.\d+_\d+\.$/,
  )
  const undone = await site.run(['undo', (await newest())?.id ?? '', ...confirmed])
  expect(undone.result.message).toMatch(
    /^The restore from cvd_backup_20260110_120000\.db\.gz was undone: the database from before it \(cvd\.db\.pre-restore\.[\d_]+\) is live again\. Previous state saved as /,
  )
  // The list of operations, for consoles and this server's audit, uses the same words.
  expect((await newest())?.message).toBe(undone.result.message)
  expect(readFileSync(`${site.root}/logs/restore.log`, 'utf8')).toMatch(
    / Undo of \S+-restore-\w+\. Database restored from /,
  )
  const redone = await site.run(['undo', (await newest())?.id ?? '', ...confirmed])
  expect(redone.result.message).toMatch(/^The restore was redone: the database that the undo had replaced \(/)
  // Another console knows it only from this list, and calls it what it is.
  const title = async () => {
    const entry = await newest()
    return entry && foreignRow(entry, elsewhere, 0).title
  }
  expect(await title()).toBe('Redo restore')
  const again = await site.run(['undo', (await newest())?.id ?? '', ...confirmed])
  expect(again.result.message).toMatch(/^The restore was undone: the database from before it \(/)
  expect(await title()).toBe('Undo restore')
}, 120_000)
