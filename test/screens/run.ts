/** `npm run screens`: screenshots of every page, taken on the demo site with the real console. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { prepareDemo } from '../../src-main/demo/history.ts'
import { startDemoSite } from '../../src-main/demo/site.ts'
import { openConsoleInBrowser } from '../../src-main/host/open-console.ts'
import { missingBrowser, startBrowser } from '../support/browser.ts'
import { Camera } from './camera.ts'
import { walk } from './walk.ts'

const folder = resolve(import.meta.dirname, '../../test-output/screens')

async function main(): Promise<number> {
  const missing = missingBrowser()
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`)
    return 2
  }
  rmSync(folder, { recursive: true, force: true })
  const data = mkdtempSync(join(tmpdir(), 'cvd-screens-'))
  const fresh = await startDemoSite()
  const site = await startDemoSite({ databaseMb: 24 })
  const opened = await openConsoleInBrowser({ data })
  if (!opened.ok) throw new Error(`${opened.error.message} ${opened.error.next}`)
  const browser = await startBrowser()
  const page = await browser.newPage()
  page.setDefaultTimeout(30_000)
  const camera = new Camera(page, folder)
  try {
    await page.goto(opened.value.host.adminUrl)
    const { application } = opened.value
    const prepare = () => prepareDemo(application.console, site)
    await walk({ page, camera, fresh, site, prepare })
    for (const complaint of camera.complaints) process.stderr.write(`the browser complains: ${complaint}\n`)
    process.stdout.write(`pictures are in ${folder}\n`)
    return camera.complaints.length > 0 ? 1 : 0
  } catch (error) {
    await page.screenshot({ path: join(folder, 'zz-failed.png') })
    process.stderr.write(`${page.url()}\n${camera.complaints.join('\n')}\n`)
    throw error
  } finally {
    await browser.close()
    await opened.value[Symbol.asyncDispose]()
    await Promise.all([site.stop(), fresh.stop()])
    rmSync(data, { recursive: true, force: true })
  }
}

process.exitCode = await main()
