/** The three weeks that the demo site comes with: all pages have something to show, and nothing of it contradicts the rest. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cronJobs } from '../../src-main/demo/cron.ts'
import { prepareDemo } from '../../src-main/demo/history.ts'
import { liveThrough, pastRuns } from '../../src-main/demo/past.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import { readAlerts } from '../../src-main/operations/alerts.ts'
import { readSchedule } from '../../src-main/operations/schedule.ts'
import { openConsole } from '../support/console.ts'
import { fileFolder } from '../support/folder.ts'
import { must } from '../support/server-desk.ts'

const DAY = 86_400_000
const { folder, remove } = fileFolder()
const root = process.getuid?.() === 0
let demo: DemoSite

beforeAll(async () => {
  demo = await startDemoSite({ folder: `${folder}/site` })
})
afterAll(async () => {
  await demo.stop()
  remove()
})

test('the demo has lived for three weeks: backups, runs, a schedule, and two alerts', async () => {
  await using console = openConsole(folder)
  const { context } = console
  const site = await prepareDemo(console, demo)
  await liveThrough(console, demo, site)
  const schedule = must(await readSchedule(context, site))
  const alerts = must(await readAlerts(context, site))
  expect(schedule).toMatchObject({ installed: root, paused: null, recordsKnown: true, missed: [] })
  const runs = schedule.runs.map(({ outcome }) => outcome)
  expect([...new Set(runs)].sort()).toEqual(expect.arrayContaining(['failed', 'missed', 'skipped', 'succeeded']))
  const found = alerts.open.map(({ rule, subject }) => `${rule} ${subject}`)
  expect(found).toContain('log-errors backup.log')
  // One of its backups was damaged.
  expect(found).toContainEqual(expect.stringMatching(/^backup-damaged .*cvd_auto_/))
  // What else a machine or a policy may have: its clock, and the runbook's own contradictions.
  const usual = /^(log-errors|backup-damaged|policy|clock-|schedule-missing)/
  expect(found.filter((one) => !usual.test(one))).toEqual([])
  const times = (context.store.inspections.latest(site.id)?.inspection.backups ?? []).flatMap(
    ({ takenAt }) => takenAt ?? [],
  )
  expect((Math.max(...times) - Math.min(...times)) / DAY).toBeGreaterThan(20)
  await liveThrough(console, demo, site)
  expect(must(await readSchedule(context, site)).runs).toHaveLength(runs.length)
})

test.runIf(root)('its schedule is a job of cron that the demo runs', () => {
  const jobs = readdirSync(join(demo.etc, 'cron.d'))
  expect(jobs).toHaveLength(1)
})

test('a job of cron is read as the kit writes it', () => {
  const [job, ...others] = cronJobs(
    '# ours\nSHELL=/bin/sh\n3-59/10 * * * * root /bin/bash /x/cvd-backup scheduled due\n',
  )
  expect([[...(job?.minutes ?? [])], job?.command, others]).toEqual([
    [3, 13, 23, 33, 43, 53],
    '/bin/bash /x/cvd-backup scheduled due',
    [],
  ])
  expect(cronJobs('* * * * * root rm\n@reboot root x\n')).toEqual([])
})

test('runs are of the past, each once, at any time of day', () => {
  for (const hour of [0, 5, 13, 23]) {
    const now = new Date(2026, 2, 30, hour, 30).getTime()
    const runs = pastRuns(now)
    expect(runs.every(({ dueAt }) => dueAt < now && dueAt > now - 22 * DAY)).toBe(true)
    expect(new Set(runs.map(({ kind, dueAt }) => `${kind} ${dueAt}`)).size).toBe(runs.length)
    expect(runs.filter(({ outcome }) => outcome === 'failed')).toHaveLength(1)
  }
})
