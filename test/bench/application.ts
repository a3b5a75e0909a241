import { besideRestart } from './beside-restart.ts'
import { must, shellWord } from './place.ts'
import { backUp, clean, type PlaceSetting } from './setting.ts'
import type { Row } from './table.ts'

/** Downtime of a restore of the application. */
export async function benchApplication(setting: PlaceSetting): Promise<Row[]> {
  const { place, baseline } = setting
  const files = await filled(setting)
  const backup = (await backUp(place, 'application')).path
  const rows = await besideRestart(setting, {
    bench: 'application',
    what: `application downtime, ${files}`,
    kind: 'application',
    backup,
    forget: `rm -rf ${app(setting)}.pre-restore.*`,
    theirName: baseline.applicationName,
    theirs: () => baseline.restoreApplication(backup),
  })
  await emptied(setting)
  return rows
}

/** Downtime of a disaster recovery: all parts of a system backup. */
export async function benchSystem(setting: PlaceSetting): Promise<Row[]> {
  const { place, baseline } = setting
  const files = await filled(setting)
  const backup = (await backUp(place, 'system')).path
  const rows = await besideRestart(setting, {
    bench: 'system',
    what: `disaster recovery downtime, ${files}`,
    kind: 'system',
    backup,
    forget: `find ${shellWord(place.root)} /etc/nginx /etc/systemd/system -maxdepth 2 -name '*.pre-restore.*' -exec rm -rf {} +`,
    theirName: baseline.systemName,
    theirs: () => baseline.restoreSystem(backup),
  })
  await emptied(setting)
  return rows
}

const app = ({ place }: PlaceSetting): string => shellWord(`${place.root}/app`)

/** Adds files of 25 kB that cannot be compressed, a hundred in a folder, to the application. Returns what was added, in words. */
async function filled(setting: PlaceSetting): Promise<string> {
  const files = setting.quick ? 400 : 4000
  await clean(setting.place)
  await must(
    setting.place,
    `set -e; cd ${app(setting)}; rm -rf bench; mkdir bench
    for n in $(seq ${files / 100}); do
      mkdir bench/$n; head -c 2500000 /dev/urandom | split -b 25000 -a 3 - bench/$n/file-
    done
    chown -R --reference=. bench; sync`,
  )
  const megabytes = await must(setting.place, `du -sm --apparent-size ${app(setting)}/bench | cut -f1`)
  return `${megabytes} MB in ${files} files`
}

async function emptied(setting: PlaceSetting): Promise<void> {
  const backups = shellWord(`${setting.place.root}/backups`)
  await must(setting.place, `rm -rf ${app(setting)}/bench ${backups}/app/*_app_* ${backups}/system/*; sync`)
}
