/** `npm start`: opens the console in its own window if Electron is available, otherwise in the browser. */
import { parseArgs } from 'node:util'
import { ownWindow } from '../electron/own-window.ts'
import { canOpen, openInBrowser } from '../host/browser.ts'
import { openConsoleInBrowser } from '../host/open-console.ts'
import { systemPaths } from '../ports/paths.ts'

const HELP = `npm start -- [options]

Opens the console: in a window of its own where Electron is present or can be fetched, else in the browser.

  --data DIR   keep the console's data here instead of in the platform's folder
  --browser    the browser, even where Electron is present
  --no-open    print the address, and open nothing
  --help       this text`

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function inBrowser(data: string | undefined, open: boolean): Promise<number> {
  const end = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
  const opened = await openConsoleInBrowser({ data })
  if (!opened.ok) {
    process.stderr.write(`${[opened.error.message, opened.error.next].filter(Boolean).join(' ')}\n`)
    return 1
  }
  await using console = opened.value
  say(`Administrator: ${console.host.adminUrl}`)
  say(`View only:     ${console.host.viewerUrl}`)
  say('Anyone with an address can use it. Ctrl-C ends the console; operations on servers continue.')
  if (open && canOpen()) openInBrowser(console.host.adminUrl, systemPaths(data).data)
  await end
  return 0
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      browser: { type: 'boolean', default: false },
      'no-open': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    say(HELP)
    return 0
  }
  const open = values.browser ? null : await ownWindow(say)
  if (typeof open === 'function') {
    const child = open(values.data === undefined ? [] : ['--data', values.data])
    return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  }
  if (open) say(`Cannot open a window, because ${open.reason}: the console opens in the browser.`)
  return inBrowser(values.data, !values['no-open'])
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${HELP}\n`)
  process.exitCode = 2
}
