/** `npm run bench`: measures the performance goals, each beside a named baseline of the same run. */
import { availableParallelism } from 'node:os'
import { baselineOf } from './baseline.ts'
import { type Benches, inBrowser, onPlace } from './benches.ts'
import { browserPossible, choosePlace } from './grounds.ts'
import { readOptions, usage } from './options.ts'
import { untilQuiet } from './quiet.ts'
import type { Setting } from './setting.ts'
import { type Row, tableText } from './table.ts'

type Options = ReturnType<typeof readOptions>

function say(text: string): void {
  process.stderr.write(`… ${text}\n`)
}

/** All results of a run. */
class Report {
  readonly rows: Row[] = []
  readonly broken: string[] = []
  readonly grounds: string[] = []
  /** Measurements on a machine that had not become quiet. */
  disturbed = 0
  /** Something requested is not available on this machine. */
  lacking = false

  async measure<Given>(benches: Benches<Given>, chosen: readonly string[], setting: Given): Promise<void> {
    for (const name of chosen) {
      try {
        this.rows.push(...((await benches[name]?.run(setting)) ?? []))
      } catch (error) {
        this.broken.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  print(json: boolean): void {
    const { rows, broken, disturbed } = this
    const place = this.grounds.join(', and ')
    const processors = availableParallelism()
    const noise =
      disturbed === 0
        ? 'The machine was quiet.'
        : `Before ${disturbed} measurements the machine did not become quiet: measure again when it is.`
    if (json) process.stdout.write(`${JSON.stringify({ place, processors, disturbed, rows, broken })}\n`)
    else process.stdout.write(`On ${place}, ${processors} processors. ${noise}\n\n${tableText(rows)}\n`)
    for (const one of broken) process.stderr.write(`failed to run: ${one}\n`)
  }
}

async function measureAll({ chosen, demo, quick, repeat, wait }: Options): Promise<Report> {
  const report = new Report()
  const quiet = async (): Promise<void> => {
    if (!(await untilQuiet(wait * 1000))) report.disturbed += 1
  }
  const setting: Setting = { quick, repeat, say, quiet }
  const windows = chosen.filter((name) => name in inBrowser)
  if (windows.length > 0 && (await browserPossible(say))) {
    report.grounds.push('Chromium, drawing in software')
    await report.measure(inBrowser, windows, setting)
  } else report.lacking ||= windows.length > 0
  const others = chosen.filter((name) => name in onPlace)
  if (others.length === 0) return report
  const place = await choosePlace(demo, say)
  report.lacking ||= place === null
  if (place === null) return report
  try {
    report.grounds.push(place.what)
    const sizes = quick ? ([20, 80] as const) : ([184, 777] as const)
    await report.measure(onPlace, others, { ...setting, place, baseline: baselineOf(place), sizes })
  } finally {
    await place.remove()
  }
  return report
}

async function main(): Promise<number> {
  let options: Options
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
  const report = await measureAll(options)
  if (report.grounds.length > 0) report.print(options.json)
  if (report.lacking) return 2
  return report.broken.length > 0 || (options.check && report.rows.some((row) => !row.met)) ? 1 : 0
}

process.exitCode = await main()
