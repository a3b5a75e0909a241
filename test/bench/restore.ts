import { downtime } from './downtime.ts'
import { must, mustKit, shellWord } from './place.ts'
import { backUp, clean, growTo, type PlaceSetting } from './setting.ts'
import { median, type Row, seconds } from './table.ts'

const allowedMs = 500

/** Downtime of a restore at two sizes, measured from outside, beside a bare restart of the service and the runbook's restore. */
export async function benchRestore(setting: PlaceSetting): Promise<Row[]> {
  const rows: Row[] = []
  for (const size of setting.sizes) rows.push(...(await atSize(setting, size)))
  return rows
}

async function atSize(setting: PlaceSetting, size: number): Promise<Row[]> {
  const { place, baseline, repeat, say, quiet } = setting
  const megabytes = await growTo(setting, size)
  await clean(place)
  const backup = (await backUp(place)).path
  const host = await must(place, 'hostname')
  const restore = ['restore', 'database', backup, '--confirm', host, '--reason', 'bench']
  const restarts: number[] = []
  const ours: number[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`restore, ${megabytes} MB: ${turn} of ${repeat}`)
    await quiet()
    restarts.push(await downtime(place, () => place.service('restart')))
    await quiet()
    ours.push(await downtime(place, () => mustKit(place, restore)))
    await dropSafetyCopies(setting)
  }
  say(`restore, ${megabytes} MB: ${baseline.restoreName}`)
  await quiet()
  const theirs = await downtime(place, () => baseline.restore(backup))
  await place.healthy()
  await clean(place)
  const [bare, down] = [median(restarts), median(ours)]
  const what = `downtime, ${megabytes} MB`
  return [
    {
      ...{ bench: 'restore', what, baseline: 'a bare restart of the service', baselineMs: bare, oursMs: down },
      ratio: `${down < bare ? '-' : '+'} ${seconds(Math.abs(down - bare))}`,
      ...{ goal: '≤ + 0.50 s', met: down - bare <= allowedMs },
    },
    {
      ...{ bench: 'restore', what, baseline: baseline.restoreName, baselineMs: theirs, oursMs: down },
      ...{ ratio: `${(theirs / down).toFixed(1)} x`, goal: '> 1 x', met: theirs > down },
    },
  ]
}

/** Between two restores: removes the safety copies, keeps the backup. */
async function dropSafetyCopies({ place }: PlaceSetting): Promise<void> {
  await must(place, `rm -f ${shellWord(place.database)}.pre-restore.*; sync`)
}
