/** A schedule over weeks in which the clocks change, on real servers: timers of systemd, and a real cron. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeSchedule, readSchedule } from '../../src-main/operations/schedule.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { MovedClock } from '../support/servers/moved-clock.ts'
import type { Server } from '../support/servers/server.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const HOUR = 3_600_000
const { north, south } = sharedServers()
const kit = '/bin/bash --noprofile --norc /var/lib/cvd-backup/kit/*/cvd-backup'

/** The rows of a server: `KIND DUE OUTCOME`, in the order of their times. */
async function runsOf(server: Server): Promise<string[]> {
  const rows = await server.must('sqlite3 -batch /var/lib/cvd-backup/state.db', {
    stdin:
      "SELECT kind || ' ' || strftime('%m-%d %H:%M', due_at / 1000, 'unixepoch') || ' ' || outcome FROM run ORDER BY due_at, kind;",
  })
  return rows === '' ? [] : rows.split('\n')
}

/** Times of a zone, in UTC, as they are written above. */
const utc = (time: number) => new Date(time).toISOString().slice(5, 16).replace('T', ' ')

describe.concurrent('a schedule, every run of which is accounted for,', () => {
  describe('with systemd, in the week of the change in spring', () => {
    let desk: ServerDesk
    let site: Site
    let clock: MovedClock
    beforeAll(async () => {
      await north.reset()
      desk = new ServerDesk()
      site = await desk.add(north)
      clock = await MovedClock.on(north)
    })
    afterAll(async () => {
      await clock?.[Symbol.asyncDispose]()
      await desk?.[Symbol.asyncDispose]()
      await north.reset()
    })

    /** When systemd says that a timer goes off, from the line that we gave it. */
    async function goesOff(kind: string, from: string, to: string): Promise<{ kind: string; at: number }[]> {
      const line = await north.must(`sed -n 's/^OnCalendar=//p' /etc/systemd/system/cvd-backup-${kind}.timer`)
      const said = await north.must(
        `systemd-analyze calendar --iterations=400 --base-time='${from} UTC' '${line}' | sed -n 's/.*(in UTC): //p;s/.*Next elapse: \\(.*UTC\\)$/\\1/p;s/.*Iter.*: \\(.*UTC\\)$/\\1/p'`,
      )
      const times = said.split('\n').map((text) => Date.parse(`${text.split(' ').slice(1, 3).join('T')}Z`))
      return times.filter((at) => at < Date.parse(`${to.replace(' ', 'T')}:00Z`)).map((at) => ({ kind, at }))
    }

    it('whatever the clocks leave out, and whenever the server had no power', { timeout: 900_000 }, async () => {
      const [from, to] = ['2026-03-25 12:00', '2026-04-01 12:00']
      await north.must(`${kit} policy 'schedule_database=every 4h' 'schedule_monitor=every 12h'`)
      const entry = must(await changeSchedule(desk.console.context, desk.console.runner, site, { change: 'install' }))
      expect((await desk.settled(entry)).outcome).toBe('succeeded')
      // What this test lets go off is all that goes off.
      await north.must('systemctl stop "cvd-backup-*.timer"')
      await north.must(
        `sed -i 's/^since\\.\\([a-z]*\\)=[0-9]*/since.\\1=${Date.parse('2026-03-25T12:00:00Z')}/' /var/lib/cvd-backup/schedule`,
      )
      const { kinds } = must(await readSchedule(desk.console.context, site))
      const all = (
        await Promise.all([...kinds.map(({ kind }) => kind), 'due'].map((kind) => goesOff(kind, from, to)))
      ).flat()
      // The hourly timer only in the night of the change and after the power cut: nothing is due at the other times.
      const power = { off: Date.parse('2026-03-30T15:00:00Z'), on: Date.parse('2026-03-31T09:30:00Z') }
      const night = (at: number) => at > Date.parse('2026-03-28T22:00:00Z') && at < Date.parse('2026-03-29T06:00:00Z')
      const events = all
        .filter(({ kind, at }) => (at < power.off || at > power.on) && (kind !== 'due' || night(at)))
        .concat(kinds.map(({ kind }) => ({ kind, at: power.on }))) // Persistent=true
        .sort((one, other) => one.at - other.at)
      expect(events.length).toBeGreaterThan(60)
      for (const { kind, at } of events) {
        await clock.set(at + 45_000)
        await north.must(`systemctl start cvd-backup-${kind}.service`)
      }
      // In Berlin, 02:00 is 01:00 in UTC before the change, and 00:00 after it; at the change it is left out.
      const expected: string[] = []
      const last = new Map<string, number>()
      const note = (kind: string, at: number) => {
        if (at > power.off && at <= power.on) last.set(kind, Math.max(at, last.get(kind) ?? 0))
        expected.push(`${utc(at)} ${kind}`)
      }
      const change = Date.parse('2026-03-29T01:00:00Z')
      for (
        let at = Date.parse('2026-03-25T12:00:00Z') + HOUR / 2;
        at < Date.parse('2026-04-01T12:00:00Z');
        at += HOUR / 2
      ) {
        const local = new Date(at + (at < change ? 1 : 2) * HOUR)
        const [hour, half] = [local.getUTCHours(), local.getUTCMinutes() > 0]
        const moved = at === change // 03:00, instead of 02:00
        if (!half && hour % 4 === 0) note('database', at)
        if (!half && hour % 12 === 0) note('monitor', at)
        if (!half && (hour === 2 || moved)) for (const kind of ['application', 'config']) note(kind, at)
        if (!half && hour === 1 && local.getUTCDay() === 0) note('system', at)
        if (!half && hour === 6) note('verify', at)
        if (half && hour === 6) note('rotate', at)
      }
      const outcome = (line: string) => {
        const [day, time, kind = ''] = line.split(' ')
        const at = Date.parse(`2026-${day}T${time}:00Z`)
        const lost = at > power.off && at <= power.on && at !== last.get(kind)
        return `${kind} ${day} ${time} ${lost ? 'missed' : 'succeeded'}`
      }
      expect(await runsOf(north)).toEqual(expected.sort().map(outcome))
      const kept = (await desk.inspect(site)).backups.filter(
        ({ origin, kind }) => origin === 'scheduled' && kind === 'database',
      )
      const made = expected.map(outcome).filter((line) => /^database .* succeeded$/.test(line))
      expect(kept.length, kept.map(({ path }) => path).join('\n')).toBeGreaterThanOrEqual(made.length)
    })
  })

  describe('with cron alone, on the day that has an hour twice', () => {
    let desk: ServerDesk
    let clock: MovedClock
    beforeAll(async () => {
      await south.reset()
      desk = new ServerDesk()
      await desk.add(south)
      clock = await MovedClock.on(south)
    })
    afterAll(async () => {
      await clock?.[Symbol.asyncDispose]()
      await south.must('rm -f /etc/cron.d/cvd-backup*')
      await desk?.[Symbol.asyncDispose]()
      await south.reset()
    })

    it('at the first of two equal times, and once after the server had no power', { timeout: 600_000 }, async () => {
      await clock.set(Date.parse('2026-10-31T12:00:00Z'))
      await clock.withoutSystemd(
        `${kit} policy "schedule_database=every 12h" "schedule_config=daily 01:30" schedule_application=off schedule_monitor=off "schedule_system=sunday 01:00" && ${kit} timers install`,
      )
      const lines = (
        await south.must("sed -n 's/ .*cvd-backup scheduled [a-z]* --timer$//p' /etc/cron.d/cvd-backup*")
      ).split('\n')
      expect(lines).toEqual(Array(5).fill(expect.stringMatching(/^\d-59\/10$/)))
      const first = Number(lines[0]?.[0])
      // New York: 00:00 is 04:00 in UTC, then 05:00; from 05:00 to 07:00 in UTC, every time comes twice.
      for (const [from, due] of [
        ['10-31T16:00', ['database 10-31 16:00']],
        ['11-01T04:00', ['database 11-01 04:00']],
        ['11-01T05:00', ['system 11-01 05:00']],
        ['11-01T05:30', ['config 11-01 05:30']],
        ['11-01T06:30', []],
        ['11-01T11:40', ['rotate 11-01 11:30', 'verify 11-01 11:00']],
        ['11-03T14:00', ['config 11-03 06:30', 'database 11-03 05:00', 'rotate 11-03 11:30', 'verify 11-03 11:00']],
      ] as const) {
        const at = Date.parse(`2026-${from}:00Z`) + (first + (first === 0 ? 10 : 0)) * 60_000
        const ended = async () =>
          Number(await south.must('journalctl -u moved-cron --no-pager -o cat | grep -c "END (/usr/bin/env" || true'))
        const before = await ended()
        // Five seconds before cron looks; again, if it took longer to start.
        for (let turn = 0; ; turn += 1) {
          await clock.set(at - 5000)
          await clock.startCron()
          const over = async () => (await ended()) - before >= lines.length
          try {
            await waitUntil(`the jobs of ${from} have ended`, over, { seconds: 30, everyMs: 500 })
            break
          } catch (error) {
            if (turn === 3) throw error
          }
        }
        const runs = await runsOf(south)
        for (const one of due) expect(runs, from).toContain(`${one} succeeded`)
      }
      expect((await runsOf(south)).filter((line) => line.startsWith('config') || line.startsWith('database'))).toEqual([
        ...['database 10-31 16:00 succeeded', 'database 11-01 04:00 succeeded', 'config 11-01 05:30 succeeded'],
        ...['database 11-01 17:00 missed', 'database 11-02 05:00 missed', 'config 11-02 06:30 missed'],
        ...['database 11-02 17:00 missed', 'database 11-03 05:00 succeeded', 'config 11-03 06:30 succeeded'],
      ])
    })
  })
})
