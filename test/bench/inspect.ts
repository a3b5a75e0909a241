import { must, mustKit, shellWord } from './place.ts'
import { clean, type PlaceSetting } from './setting.ts'
import { median, type Row, seconds } from './table.ts'

const count = 10_000
const limitMs = 2000
const turns = 5

/** Inspection of a site with 10,000 backups, beside a bare listing of that folder. */
export async function benchInspect({ place, say, quiet }: PlaceSetting): Promise<Row[]> {
  const folder = shellWord(`${place.root}/backups`)
  await clean(place)
  say(`inspect: ${count} backups`)
  await must(
    place,
    `cd ${folder} && for ((i = 0; i < ${count}; i++)); do printf -v name 'cvd_auto_%(%Y%m%d_%H%M%S)T.db.gz' $((1700000000 + i * 7200)) && printf x >"$name"; done`,
  )
  await quiet()
  const listings: number[] = []
  const answers: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    const began = performance.now()
    await must(place, `ls -l ${folder} >/dev/null`)
    listings.push(performance.now() - began)
    const { result, ms } = await mustKit(place, ['inspect'])
    const listed = (result.data as { readonly backups: readonly unknown[] }).backups.length
    if (listed !== count) throw new Error(`inspect lists ${listed} backups of ${count}`)
    answers.push(ms)
  }
  await clean(place)
  const [listing, answer] = [median(listings), median(answers)]
  return [
    {
      ...{ bench: 'inspect', what: `${count} backups`, baseline: 'ls -l of the folder', baselineMs: listing },
      ...{ oursMs: answer, ratio: `${(answer / listing).toFixed(0)} x its time` },
      ...{ goal: `< ${seconds(limitMs)}`, met: answer < limitMs },
    },
  ]
}
