import { downtime } from './downtime.ts'
import { must, mustKit } from './place.ts'
import type { PlaceSetting } from './setting.ts'
import { median, type Row, seconds } from './table.ts'

const allowedMs = 500

export interface Restored {
  readonly bench: string
  /** What is down, with its size. */
  readonly what: string
  /** Such as `database`. */
  readonly kind: string
  /** Path of the backup. */
  readonly backup: string
  /** Bash text: removes what a restore kept, before the next. */
  readonly forget: string
  readonly theirName: string
  /** The runbook's restore, to its end or until the site answers again. */
  readonly theirs: () => Promise<unknown>
}

/** Downtime of restores, measured from outside, beside a bare restart and the runbook's restore. */
export async function besideRestart(setting: PlaceSetting, restored: Restored): Promise<Row[]> {
  const { place, repeat, say, quiet } = setting
  const { bench, what, kind, backup, forget, theirName, theirs } = restored
  const host = await must(place, 'hostname')
  const restarts: number[] = []
  const ours: number[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`${what}: ${turn} of ${repeat}`)
    await quiet()
    restarts.push(await downtime(place, () => place.service('restart')))
    await quiet()
    ours.push(
      await downtime(place, () => mustKit(place, ['restore', kind, backup, '--confirm', host, '--reason', 'bench'])),
    )
    await must(place, `${forget}; sync`)
  }
  say(`${what}: ${theirName}`)
  await quiet()
  const theirMs = await downtime(place, theirs)
  await place.healthy()
  const [bare, down] = [median(restarts), median(ours)]
  return [
    {
      ...{ bench, what, baseline: 'a bare restart of the service', baselineMs: bare, oursMs: down },
      ratio: `${down < bare ? '-' : '+'} ${seconds(Math.abs(down - bare))}`,
      ...{ goal: '≤ + 0.50 s', met: down - bare <= allowedMs },
    },
    {
      ...{ bench, what, baseline: theirName, baselineMs: theirMs, oursMs: down },
      ...{ ratio: `${(theirMs / down).toFixed(1)} x`, goal: '> 1 x', met: theirMs > down },
    },
  ]
}
