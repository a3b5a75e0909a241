import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src-main/demo/processes.ts'
import { must, shellWord, type Transfers } from './place.ts'
import { clean, type PlaceSetting } from './setting.ts'
import { median, type Row } from './table.ts'

const name = 'cvd_backup_20260101_000000.db.gz'

/**
 * A download of a backup to this machine, verified and on its disk, beside scp over the same link, and beside scp with what makes it as
 * certain; then over a link of 100 ms. Only where there is an sshd.
 */
export async function benchDownload(setting: PlaceSetting): Promise<Row[]> {
  const { place, say, quick } = setting
  if (place.transfers === undefined) {
    say('download: not measured, this place has no sshd')
    return []
  }
  await place.transfers.ready()
  const near = await measure(setting, place.transfers, quick ? 200 : 1000, 'no delay')
  await using long = await place.delayed?.(50)
  await long?.ready()
  const far = long && (await measure(setting, long, quick ? 50 : 200, '100 ms'))
  return [
    row(near, 'scp', near.scp, 0.8),
    row(near, 'scp, sync and sha256sum', near.certain, 0.8),
    ...(far ? [row(far, 'scp', far.scp, 2)] : []),
  ]
}

interface Measured {
  readonly what: string
  /** Milliseconds. */
  readonly scp: number
  readonly certain: number
  readonly ours: number
}

function row({ what, ours }: Measured, baseline: string, baselineMs: number, wanted: number): Row {
  const ratio = baselineMs / ours
  return {
    ...{ bench: 'download', what, baseline, baselineMs, oursMs: ours },
    ...{ ratio: `${ratio.toFixed(2)} x its speed`, goal: `≥ ${wanted} x`, met: ratio >= wanted },
  }
}

async function measure(
  { place, say, repeat, quiet }: PlaceSetting,
  transfers: Transfers,
  megabytes: number,
  link: string,
): Promise<Measured> {
  const what = `${megabytes} MB, verified; ${link}`
  await clean(place)
  const file = `${place.root}/backups/${name}`
  await must(
    place,
    `head -c ${megabytes}000000 /dev/urandom > ${shellWord(file)}; chown --reference=${shellWord(place.root)} ${shellWord(file)}; sync`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'cvd-bench-download-'))
  const times = { scp: [] as number[], certain: [] as number[], ours: [] as number[] }
  const timed = async (taken: number[], work: () => Promise<unknown>): Promise<void> => {
    await quiet()
    const began = performance.now()
    await work()
    taken.push(performance.now() - began)
    // What lies there is deleted, and what waits for the disk is written, before the next is measured.
    rmSync(folder, { recursive: true })
    mkdirSync(folder)
    await must(place, 'sync')
  }
  try {
    for (let turn = 1; turn <= repeat; turn++) {
      say(`download, ${what}: ${turn} of ${repeat}`)
      await timed(times.scp, () => transfers.scp(file, folder))
      await timed(times.certain, async () => {
        await transfers.scp(file, folder)
        await runProgram('sync', [join(folder, name)])
        await runProgram('sha256sum', [join(folder, name)])
      })
      await timed(times.ours, () => transfers.download(name, folder))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await clean(place)
  }
  return { what, scp: median(times.scp), certain: median(times.certain), ours: median(times.ours) }
}
