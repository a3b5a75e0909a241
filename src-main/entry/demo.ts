/**
 * `npm run demo`: starts an embedded CVD site for trying the console; with --headless, walks through the whole job on
 * it.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Application } from '../app/application.ts'
import { startCron } from '../demo/cron.ts'
import { guideData, guideText } from '../demo/guide.ts'
import {
  consoleData,
  DEMO_NAME,
  demoHints,
  knowNewServer,
  type Progress,
  prepareDemo,
  startNewServer,
} from '../demo/history.ts'
import { liveThrough } from '../demo/past.ts'
import { missingForDemo } from '../demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../demo/site.ts'
import { paintFor } from '../demo/terminal.ts'
import { walkDemo } from '../demo/walk/headless.ts'
import { jsonReport, type Report, textReport } from '../demo/walk/report.ts'
import { type OpenWindow, ownWindow } from '../electron/own-window.ts'
import { canOpen, openInBrowser } from '../host/browser.ts'
import { openConsoleInBrowser } from '../host/open-console.ts'
import type { LoopbackHost } from '../host/server.ts'

const HELP = `npm run demo -- [options]

Starts a CVD site on this machine (a real SSH server on loopback, real bash and sqlite3 on a scratch folder, a small
application that serves health and keeps writing) and an empty server beside it, gives the site three weeks of backups and a
schedule that runs, opens the console on them (in a window of its own where Electron is present or can be fetched, else in the browser), and stays until
Ctrl-C.

  --headless    instead walks the whole job with the console's own services and proves each step: add the site, back up
                under live writes, verify, lose rows, plan, restore, undo; then the same for every part at once, from a system
                backup; and build the site on an empty server from that. Exit code 0 only if everything was proven.
  --browser     the browser, even where Electron is present
  --no-open     open nothing; the address of the page is printed
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
  readonly browser: boolean
  readonly databaseMb: number
  readonly folder: string | undefined
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      headless: { type: 'boolean', default: false },
      browser: { type: 'boolean', default: false },
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
  const { headless, keep, json, data, browser } = values
  const folder = data ?? (keep ? mkdtempSync(join(tmpdir(), 'cvd-demo-')) : undefined)
  return { headless, json, browser, open: !json && !values['no-open'], databaseMb: Number(values.size), folder }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Resolves when the program is asked to end. A second Ctrl-C ends it at once. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

/** The demo site, and the empty server on which it can be built anew. */
interface Servers {
  readonly site: DemoSite
  readonly fresh: DemoSite
}

/** Shows the console to the user until disposed. */
interface Shown extends AsyncDisposable {
  /** Its addresses, if it is in the browser. */
  readonly urls: LoopbackHost | null
  /** Resolves when the user has closed it. */
  readonly closed: Promise<void>
}

const never = new Promise<void>(() => undefined)

/** Shows the console behind a loopback host; null if the pages are not built. */
async function showInBrowser({ site, fresh }: Servers, progress: Progress): Promise<Shown | null> {
  const before = async (application: Application) => {
    const known = await prepareDemo(application.console, site, progress)
    await liveThrough(application.console, site, known, progress)
    await knowNewServer(application.console, fresh)
    application.demo({ site: known.id, hints: demoHints(site) })
  }
  const opened = await openConsoleInBrowser({ data: consoleData(site), before })
  if (!opened.ok && opened.error.code === 'not-built') return null
  if (!opened.ok) throw new Error(opened.error.message)
  const console = opened.value
  return { urls: console.host, closed: never, [Symbol.asyncDispose]: () => console[Symbol.asyncDispose]() }
}

/**
 * Shows the console in its own window. A separate console creates the history first, and ends before the window opens.
 */
async function showInWindow(servers: Servers, open: OpenWindow, progress: Progress): Promise<Shown | null> {
  const { site } = servers
  const prepared = await showInBrowser(servers, progress)
  if (!prepared) return null
  await prepared[Symbol.asyncDispose]()
  const file = join(consoleData(site), 'demo.json')
  writeFileSync(file, JSON.stringify({ name: DEMO_NAME, hints: demoHints(site) }), { mode: 0o600 })
  const child = open(['--data', consoleData(site), '--demo', file])
  const closed = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  const dispose = async () => {
    child.kill('SIGTERM')
    await closed
  }
  return { urls: null, closed, [Symbol.asyncDispose]: dispose }
}

/** Chooses the window if available and wanted, otherwise the browser; prints why. */
async function show(servers: Servers, { json, open, browser }: Options): Promise<Shown | null> {
  const progress: Progress = (text) => {
    if (!json) say(`  ${text} …`)
  }
  const own = open && !browser ? await ownWindow(say) : null
  const inWindow = typeof own === 'function'
  if (own && !inWindow) say(`Cannot open a window, because ${own.reason}: use the console in the browser.`)
  if (!json) say('Creating a history for the site, which takes up to a minute:')
  return inWindow ? showInWindow(servers, own, progress) : showInBrowser(servers, progress)
}

/** Shows the site until asked to end. */
async function stay(options: Options): Promise<number> {
  const { databaseMb, folder, json, open } = options
  const end = askedToEnd()
  if (!json) say('Starting the demo site …')
  const site = await startDemoSite({ databaseMb, ...(folder === undefined ? {} : { folder }) })
  let shown: Shown | null = null
  let fresh: DemoSite | null = null
  let stopCron = () => {}
  try {
    fresh = await startNewServer(site)
    stopCron = startCron(site)
    shown = await show({ site, fresh }, options)
    const urls = shown?.urls ?? null
    if (json) say(JSON.stringify(guideData(site, urls)))
    else
      say(
        `\n${guideText(site, shown && !urls ? 'window' : urls, folder !== undefined, paintFor(process.stdout, process.env))}`,
      )
    if (urls && open && canOpen()) openInBrowser(urls.adminUrl, consoleData(site))
    await Promise.race([end, shown?.closed ?? never])
    if (!json) say('\nEnding the demo site …')
  } finally {
    stopCron()
    await shown?.[Symbol.asyncDispose]()
    await fresh?.stop()
    await site.stop()
  }
  return 0
}

/** Walks through the whole job. If interrupted, cleans up and counts as not proven. */
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

// Ignore write errors when the reader has gone (`| head`), so that the site is still cleaned up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
try {
  process.exitCode = await main()
} catch (error) {
  complain(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
