/** What people are told of alerts: each thing once, together, not at night unless it is an error, and nothing that somebody takes care of. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { alertSite, MINUTE } from '../support/kit/alert-site.ts'
import { DAY, HOUR } from '../support/kit/history.ts'
import { webhookReceiver } from '../support/kit/webhook-receiver.ts'

const root = process.getuid?.() === 0

describe.runIf(root)('a message', () => {
  it('has all that is new, worse or cleared, once, and of errors a reminder each day', async () => {
    const one = await alertSite()
    await one.listen()
    const now = Date.now()
    one.health = 500
    one.log('ERROR: the disk is full')
    await one.monitor()
    expect(one.told()).toEqual([['new health-failing', 'new log-errors:backup.log']])
    await one.monitor()
    expect(one.told()).toEqual([])
    expect(await one.alert('health-failing')).toMatchObject({ toldAt: expect.closeTo(now, -5) })
    for (const number of [1, 2, 3, 4]) one.log(`ERROR: ${number}`)
    await one.monitor()
    expect(one.told()).toEqual([['worse log-errors:backup.log']])
    one.at(now + DAY - MINUTE)
    await one.monitor()
    expect(one.told().flat()).toContain('reminder health-failing')
    await one.monitor()
    one.health = 200
    await one.monitor()
    expect(one.told()).toEqual([['cleared health-failing']])
    await one.monitor()
    expect(one.told()).toEqual([])
  })

  it('is sent once when two look at the same time, and again when no channel took it', async () => {
    const one = await alertSite()
    await one.listen()
    one.health = 500
    one.answer = 500
    const failed = await one.monitor()
    expect(failed.told).toMatchObject([{ channel: 'desk', sent: false, why: expect.stringContaining('500') }])
    expect(one.told()).toEqual([['new health-failing']])
    expect((await one.alert('health-failing'))?.toldAt).toBeNull()
    one.answer = 200
    await Promise.all([one.monitor(), one.monitor(), one.monitor()])
    expect(one.told()).toEqual([['new health-failing', 'new channel-failing:desk'], ['cleared channel-failing:desk']])
  })

  it('tells of a channel that fails on the others', async () => {
    const one = await alertSite()
    await one.listen()
    const broken = await webhookReceiver((response) => {
      response.statusCode = 404
      response.end('no')
    })
    await one.must('channel', 'set', 'broken', 'webhook', `url=http://127.0.0.1:${broken.port}/`)
    one.health = 500
    expect((await one.monitor()).told).toMatchObject([
      { channel: 'broken', sent: false },
      { channel: 'desk', sent: true },
    ])
    await one.monitor()
    expect(one.told()).toEqual([['new health-failing'], ['new channel-failing:broken']])
    expect((await one.alert('channel-failing:broken'))?.evidence).toMatch(/by the channel broken \(1 time\): .*404/)
  })

  it('for errors only does not count as told of a warning: a channel that is added later is told', async () => {
    const one = await alertSite()
    await one.listen()
    await one.must('channel', 'set', 'desk', 'webhook', 'level=errors')
    one.health = 500
    one.log('ERROR: the disk is full')
    expect((await one.monitor()).told).toEqual([{ channel: 'desk', sent: true, why: '' }])
    expect(one.told()).toEqual([['new health-failing']])
    expect((await one.alert('log-errors:backup.log'))?.toldAt).toBeNull()
    await one.must('channel', 'set', 'later', 'webhook', `url=http://127.0.0.1:${one.receiver?.port}/`)
    await one.monitor()
    expect(one.told()).toEqual([['new log-errors:backup.log']])
    expect((await one.alert('log-errors:backup.log'))?.toldAt).not.toBeNull()
    await one.monitor()
    expect(one.told()).toEqual([])
  })

  it('waits for the end of the quiet hours if it is a warning, not if it is an error', async () => {
    const one = await alertSite()
    await one.listen()
    const night = Math.ceil(Date.now() / DAY) * DAY - HOUR // 23:00
    await one.must('policy', 'quiet_hours=22-07', 'backup_max_age=999999')
    one.at(night)
    one.log('ERROR: at night', night - MINUTE)
    await one.monitor()
    expect([
      await one.look(),
      one
        .told()
        .flat()
        .filter((line) => line.includes('log-errors')),
    ]).toEqual([expect.arrayContaining(['log-errors:backup.log']), []])
    one.health = 500
    one.at(night + 7 * HOUR + 59 * MINUTE)
    await one.monitor()
    expect(one.told()).toEqual([['new health-failing']])
    one.at(night + 8 * HOUR)
    await one.monitor()
    expect(one.told().flat()).toContain('new log-errors:backup.log')
  })
})

describe.runIf(root)('an acknowledgement', () => {
  it('has who, why and until when; until then nothing is told of it, and then it comes back', async () => {
    const one = await alertSite()
    await one.listen()
    const now = Date.now()
    one.health = 500
    await one.monitor()
    one.told()
    const until = new Date(Math.ceil((now + 2 * DAY) / MINUTE) * MINUTE)
    const stamp = until.toISOString().slice(0, 16).replace('T', ' ')
    for (const [words, code] of [
      [['acknowledge', 'health-failing'], 'not-confirmed'],
      [['--reason', ' ', 'acknowledge', 'health-failing'], 'not-confirmed'],
      [['--reason', 'x', 'acknowledge', 'nothing-like-it'], 'not-found'],
      [['--reason', 'x', 'acknowledge', "x' OR 1=1 --"], 'usage'],
      [['--reason', 'x', 'acknowledge', 'health-failing', '--until', '2020-01-01 00:00'], 'usage'],
      [['--reason', 'x', 'acknowledge', 'health-failing', '--until', stamp, '--withdraw'], 'usage'],
    ] as const)
      expect([words, (await one.run(...words)).result.code]).toEqual([words, code])
    expect((await one.acknowledge('health-failing', '--until', stamp)).result).toMatchObject({
      outcome: 'succeeded',
      data: { acknowledged: { who: 'test', reason: 'seen to', until: until.getTime() } },
    })
    one.at(now + DAY + HOUR)
    await one.must('policy', 'backup_max_age=999999')
    await one.monitor()
    expect(one.told().flat()).not.toContain('reminder health-failing')
    expect((await one.alert('health-failing'))?.acknowledged).toMatchObject({ who: 'test', reason: 'seen to' })
    one.at(until.getTime())
    expect((await one.alert('health-failing'))?.acknowledged).toBeNull()
    await one.monitor()
    expect(one.told().flat()).toContain('reminder health-failing')
    await one.monitor()
    expect(one.told()).toEqual([])
    const audit = readFileSync(join(one.site.state, 'audit'), 'utf8')
    expect(audit).toMatch(/"event":"acknowledge".*"who":"test","reason":"seen to"/)
  })

  it('ends when the alert becomes worse, and when it is withdrawn', async () => {
    const one = await alertSite()
    await one.listen()
    await one.must('policy', 'backup_max_age=600')
    await one.monitor()
    expect(one.told(/backup-old/)).toEqual([['new backup-old:database']])
    await one.acknowledge('backup-old:database')
    await one.must('acknowledge', 'backup-old:database', '--withdraw')
    expect((await one.alert('backup-old:database'))?.acknowledged).toBeNull()
    await one.monitor()
    expect(one.told(/backup-old/)).toEqual([['reminder backup-old:database']])
    await one.acknowledge('backup-old:database')
    await one.monitor()
    expect(one.told(/backup-old/)).toEqual([])
    one.at(Date.now() + 70 * MINUTE)
    await one.monitor()
    expect(one.told(/backup-old/).flat()).toContain('worse backup-old:database')
    expect((await one.alert('backup-old:database'))?.acknowledged).toBeNull()
  })
})

describe.runIf(root)('while the schedule is paused', () => {
  it('monitoring goes on, and says after a day that nothing else does', async () => {
    const one = await alertSite()
    await one.must('policy', 'backup_max_age=999999')
    await one.must('timers', 'pause')
    const now = Date.now()
    for (const hours of [3, 30]) {
      one.at(now + hours * HOUR)
      expect((await one.goOff('database')).stdout).toContain('the schedule is paused')
      expect((await one.goOff('monitor')).stdout).toMatch(/alerts? (is|are) open/)
    }
    expect((await one.alert('schedule-paused'))?.evidence).toMatch(/has been paused for (27|28) hours: no backup/)
    const paused = (await one.report()).runs.filter(({ code }) => code === 'paused')
    expect(new Set(paused.map(({ kind }) => kind))).toEqual(new Set(['database']))
    await one.must('timers', 'remove')
    rmSync(join(one.site.state, 'runs'), { recursive: true })
    expect(await one.look()).toContain('schedule-missing')
  })
})
