import { besideRestart } from './beside-restart.ts'
import { shellWord } from './place.ts'
import { backUp, clean, growTo, type PlaceSetting } from './setting.ts'
import type { Row } from './table.ts'

/** Downtime of a restore of the database at two sizes. */
export async function benchRestore(setting: PlaceSetting): Promise<Row[]> {
  const rows: Row[] = []
  for (const size of setting.sizes) rows.push(...(await atSize(setting, size)))
  return rows
}

async function atSize(setting: PlaceSetting, size: number): Promise<Row[]> {
  const { place, baseline } = setting
  const megabytes = await growTo(setting, size)
  await clean(place)
  const backup = (await backUp(place)).path
  const rows = await besideRestart(setting, {
    bench: 'restore',
    what: `downtime, ${megabytes} MB`,
    kind: 'database',
    backup,
    forget: `rm -f ${shellWord(place.database)}.pre-restore.*`,
    theirName: baseline.restoreName,
    theirs: () => baseline.restore(backup),
  })
  await clean(place)
  return rows
}
