/** `npm run demo`: an embedded CVD site to try the console on, or, with --headless, the whole job walked through on it. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { guideData, guideText } from '../demo/guide.ts'
import { consoleData, demoHints, prepareDemo } from '../demo/history.ts'
import { missingForDemo } from '../demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../demo/site.ts'
import { paintFor } from '../demo/terminal.ts'
import { walkDemo } from '../demo/walk/headless.ts'
import { jsonReport, type Report, textReport } from '../demo/walk/report.ts'
import { canOpen, openInBrowser } from '../host/browser.ts'
import { type OpenConsole, openConsoleInBrowser } from '../host/open-console.ts'

const HELP = `npm run demo -- [options]

Starts a CVD site on this machine (a real SSH server on loopback, real bash and sqlite3 on a scratch folder, a small
application that serves health and keeps writing), gives it a few days of backups, opens the console on it, and stays
until Ctrl-C.

  --headless    instead walks the whole job with the console's own services and proves each step: add the site, back up
                under live writes, verify, lose rows, plan, restore, undo. Exit code 0 only if everything was proven.
  --no-open     do not open the browser; the address is printed
  --size MB     grow the database by about this much (default 0: 1.7 MB in all)
  --data DIR    keep the site in this folder, and use it again next time
  --keep        do not remove the temporary folder at the end
  --json        one JSON object a line instead of text
  --help        this text

Exit codes: 0 done, 1 a step was not proven, 2 usage, or something is missing on this machine.`

interface Options {
  readonly headless: boolean
  readonly json: boolean
  readonly open: boolean
  readonly databaseMb: number
  readonly folder: string | undefined
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      headless: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      'no-open': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      size: { type: 'string', default: '0' },
      data: { type: 'string' },
    },
  })
  if (values.help) return null
  if (!/^\d{1,5}$/.test(values.size)) throw new Error(`--size: whole megabytes, not '${values.size}'`)
  const { headless, keep, json, data } = values
  const folder = data ?? (keep ? mkdtempSync(join(tmpdir(), 'cvd-demo-')) : undefined)
  return { headless, json, open: !json && !values['no-open'], databaseMb: Number(values.size), folder }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Resolves when somebody asks the program to end. A second Ctrl-C ends it at once. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

/** Opens the console on the site; null where its window is not built. */
async function openOn(site: DemoSite): Promise<OpenConsole | null> {
  const data = consoleData(site)
  const opened = await openConsoleInBrowser({
    data,
    before: async (application) => {
      const { id } = await prepareDemo(application.console, site)
      application.demo({ site: id, hints: demoHints(site) })
    },
  })
  if (opened.ok) return opened.value
  if (opened.error.code === 'not-built') return null
  throw new Error(opened.error.message)
}

/** Shows the site until somebody ends it. */
async function stay({ databaseMb, folder, json, open }: Options): Promise<number> {
  const end = askedToEnd()
  const site = await startDemoSite({ databaseMb, ...(folder === undefined ? {} : { folder }) })
  let console: OpenConsole | null = null
  try {
    if (!json) say('The demo site runs; making it a past to look at …\n')
    console = await openOn(site)
    const urls = console?.host ?? null
    if (json) say(JSON.stringify(guideData(site, urls)))
    else say(guideText(site, urls, folder !== undefined, paintFor(process.stdout, process.env)))
    if (urls && open && canOpen()) openInBrowser(urls.adminUrl, consoleData(site))
    await end
    if (!json) say('\nEnding the demo site …')
  } finally {
    await console?.[Symbol.asyncDispose]()
    await site.stop()
  }
  return 0
}

/** Walks the whole job; what was asked to end is cleaned up, and not proven. */
async function walkThrough({ databaseMb, folder, json }: Options): Promise<number> {
  const stop = new AbortController()
  void askedToEnd().then(() => stop.abort())
  const { signal } = stop
  const report = json ? jsonReport(say) : textReportHere()
  const end = await walkDemo({ report, signal, databaseMb, ...(folder === undefined ? {} : { folder }) })
  return end.proven ? 0 : 1
}

function textReportHere(): Report {
  const { stdout, env } = process
  const live = (line: string): void => void stdout.write(`\r\u001b[2K${line}`)
  return textReport(say, paintFor(stdout, env), stdout.isTTY ? live : null)
}

function sayMissing(): boolean {
  const missing = missingForDemo()
  if (missing.length > 0) complain('The demo site needs what a CVD server has. Missing on this machine:')
  for (const { what, found, how } of missing) complain(`  ${what} (found: ${found}): ${how}`)
  return missing.length > 0
}

async function main(): Promise<number> {
  let options: Options | null
  try {
    options = readOptions()
  } catch (error) {
    complain(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return 2
  }
  if (options === null) {
    say(HELP)
    return 0
  }
  if (sayMissing()) return 2
  return options.headless ? await walkThrough(options) : await stay(options)
}

// Whoever reads what we say may leave (`| head`): no reason to leave the site behind.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
try {
  process.exitCode = await main()
} catch (error) {
  complain(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
