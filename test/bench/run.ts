/** `npm run bench`: what design promises in numbers, each beside a named baseline of the same run. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { installPrograms, missingPrograms, noServers, type Program } from '../support/run/prerequisites.ts'
import { benchBackup, benchBackupUnderWrites } from './backup.ts'
import { baselineOf } from './baseline.ts'
import { demoPlace } from './demo-place.ts'
import { benchInspect } from './inspect.ts'
import type { Place } from './place.ts'
import { untilQuiet } from './quiet.ts'
import { benchRestore } from './restore.ts'
import { serverPlace } from './server-place.ts'
import type { Setting } from './setting.ts'
import { type Row, tableText } from './table.ts'

interface Bench {
  readonly what: string
  readonly run: (setting: Setting) => Promise<Row[]>
}

// The small database comes first: one cannot be made smaller.
const benches: Readonly<Record<string, Bench>> = {
  inspect: { what: 'a site with 10,000 backups', run: benchInspect },
  restore: { what: 'down-time of a restore at two sizes', run: benchRestore },
  backup: { what: 'a backup while nothing is written, with each compressor', run: benchBackup },
  'backup-under-writes': { what: 'a backup while the application writes every 5 ms', run: benchBackupUnderWrites },
}
const names = Object.keys(benches)

const usage = `npm run bench [-- BENCH…] [options]
${names.map((name) => `  ${name.padEnd(20)} ${benches[name]?.what}`).join('\n')}
All of them without a name. On a real server when run as root on Debian, else on the demo site.
With RUNBOOK_DIR=FOLDER the runbook's own scripts are the baseline, run on the same server; without it, the same steps.

  --demo        on the demo site in any case
  --quick       databases of 20 and 80 MB instead of 184 and 777
  --repeat N    how often each of ours is measured (3); medians count
  --wait N      seconds to wait before each measurement for the machine to be quiet (30)
  --json        the rows as JSON
  --check       exit code 1 also where a goal is not met
  --help        this text

Exit codes: 0 measured, 1 something failed to run, 2 usage, or something is missing on this machine.`

const serverPrograms: readonly Program[] = [
  ...(['chroot', 'cp', 'curl', 'debootstrap', 'flock', 'git', 'ip', 'nsenter'] as const),
  ...(['sqlite3', 'ssh-keygen', 'systemd-nspawn'] as const),
]

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      demo: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      repeat: { type: 'string', default: '3' },
      wait: { type: 'string', default: '30' },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no such bench: ${unknown.join(', ')}`)
  if (!/^[1-9]\d?$/.test(values.repeat)) throw new Error(`--repeat: a number from 1 to 99, not '${values.repeat}'`)
  if (!/^\d{1,4}$/.test(values.wait)) throw new Error(`--wait: seconds, not '${values.wait}'`)
  const chosen = names.filter((name) => positionals.length === 0 || positionals.includes(name))
  return { ...values, repeat: Number(values.repeat), wait: Number(values.wait), chosen }
}

function say(text: string): void {
  process.stderr.write(`… ${text}\n`)
}

/** A server where one can be run, else the demo site; null, with the reason said, where neither can. */
async function choosePlace(demo: boolean): Promise<Place | null> {
  await installPrograms(demo ? [] : serverPrograms, say)
  const obstacle = demo ? 'the demo site was asked for' : ((await noServers()) ?? missingPrograms(serverPrograms))
  if (obstacle === undefined) return await serverPlace(say)
  say(`no real server: ${obstacle}`)
  const missing = missingForDemo()
  for (const { what, how } of missing) say(`the demo site needs ${what}: ${how}`)
  return missing.length > 0 ? null : await demoPlace()
}

async function measure(place: Place, { chosen, quick, repeat, wait }: ReturnType<typeof readOptions>) {
  const baseline = baselineOf(place)
  let disturbed = 0
  const quiet = async (): Promise<void> => {
    if (!(await untilQuiet(wait * 1000))) disturbed += 1
  }
  const setting: Setting = { place, baseline, sizes: quick ? [20, 80] : [184, 777], repeat, say, quiet }
  const rows: Row[] = []
  const broken: string[] = []
  for (const name of chosen) {
    try {
      rows.push(...((await benches[name]?.run(setting)) ?? []))
    } catch (error) {
      broken.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { rows, broken, disturbed }
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
    return 2
  }
  if (options.help) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const place = await choosePlace(options.demo)
  if (place === null) return 2
  const processors = availableParallelism()
  try {
    const { rows, broken, disturbed } = await measure(place, options)
    const noise =
      disturbed === 0
        ? 'The machine was quiet.'
        : `Before ${disturbed} measurements the machine did not become quiet: measure again when it is.`
    const on = `On ${place.what}, ${processors} processors. ${noise}`
    if (options.json)
      process.stdout.write(`${JSON.stringify({ place: place.what, processors, disturbed, rows, broken })}\n`)
    else process.stdout.write(`${on}\n\n${tableText(rows)}\n`)
    for (const one of broken) process.stderr.write(`failed to run: ${one}\n`)
    return broken.length > 0 || (options.check && rows.some((row) => !row.met)) ? 1 : 0
  } finally {
    await place.remove()
  }
}

process.exitCode = await main()
