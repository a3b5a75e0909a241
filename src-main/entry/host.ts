/**
 * Runs the console behind a loopback host for a parent program (a test, an editor): prints its addresses as one line of
 * JSON, and ends when stdin ends, as it does with the parent.
 */
import { parseArgs } from 'node:util'
import { openConsoleInBrowser } from '../host/open-console.ts'

const { values } = parseArgs({ options: { data: { type: 'string' }, pages: { type: 'string' } } })
const { data, pages } = values
const end = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  process.stdin.once('end', resolve).once('error', () => resolve())
  process.stdin.resume()
})
const opened = await openConsoleInBrowser({ data, ...(pages === undefined ? {} : { pages }) })
if (opened.ok) {
  const { port, adminUrl, viewerUrl } = opened.value.host
  process.stdout.write(`${JSON.stringify({ port, adminUrl, viewerUrl })}\n`)
  await end
  await opened.value[Symbol.asyncDispose]()
  process.exit(0)
} else {
  const { code, message, next } = opened.error
  process.stderr.write(`${JSON.stringify({ code, message, next })}\n`)
  process.exit(1)
}
