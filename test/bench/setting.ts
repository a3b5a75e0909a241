import { readFileSync } from 'node:fs'
import type { Baseline } from './baseline.ts'
import { must, mustKit, type Place, shellWord } from './place.ts'

/** What every bench is given. */
export interface Setting {
  /** Less of everything: to see that it works. */
  readonly quick: boolean
  /** How often each of ours is measured; the median counts. */
  readonly repeat: number
  readonly say: (text: string) => void
  /** Waits, with some patience, until the machine is quiet, and remembers where it was not. To call before measuring. */
  readonly quiet: () => Promise<void>
}

/** What a bench is given that runs on a server. */
export interface PlaceSetting extends Setting {
  readonly place: Place
  readonly baseline: Baseline
  /** Megabytes of the two databases: small, and large. */
  readonly sizes: readonly [number, number]
}

const growSql = readFileSync(new URL('../../src-main/demo/cvd/grow.sql', import.meta.url), 'utf8')
/** Units of `grow.sql` that make a megabyte of database with their indexes. */
const unitsPerMb = 1028

/** Grows the live database to about `megabytes`, with the application stopped meanwhile. Answers its megabytes. */
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
  // What was grown is on disk before anything is measured.
  await must(place, 'sync')
  return Math.round(await databaseMb(place))
}

async function databaseMb(place: Place): Promise<number> {
  return Number(await must(place, `stat -Lc %s ${shellWord(place.database)}`)) / 1e6
}

/** No backup, safety copy or scratch file of an earlier measurement is left. */
export async function clean(place: Place): Promise<void> {
  await must(
    place,
    `find ${shellWord(`${place.root}/backups`)} -mindepth 1 -maxdepth 1 -type f -delete
    find ${shellWord(`${place.root}/data`)} -maxdepth 1 -type f \\( -name '*.pre-restore.*' -o -name 'baseline-*' \\) -delete
    rm -f /tmp/restore_cvd_*; sync`,
  )
}

/** Backs the database up with the kit; answers the path. */
export async function backUp(place: Place): Promise<{ readonly path: string; readonly ms: number }> {
  const { result, ms } = await mustKit(place, ['database'])
  const data = result.data as { readonly backup: { readonly path: string } }
  return { path: decodeURIComponent(data.backup.path), ms }
}
