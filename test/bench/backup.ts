import type { Compressor } from '../support/servers/spec.ts'
import { mustKit } from './place.ts'
import { backUp, clean, growTo, type PlaceSetting } from './setting.ts'
import { median, type Row } from './table.ts'

const wanted: readonly { readonly name: Compressor; readonly times: number }[] = [
  { name: 'igzip', times: 6 },
  { name: 'pigz', times: 6 },
  { name: 'gzip', times: 2.5 },
]
/** After this time the runbook's backup under writes counts as endless. */
const baselineLimitSeconds = 40

/** A backup of the large database while nothing is written, with each installed compressor alone. */
export async function benchBackup(setting: PlaceSetting): Promise<Row[]> {
  const { place, baseline, say, quiet } = setting
  const megabytes = await growTo(setting, setting.sizes[1])
  await place.writeEvery(idleMs)
  await clean(place)
  say(`backup, ${megabytes} MB: ${baseline.backupName}`)
  await quiet()
  const theirs = await baseline.backup(600)
  const rows: Row[] = []
  for (const { name, times } of wanted) {
    const present = (await place.run(`command -v ${name}`)).code === 0
    if (!present) say(`backup: there is no ${name}`)
    const ours = present ? await withCompressor(setting, name, megabytes) : null
    if (ours === null || theirs === null) continue
    rows.push({
      ...{ bench: 'backup', what: `${megabytes} MB, idle, ${ours.words}`, baseline: baseline.backupName },
      ...{ baselineMs: theirs, oursMs: ours.ms, ratio: `${(theirs / ours.ms).toFixed(1)} x faster` },
      ...{ goal: `≥ ${times} x`, met: theirs / ours.ms >= times },
    })
  }
  return rows
}

/** The demo's application cannot be stopped from writing; one that writes this rarely counts as idle. */
const idleMs = 3_600_000

async function withCompressor(
  setting: PlaceSetting,
  name: Compressor,
  megabytes: number,
): Promise<{ readonly ms: number; readonly words: string }> {
  const { place, say, repeat, quiet } = setting
  const alone = await place.compressors([name, 'gzip'])
  await mustKit(place, ['policy', `compressor=${name}`])
  try {
    const times: number[] = []
    for (let turn = 1; turn <= repeat; turn++) {
      say(`backup, ${megabytes} MB, ${name}: ${turn} of ${repeat}`)
      await clean(place)
      await quiet()
      times.push((await backUp(place)).ms)
    }
    return { ms: median(times), words: alone ? `${name} alone` : `${name}, read back by the fastest` }
  } finally {
    await mustKit(place, ['policy', 'compressor='])
    await place.compressors(null)
  }
}

/** A backup while the application writes every 5 ms: ours beside its own idle time, and the runbook's. */
export async function benchBackupUnderWrites(setting: PlaceSetting): Promise<Row[]> {
  const { place, baseline, say, repeat, quiet } = setting
  const megabytes = await growTo(setting, setting.sizes[1])
  const idleTimes: number[] = []
  const busyTimes: number[] = []
  const writes = { succeeded: 0, failed: 0 }
  // Alternating, so that both run under the same conditions.
  for (let turn = 1; turn <= repeat; turn++) {
    say(`backup under writes, ${megabytes} MB: ${turn} of ${repeat}`)
    await place.writeEvery(idleMs)
    await clean(place)
    await quiet()
    idleTimes.push((await backUp(place)).ms)
    await clean(place)
    await quiet()
    await place.writeEvery(5)
    busyTimes.push((await backUp(place)).ms)
    const { succeeded, failed } = await place.writes()
    writes.succeeded += succeeded
    writes.failed += failed
  }
  const [idle, busy] = [median(idleTimes), median(busyTimes)]
  say(`backup under writes, ${megabytes} MB: ${baseline.backupName}, at most ${baselineLimitSeconds} s`)
  await clean(place)
  // It fails at once on a database in rollback-journal mode.
  const theirs = await baseline.backup(baselineLimitSeconds).catch(() => 'failed' as const)
  await place.writeEvery(200)
  await clean(place)
  const what = `${megabytes} MB, a write every 5 ms`
  const bench = 'backup-under-writes'
  return [
    {
      ...{ bench, what, baseline: 'ours, idle', baselineMs: idle, oursMs: busy },
      ...{ ratio: `${(busy / idle).toFixed(2)} x its time`, goal: '≤ 2 x', met: busy <= 2 * idle },
    },
    {
      ...{ bench, what, baseline: baseline.backupName, oursMs: busy },
      ...(theirs === 'failed' ? {} : { baselineMs: theirs }),
      ratio: typeof theirs === 'number' ? `${(theirs / busy).toFixed(1)} x faster` : howTheirsEnded(theirs),
      ...{ goal: 'ends', met: true },
    },
    {
      ...{ bench, what: `${what}: writers that failed`, baseline: 'transactions' },
      ratio: `${writes.failed} of ${writes.succeeded + writes.failed}`,
      ...{ goal: '0', met: writes.failed === 0 && writes.succeeded > 0 },
    },
  ]
}

function howTheirsEnded(theirs: 'failed' | null): string {
  return theirs === 'failed' ? 'it failed' : `it had ${baselineLimitSeconds} s`
}
