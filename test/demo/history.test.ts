import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEMO_NAME, demoHints, prepareDemo } from '../../src-main/demo/history.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { showName } from '../../src-shared/domain/backup-path.ts'
import { openConsole } from '../support/console.ts'
import { wholeState } from '../support/e2e/whole-site.ts'
import { fileFolder } from '../support/folder.ts'

const { folder, remove } = fileFolder()
let demo: DemoSite

beforeAll(async () => {
  demo = await startDemoSite({ folder: `${folder}/site` })
})
afterAll(async () => {
  await demo.stop()
  remove()
})

test('the demo has a history of backups with every verdict, created once', async () => {
  const look = async () => {
    await using console = openConsole(folder)
    const site = await prepareDemo(console, demo)
    const link = await console.context.links.open(site)
    if (!link.ok) throw new Error(link.error.message)
    using kit = link.value
    const seen = await kit.client.inspect()
    if (!seen.ok) throw new Error(seen.error.message)
    const operations = console.context.store.operations
      .ofSite(site.id, 50)
      .map(({ command, outcome }) => [command, outcome])
    return { site, operations, backups: seen.value.backups }
  }
  const { site, operations, backups } = await look()
  expect(site.name).toBe(DEMO_NAME)
  const count = (verdict: string) => backups.filter((backup) => backup.verdict === verdict).length
  expect({ verified: count('verified'), failed: count('failed'), never: count('never') }).toEqual({
    verified: 5,
    failed: 1,
    never: 2,
  })
  const empty = backups.find(({ size }) => size === 0)
  expect(empty).toMatchObject({ origin: 'foreign', verdict: 'never' })
  expect(backups.filter(({ hold }) => hold).map(({ path }) => showName(path))).toEqual([
    expect.stringMatching(/^cvd_backup_\d{8}_\d{6}\.db\.gz$/),
  ])
  expect(backups.filter(({ fingerprint }) => fingerprint)).toHaveLength(1)
  const times = backups.map(({ takenAt }) => takenAt ?? 0)
  expect(Math.max(...times) - Math.min(...times.filter((time) => time > 0))).toBeGreaterThan(6 * 86_400_000)
  expect(operations).toEqual([
    ['database', 'succeeded'],
    ['verify', expect.any(String)],
  ])
  const again = await look()
  expect(again.site.id).toBe(site.id)
  expect(again.backups).toHaveLength(backups.length)
})

test('the hint that breaks everything does, and leaves an application that starts', async () => {
  const words = demoHints(demo).find(({ title }) => title === 'Break everything')?.text ?? ''
  const orders = () => execFileSync('sqlite3', [demo.database, 'SELECT count(*) FROM service_orders WHERE id <= 200'])
  const { application, config, systemd, nginx } = wholeState(demo)
  expect(Number(orders())).toBeGreaterThan(0)
  execFileSync('bash', ['-c', words.replace(/^In a terminal: /, '')])
  const now = wholeState(demo)
  expect(Number(orders())).toBe(0)
  const same = [now.application, now.config, now.systemd, now.nginx].map(String)
  expect([application, config, systemd, nginx].map(String).filter((one) => same.includes(one))).toEqual([])
  await demo.app.stop()
  await demo.app.start()
  await demo.app.healthy()
})
