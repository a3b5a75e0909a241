import { downtime } from './downtime.ts'
import { must, mustKit, shellWord } from './place.ts'
import { backUp, clean, type PlaceSetting } from './setting.ts'
import { median, type Row, seconds } from './table.ts'

const allowedMs = 500

/** Downtime of a restore of the application, beside a bare restart of the service and the runbook's restore. */
export async function benchApplication(setting: PlaceSetting): Promise<Row[]> {
  const { place, baseline, repeat, say, quiet, quick } = setting
  const files = quick ? 400 : 4000
  await clean(place)
  await fill(setting, files)
  const megabytes = Number(await must(place, `du -sm --apparent-size ${app(setting)}/bench | cut -f1`))
  const backup = (await backUp(place, 'application')).path
  const host = await must(place, 'hostname')
  const restore = ['restore', 'application', backup, '--confirm', host, '--reason', 'bench']
  const what = `application downtime, ${megabytes} MB in ${files} files`
  const restarts: number[] = []
  const ours: number[] = []
  for (let turn = 1; turn <= repeat; turn++) {
    say(`${what}: ${turn} of ${repeat}`)
    await quiet()
    restarts.push(await downtime(place, () => place.service('restart')))
    await quiet()
    ours.push(await downtime(place, () => mustKit(place, restore)))
    await must(place, `rm -rf ${app(setting)}.pre-restore.*; sync`)
  }
  say(`${what}: ${baseline.applicationName}`)
  await quiet()
  const theirs = await downtime(place, () => baseline.restoreApplication(backup))
  await place.healthy()
  await must(place, `rm -rf ${app(setting)}/bench ${shellWord(`${place.root}/backups/app`)}/*_app_*; sync`)
  const [bare, down] = [median(restarts), median(ours)]
  return [
    {
      ...{ bench: 'application', what, baseline: 'a bare restart of the service', baselineMs: bare, oursMs: down },
      ratio: `${down < bare ? '-' : '+'} ${seconds(Math.abs(down - bare))}`,
      ...{ goal: '≤ + 0.50 s', met: down - bare <= allowedMs },
    },
    {
      ...{ bench: 'application', what, baseline: baseline.applicationName, baselineMs: theirs, oursMs: down },
      ...{ ratio: `${(theirs / down).toFixed(1)} x`, goal: '> 1 x', met: theirs > down },
    },
  ]
}

const app = ({ place }: PlaceSetting): string => shellWord(`${place.root}/app`)

/** Adds files of 25 kB that cannot be compressed, a hundred in a folder, to the application. */
async function fill(setting: PlaceSetting, files: number): Promise<void> {
  await must(
    setting.place,
    `set -e; cd ${app(setting)}; rm -rf bench; mkdir bench
    for n in $(seq ${files / 100}); do
      mkdir bench/$n; head -c 2500000 /dev/urandom | split -b 25000 -a 3 - bench/$n/file-
    done
    chown -R --reference=. bench; sync`,
  )
}
