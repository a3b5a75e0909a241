/** A dead man's switch hears of the runs of the schedule, and never keeps one from running. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { listener } from '../support/kit/channel-site.ts'
import { lock, quick, scheduleSite } from '../support/kit/schedule-site.ts'
import { receiverOf } from '../support/kit/webhook-receiver.ts'

const root = process.getuid?.() === 0

it.runIf(root)('a run of the schedule is reported when it starts, and how it ended', async (test) => {
  const one = scheduleSite({ instead: quick })
  const { port, received } = await receiverOf(test)
  const hanging = await listener(test)
  await one.must('policy', 'schedule_wait=0')
  for (const [name, where] of [
    ['switch', port],
    ['broken', hanging],
  ] as const) {
    const url = `url=http://127.0.0.1:${where}/uuid`
    await one.must('channel', 'set', name, 'webhook', url, 'preset=healthchecks', 'watch=database')
  }
  await one.must('scheduled', 'database')
  const paths = () => received.map(({ path, body }) => `${path} ${body}`)
  expect(paths()).toEqual(['/uuid/start ', '/uuid done'])
  // The other one never answers: the run goes on, and it is remembered.
  const { channels } = (await one.must('channels')).result.data as { channels: { name: string; failures: number }[] }
  expect(channels).toMatchObject([
    { name: 'broken', failures: 2 },
    { name: 'switch', failures: 0 },
  ])

  // A run that was skipped for the work of somebody else did not succeed.
  await one.must('channel', 'remove', 'broken')
  const held = await lock(join(one.site.state, 'lock'))
  await one.must('scheduled', 'database')
  await held.free()
  expect(paths().slice(2)).toEqual(['/uuid/start '])

  // One that fails, says so.
  const kit = readFileSync(one.site.kit, 'utf8')
  writeFileSync(
    one.site.kit,
    kit.replace('\nrun_database() {', "\nrun_database() {\n  fail no-space 'The disk is full.'"),
  )
  const failed = await one.site.run(['scheduled', 'database'])
  expect(failed.result).toMatchObject({ outcome: 'failed', message: 'The disk is full.' })
  expect(paths().slice(3)).toEqual(['/uuid/start ', '/uuid/fail The disk is full.'])
})
