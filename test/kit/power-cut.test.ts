/**
 * The power goes while a restore renames: what had not been synced by then may be on disk or not. The journal and the folder of
 * the database may lie on two file systems, so each may be behind the other; within a folder, renames come in their order.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Trial } from '../support/kit/trial.ts'
import type { WorkingSite } from '../support/kit/working-site.ts'

/** In the order in which a restore renames them; the last one is the restored database. */
const renames = ['', '-wal', '-shm', 'staged'] as const

/** Takes back what was renamed, as if only the first `kept` renames had reached the disk. */
function loseRenames(site: WorkingSite, kept: number): void {
  const folder = dirname(site.database)
  const one = (found: RegExp) => readdirSync(folder).find((name) => found.test(name)) ?? ''
  const safety = join(folder, one(/^cvd\.db\.pre-restore\.[0-9_]+$/))
  const stage = join(folder, one(/^\.cvd-backup-/), 'staged.db')
  for (const name of renames.slice(kept).reverse()) {
    if (name === 'staged') renameSync(site.database, stage)
    else renameSync(safety + name, site.database + name)
  }
}

/** Takes the phases after `last` out of the journal. */
function losePhases(site: WorkingSite, operation: string, last: string): void {
  const journal = join(site.state, 'operations', operation, 'journal')
  const [before, after] = readFileSync(journal, 'utf8').split(`phase=${last}\n`)
  expect(after).toContain('phase=')
  writeFileSync(journal, `${before}phase=${last}\n`)
}

const cuts = [0, 1, 2, 3, 4].flatMap((kept) => [
  ...(['keeping', 'swapping'] as const).map((phase) => ({ phase, kept, files: 'old' as const })),
  { phase: 'swapped' as const, kept, files: kept === 4 ? ('new' as const) : ('old' as const) },
])

describe.concurrent('a restore', () => {
  it.for(cuts)(
    'whose phase $phase and first $kept renames are on disk has the $files files at boot, and ends with them',
    async ({ phase, kept, files }, test) => {
      const trial = await Trial.of(test, 'restore')
      await trial.killedAt('starting kill')
      losePhases(trial.site, trial.operation, phase)
      loseRenames(trial.site, kept)
      await trial.bootFiles()
      if (files === 'old') trial.proveOldFiles()
      else trial.proveNewFiles()
      trial.site.service('start')
      await trial.recover()
      if (files === 'old') await trial.proveOld('rolled back')
      else await trial.proveNew()
    },
  )
})
