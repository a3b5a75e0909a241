import { readFileSync } from 'node:fs'
import type { Baseline } from './baseline.ts'
import { must, mustKit, type Place, shellWord } from './place.ts'

/** What every bench gets. */
export interface Setting {
  /** Less of everything, for a quick trial. */
  readonly quick: boolean
  /** How often each measurement of ours is repeated; the median counts. */
  readonly repeat: number
  readonly say: (text: string) => void
  /** Waits for a while until the machine is quiet, and records if it was not. Call before measuring. */
  readonly quiet: () => Promise<void>
}

/** What a bench on a server gets. */
export interface PlaceSetting extends Setting {
  readonly place: Place
  readonly baseline: Baseline
  /** Megabytes of the two databases: small, and large. */
  readonly sizes: readonly [number, number]
}

const growSql = readFileSync(new URL('../../src-main/demo/cvd/grow.sql', import.meta.url), 'utf8')
/** Units of `grow.sql` per megabyte of database, including indexes. */
const unitsPerMb = 1028

/** Enlarges the live database to about `megabytes`, with the application stopped. Returns its size in megabytes. */
export async function growTo({ place, say }: PlaceSetting, megabytes: number): Promise<number> {
  const units = Math.round((megabytes - (await databaseMb(place))) * unitsPerMb)
  if (units > unitsPerMb) {
    say(`growing the database to ${megabytes} MB`)
    await place.service('stop')
    const grow = `PRAGMA synchronous = OFF;\nCREATE TEMP TABLE growth (units INTEGER); INSERT INTO growth VALUES (${units});\n${growSql}\nPRAGMA wal_checkpoint(TRUNCATE);`
    await must(place, `sqlite3 -batch -bail ${shellWord(place.database)}`, grow)
    await place.service('start')
    await place.healthy()
  }
  // Everything is on disk before anything is measured.
  await must(place, 'sync')
  return Math.round(await databaseMb(place))
}

async function databaseMb(place: Place): Promise<number> {
  return Number(await must(place, `stat -Lc %s ${shellWord(place.database)}`)) / 1e6
}

/** Removes all backups, safety copies and scratch files of earlier measurements. */
export async function clean(place: Place): Promise<void> {
  await must(
    place,
    `find ${shellWord(`${place.root}/backups`)} -mindepth 1 -maxdepth 1 -type f -delete
    find ${shellWord(`${place.root}/data`)} -maxdepth 1 -type f \\( -name '*.pre-restore.*' -o -name 'baseline-*' \\) -delete
    rm -f /tmp/restore_cvd_*; sync`,
  )
}

/** Backs up the database, or what `kind` says, with the kit; returns the path. */
export async function backUp(place: Place, kind = 'database'): Promise<{ readonly path: string; readonly ms: number }> {
  const { result, ms } = await mustKit(place, [kind])
  const data = result.data as { readonly backup: { readonly path: string } }
  return { path: decodeURIComponent(data.backup.path), ms }
}
