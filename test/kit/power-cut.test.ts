/**
 * The power is cut while a restore renames: what was not synced by then may or may not be on disk. The journal and the folder of
 * the database may be on two file systems, so either may be behind the other; within a folder, renames stay in order.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Trial } from '../support/kit/trial.ts'
import type { WorkingSite } from '../support/kit/working-site.ts'

/** In the order in which a restore renames them; the last one is the restored database. */
const renames = ['', '-wal', '-shm', 'staged'] as const

/** Reverts renames, as if only the first `kept` had reached the disk. */
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

/** Removes the phases after `last` from the journal. */
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
