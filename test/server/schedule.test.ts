/** A schedule on a real server with systemd: its timers, a power cut over the time of a run, and the runbook's cron jobs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeSchedule, readSchedule, type ScheduleChange } from '../../src-main/operations/schedule.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { showPath } from '../../src-shared/domain/backup-path.ts'
import { must, ServerDesk } from '../support/server-desk.ts'
import { sharedServers } from '../support/servers/shared.ts'
import { waitUntil } from '../support/wait.ts'

const { north: server } = sharedServers()
const HOUR = 3_600_000
const runbook =
  '# the runbook\n0 */2 * * * root /opt/cvd/scripts/backup_database_auto.sh\n0 4 * * * root /usr/bin/true\n'

describe('a schedule', () => {
  let desk: ServerDesk
  let site: Site

  beforeAll(async () => {
    await server.reset()
    desk = new ServerDesk()
    site = await desk.add(server)
    await server.must('mkdir -p /etc/cron.d')
    await server.writeFile('/etc/cron.d/cvd', runbook)
  })
  afterAll(async () => {
    await desk?.[Symbol.asyncDispose]()
    await server.must('rm -f /etc/cron.d/cvd')
    await server.reset()
  })

  const report = async () => must(await readSchedule(desk.console.context, site))
  const change = async (wanted: ScheduleChange) => {
    const entry = must(await changeSchedule(desk.console.context, desk.console.runner, site, wanted))
    const ended = await desk.settled(entry)
    if (ended.outcome !== 'succeeded') throw new Error(`${ended.code}: ${ended.message}`)
  }
  const units = () => server.must('ls /etc/systemd/system | grep ^cvd-backup- | grep -v recover || true')

  it('is installed as timers of systemd, which knows the same next runs', async () => {
    await change({ change: 'install', replace: { confirm: site.name, reason: 'the console does it now' } })
    const seen = await report()
    expect(seen).toMatchObject({
      installed: true,
      manager: 'systemd',
      changed: false,
      kit: { intact: true },
      foreign: [],
    })
    expect(seen.replaced).toMatchObject([{ form: 'crontab', path: '/etc/cron.d/cvd' }])
    expect(await server.must('grep -c ^0 /etc/cron.d/cvd')).toBe('1')
    for (const { kind, next } of seen.kinds) {
      const timer = `cvd-backup-${kind}.timer`
      expect(await server.must(`systemctl is-active ${timer}; systemctl is-enabled ${timer}`)).toBe('active\nenabled')
      const shown = await server.must(`date -d "$(systemctl show -p NextElapseUSecRealtime --value ${timer})" +%s`)
      // It is spread over five minutes.
      const late = Number(shown) * 1000 - (next[0] ?? 0)
      expect([kind, late >= 0 && late <= 310_000]).toEqual([kind, true])
    }
    expect(
      await server.must('systemctl show -p IOSchedulingClass -p CPUSchedulingPolicy cvd-backup-verify.service | sort'),
    ).toBe('CPUSchedulingPolicy=5\nIOSchedulingClass=3')
    expect(
      (await server.run('systemd-analyze verify /etc/systemd/system/cvd-backup-*.timer 2>&1 | grep cvd-backup-'))
        .stdout,
    ).toBe('')
  })

  it('makes what is due by its own unit, and notes what was missed', async () => {
    await server.must(
      `bash --noprofile --norc /var/lib/cvd-backup/installed/*/cvd-backup policy 'schedule_database=every 1h' && sed -i 's/^since.database=[0-9]*/since.database=${Date.now() - 4 * HOUR}/' /var/lib/cvd-backup/schedule && systemctl start cvd-backup-database.service`,
    )
    expect(await server.must('systemctl show -p Result --value cvd-backup-database.service')).toBe('success')
    const { runs, missed } = await report()
    const mine = runs.filter(({ kind }) => kind === 'database')
    expect(mine[0]).toMatchObject({ outcome: 'succeeded', operation: expect.stringMatching(/-database-/) })
    expect(mine.slice(1).every(({ outcome }) => outcome === 'missed')).toBe(true)
    expect(missed).toEqual([])
    const { backups } = await desk.inspect(site)
    expect(backups.filter(({ origin }) => origin === 'scheduled').map(({ path }) => showPath(path))).toEqual([
      expect.stringMatching(/^\/opt\/cvd\/backups\/cvd_auto_\d{8}_\d{6}\.db\.gz$/),
    ])
    await server.must('systemctl start cvd-backup-database.service')
    expect(await server.must('journalctl -u cvd-backup-database.service -n 20 --no-pager')).toContain(
      'Nothing of this kind (database) is due.',
    )
  })

  it('makes up after the start for what was due while the server had no power', async () => {
    const [now = '', zone = ''] = (await server.must('date +%s; date +%Z')).split('\n')
    // Time enough to cut the power.
    const due = Math.ceil((Number(now) + 25) / 60) * 60
    const time = await server.must(`date -d @${due} +%H:%M`)
    expect(zone).not.toBe('')
    await server.must(
      `bash --noprofile --norc /var/lib/cvd-backup/installed/*/cvd-backup policy 'schedule_config=daily ${time}'`,
    )
    await server.must(
      `d=/etc/systemd/system/cvd-backup-config.timer.d && mkdir -p $d && printf '[Timer]\\nRandomizedDelaySec=0\\nAccuracySec=1s\\n' >$d/test.conf && systemctl daemon-reload && systemctl restart cvd-backup-config.timer && sync`,
    )
    await server.powerOff()
    await waitUntil('the run is due', () => Date.now() > due * 1000 + 1000, { seconds: 150 })
    await server.boot()
    const run = await waitUntil('the run has ended', async () =>
      (await report()).runs.find(({ kind, outcome }) => kind === 'config' && outcome !== 'running'),
    )
    expect(run).toMatchObject({ outcome: 'succeeded', dueAt: due * 1000 })
    await server.must('rm -r /etc/systemd/system/cvd-backup-config.timer.d && systemctl daemon-reload')
  })

  it('leaves nothing when it is removed, and the cron jobs are as they were', async () => {
    await change({ change: 'remove' })
    expect(await units()).toBe('')
    expect(await server.must('cat /etc/cron.d/cvd; stat -c %a /etc/cron.d/cvd')).toMatch(`${runbook}`)
    expect(await server.must('systemctl list-timers --all --no-legend | grep -c cvd-backup- || true')).toBe('0')
    expect(await server.must('ls /var/lib/cvd-backup')).not.toMatch(/^(?:installed|schedule)$/m)
  })
})
