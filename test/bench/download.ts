import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, shellWord } from './place.ts'
import { clean, type PlaceSetting } from './setting.ts'
import { median, type Row } from './table.ts'

const name = 'cvd_backup_20260101_000000.db.gz'
const wanted = 0.8

/** A download of a backup to this machine, verified and on its disk, beside scp over the same link. Only where there is an sshd. */
export async function benchDownload(setting: PlaceSetting): Promise<Row[]> {
  const { place, say, repeat, quiet, quick } = setting
  const { transfers } = place
  if (transfers === undefined) {
    say('download: not measured, this place has no sshd')
    return []
  }
  const megabytes = quick ? 200 : 1000
  await clean(place)
  const file = `${place.root}/backups/${name}`
  await must(
    place,
    `head -c ${megabytes}000000 /dev/urandom > ${shellWord(file)}; chown --reference=${shellWord(place.root)} ${shellWord(file)}; sync`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'cvd-bench-download-'))
  const theirs: number[] = []
  const ours: number[] = []
  const timed = async (times: number[], work: () => Promise<void>): Promise<void> => {
    await quiet()
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
    // What lies there is deleted, and what waits for the disk is written, before the next is measured.
    rmSync(folder, { recursive: true })
    mkdirSync(folder)
    await must(place, 'sync')
  }
  try {
    for (let turn = 1; turn <= repeat; turn++) {
      say(`download, ${megabytes} MB: ${turn} of ${repeat}`)
      await timed(theirs, () => transfers.scp(file, folder))
      await timed(ours, () => transfers.download(name, folder))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await clean(place)
  }
  const [scp, down] = [median(theirs), median(ours)]
  return [
    {
      ...{ bench: 'download', what: `${megabytes} MB, verified`, baseline: 'scp', baselineMs: scp, oursMs: down },
      ...{ ratio: `${(scp / down).toFixed(2)} x its speed`, goal: `≥ ${wanted} x`, met: scp / down >= wanted },
    },
  ]
}
