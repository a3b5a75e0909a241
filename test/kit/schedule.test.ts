// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/** The timers: of root, with a kit that only root can write; and who may not have them. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { scheduleKinds } from '../../src-shared/domain/schedule.ts'
import { lock, scheduleSite } from '../support/kit/schedule-site.ts'
import { waitUntil } from '../support/wait.ts'

const root = process.getuid?.() === 0
const kinds = ['database', 'application', 'config', 'system', 'verify']
const HOUR = 3_600_000

describe.runIf(root)('the timers', () => {
  it('are of root, one for each kind, and run a kit that only root can write', async () => {
    const one = scheduleSite()
    await one.install()
    const report = await one.report()
    expect(report).toMatchObject({
      installed: true,
      manager: 'systemd',
      changed: false,
      kit: { intact: true, same: true },
      foreign: [],
    })
    const planned = report.kinds.map(({ kind }) => kind)
    expect(planned).toEqual(expect.arrayContaining(kinds))
    const name = /cvd-backup-[0-9a-f]{8}-/
    expect(one.units().map((file) => file.replace(name, ''))).toEqual(
      [...planned, 'due'].flatMap((kind) => [`${kind}.service`, `${kind}.timer`]).sort(),
    )
    expect(one.unit('database', 'timer')).toContain('OnCalendar=*-*-* 0,2,4,6,8,10,12,14,16,18,20,22:00:00\n')
    expect(one.unit('application', 'timer')).toContain('OnCalendar=*-*-* 02:00:00\n')
    expect(one.unit('system', 'timer')).toContain('OnCalendar=Sun *-*-* 01:00:00\n')
    expect(one.unit('verify', 'service')).toContain('IOSchedulingClass=idle\n')
    for (const kind of planned) {
      expect(one.unit(kind, 'timer')).toContain('\nPersistent=true\n')
      expect(one.isOn(one.units().find((file) => file.endsWith(`-${kind}.timer`)) ?? '')).toBe(true)
    }
    const kit = join(one.site.state, 'installed', report.kit?.sha256 ?? '', 'cvd-backup')
    expect(one.commandOf('database')).toContain(` ${kit} scheduled database --timer`)
    expect(statSync(kit)).toMatchObject({ uid: 0 })
    expect(statSync(kit).mode & 0o077).toBe(0)
    if (spawnSync('systemd-analyze', ['--version']).status === 0) {
      const files = one.units().map((file) => join(one.etc, 'systemd/system', file))
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' })
      expect(stderr.split('\n').filter((line) => line.includes('cvd-backup-'))).toEqual([])
    }
  })

  it('make a backup with nothing of the environment that they are started in', async () => {
    const one = scheduleSite()
    await one.install()
    const trap = one.write('trap.sh', `touch ${one.site.folder}/trapped\n`)
    const { code, stdout } = await one.goOff('database', {
      ...{ BASH_ENV: trap, ENV: trap, SHELLOPTS: 'xtrace', PS4: `$(touch ${one.site.folder}/trapped)` },
      ...{ 'BASH_FUNC_flock%%': `() { touch ${one.site.folder}/trapped; }`, CVD_BACKUP_KIT_SHA256: '0'.repeat(64) },
      ...{ CVD_BACKUP_STATE: '/nonexistent', HOME: '/nonexistent', TAR_OPTIONS: '--version', IFS: 'a' },
    })
    // Nothing was due since it was installed just now.
    expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing of this kind (database) is due.')])
    one.at(Date.now() + 3 * HOUR)
    expect((await one.goOff('database', { BASH_ENV: trap })).stdout).toContain('was backed up')
    expect(existsSync(join(one.site.folder, 'trapped'))).toBe(false)
    const { backups } = await one.site.ask(['inspect'], inspection)
    expect(backups).toMatchObject([{ origin: 'scheduled', kind: 'database', verdict: 'verified' }])
    expect(backups[0]?.path).toMatch(/\/cvd_auto_\d{8}_\d{6}\.db\.gz$/)
    const { runs, missed } = await one.report()
    expect(runs[0]).toMatchObject({
      kind: 'database',
      outcome: 'succeeded',
      operation: expect.stringMatching(/-database-/),
    })
    expect(runs[0]?.dueAt).toBeLessThanOrEqual(Date.now() + 3 * HOUR)
    expect(missed.filter(({ kind }) => kind === 'database')).toEqual([])
    expect((await one.goOff('database')).stdout).toContain('Nothing of this kind (database) is due.')
  })

  it('run each kind with its own command', async () => {
    const one = scheduleSite()
    await one.install()
    for (const kind of ['database', 'config', 'application', 'verify', 'rotate']) await one.must('scheduled', kind)
    const { runs } = await one.report()
    expect(runs.map(({ kind, operation }) => operation.split('-')[1] === kind)).toEqual([true, true, true, true, true])
    expect(runs.map(({ outcome }) => outcome)).toEqual(runs.map(() => 'succeeded'))
    const { backups } = await one.site.ask(['inspect'], inspection)
    expect(backups.map(({ kind, origin }) => `${kind} ${origin}`).sort()).toEqual([
      ...['application scheduled', 'config scheduled', 'database scheduled'],
    ])
  })

  it('follow the policy when it is changed, and one that is off is gone', async () => {
    const one = scheduleSite()
    await one.install()
    await one.must('policy', 'schedule_database=every 4h', 'schedule_config=off')
    expect(one.unit('database', 'timer')).toContain('OnCalendar=*-*-* 0,4,8,12,16,20:00:00\n')
    expect(one.unit('config', 'timer') + one.unit('config', 'service')).toBe('')
    expect(one.calls()).toMatch(/disable --now -- cvd-backup-\w+-config\.timer/)
    const { changed, kinds: planned } = await one.report()
    expect(changed).toBe(false)
    expect(planned.find(({ kind }) => kind === 'config')?.next).toEqual([])
    await one.must('policy', '--try', 'health=http://127.0.0.1:9/', 'schedule_database=every 8h')
    expect(one.unit('database', 'timer')).toContain(' 0,4,8,12,16,20:00:00')
  })

  it('are written by the kit that they run when a kit of another version changes the policy', async () => {
    const one = scheduleSite()
    await one.install()
    const before = one.unit('database', 'timer')
    const kit = one.commandOf('database')
    const other = `eval "real_$(declare -f timer_text)"
      timer_text() { real_timer_text "$@"; REPLY=\${REPLY//CVD backup/Another version:}; }`
    const set = await one.runOther(other, 'policy', 'schedule_database=every 4h')
    expect([set.result.outcome, JSON.stringify(set.events)]).toEqual([
      'succeeded',
      expect.stringContaining('changed, too'),
    ])
    expect(one.unit('database', 'timer')).toBe(
      before.replace(/^OnCalendar=.*/m, 'OnCalendar=*-*-* 0,4,8,12,16,20:00:00'),
    )
    expect(one.commandOf('database')).toBe(kit)
    expect(await one.report()).toMatchObject({ changed: false, kit: { intact: true, same: true } })
    // One that was tampered with is not run.
    appendFileSync(/\S+\/cvd-backup(?= )/.exec(kit)?.[0] ?? '', '\n')
    const refused = await one.runOther(other, 'policy', 'schedule_database=every 8h')
    expect(JSON.stringify(refused.events)).toContain('Install the schedule again.')
    expect(one.unit('database', 'timer')).toContain(' 0,4,8,12,16,20:00:00')
  })

  it('do not come back when the policy is changed while the schedule is removed', async () => {
    const one = scheduleSite()
    await one.install()
    const removing = await lock(join(one.site.state, 'schedule.lock'))
    let over = false
    const setting = one.run('policy', 'schedule_database=every 4h').finally(() => {
      over = true
    })
    await waitUntil('the policy waits, or is set', () => over || removing.awaited())
    for (const file of one.units()) rmSync(join(one.etc, 'systemd/system', file))
    rmSync(join(one.site.state, 'schedule'))
    expect(over).toBe(false)
    await removing.free()
    expect((await setting).result.outcome).toBe('succeeded')
    expect(one.units()).toEqual([])
  })

  it('leave nothing in /etc/cron.d that cron reads when they are killed while it is written', async () => {
    const one = scheduleSite({ cron: true })
    await one.install()
    const folder = join(one.etc, 'cron.d')
    const [name = ''] = readdirSync(folder)
    one.site.library('mv() { kill -KILL "$BASHPID"; }; ( write_whole "$1" text ); true', [join(folder, name)])
    expect(readdirSync(folder).filter((file) => !file.startsWith('.'))).toEqual([name])
    expect(readdirSync(folder)).toHaveLength(2)
    await one.must('timers', 'install')
    expect(readdirSync(folder)).toEqual([name])
  })

  it('are never made of a policy that is not valid', async () => {
    const one = scheduleSite()
    await one.install()
    const before = one.unit('database', 'timer')
    const bad = ['every 2h\nExecStart=/bin/true', 'daily 02:00 %i', '*-*-* *:*:00', '$(touch /tmp/x)']
    for (const value of bad) {
      expect((await one.run('policy', `schedule_database=${value}`)).result.code).toBe('usage')
      // Nor of a line that somebody else wrote into the file.
      appendFileSync(join(one.site.state, 'policy'), `schedule_database=${value}\n`)
    }
    await one.must('timers', 'install')
    expect(one.unit('database', 'timer')).toBe(before)
  })

  it('run nothing with a kit that is not the one that was installed', async () => {
    const one = scheduleSite()
    await one.install()
    one.at(Date.now() + 3 * HOUR)
    const kit = /\S+\/cvd-backup(?= )/.exec(one.commandOf('database'))?.[0] ?? ''
    appendFileSync(kit, '\n')
    const { code, stdout } = await one.goOff('database')
    expect([code, stdout]).toEqual([4, expect.stringContaining('The installed kit is not the one that was installed')])
    expect(readdirSync(one.site.backups).filter((file) => file.endsWith('.gz'))).toEqual([])
    expect((await one.report()).kit?.intact).toBe(false)
    await one.must('timers', 'install')
    expect((await one.report()).kit?.intact).toBe(true)
  })

  it('are reported when somebody changes them, and mended by installing again', async () => {
    const one = scheduleSite()
    await one.install()
    const file = join(one.etc, 'systemd/system', one.units().find((name) => name.endsWith('-verify.timer')) ?? '')
    appendFileSync(file, 'OnCalendar=yearly\n')
    expect((await one.report()).changed).toBe(true)
    await one.must('timers', 'install')
    expect((await one.report()).changed).toBe(false)
  })

  it('are gone after they are removed, with the kit', async () => {
    const one = scheduleSite()
    await one.install()
    await one.must('timers', 'remove')
    expect(one.units()).toEqual([])
    expect(existsSync(join(one.site.state, 'installed'))).toBe(false)
    expect(await one.report()).toMatchObject({ installed: false, kit: null })
  })

  it('are not installed where others could change what they run', async () => {
    const one = scheduleSite()
    await one.must('policy', `root=${one.site.root}`)
    chmodSync(one.site.folder, 0o777)
    const { result } = await one.run('timers', 'install')
    expect([result.code, result.message]).toEqual([
      'checks-failed',
      expect.stringContaining('Others than root can change'),
    ])
    chmodSync(one.site.folder, 0o755)
    await one.must('policy', 'root=/opt/other')
    expect((await one.run('timers', 'install')).result.message).toContain('Timers work on the CVD root in the policy')
    expect(one.units()).toEqual([])
    // What cannot be part of a unit, or of a line of cron.
    const odd = [
      '/var/lib/a b',
      '/var/lib/%n',
      '/var/lib/x/../y',
      '/var/lib/a;b',
      '/var/lib/$(id)',
      '/var/lib/a\nb',
      'relative',
    ]
    const said = one.site.library(
      'for STATE in "$@"; do installed_problem; [[ $REPLY == "The name of"* ]] && echo refused; done; true',
      odd,
    )
    expect(said).toBe('refused\n'.repeat(odd.length))
  })

  it('never take the place of a unit of somebody else', async () => {
    const one = scheduleSite()
    await one.install()
    const name = one.units().find((file) => file.endsWith('-database.service')) ?? ''
    await one.must('timers', 'remove')
    const path = one.write(`etc/systemd/system/${name}`, '[Service]\nExecStart=/bin/true\n')
    const { result } = await one.run('timers', 'install')
    expect(result.code).toBe('name-taken')
    expect(readFileSync(path, 'utf8')).toBe('[Service]\nExecStart=/bin/true\n')
    expect(one.units()).toEqual([name])
  })

  it('are a line for cron where there is no systemd, which runs what is due', async () => {
    const one = scheduleSite({ cron: true })
    await one.install()
    const [file = ''] = one.units()
    expect([one.units().length, file]).toEqual([1, expect.stringMatching(/^cvd-backup-[0-9a-f]{8}-schedule$/)])
    const path = join(one.etc, 'cron.d', file)
    expect(statSync(path).mode & 0o777).toBe(0o644)
    const lines = () =>
      [...readFileSync(path, 'utf8').matchAll(/^\d-59\/10 \* \* \* \* root (.*)$/gm)].map(([, line = '']) => line)
    // One for each kind: a run that hangs keeps no other from running.
    expect(lines().map((line) => / scheduled (\w+) --timer$/.exec(line)?.[1])).toEqual([...scheduleKinds])
    expect(lines().join('')).not.toContain('%')
    await one.must(
      'policy',
      'schedule_system=off',
      'schedule_verify=off',
      'schedule_application=off',
      'schedule_rotate=off',
    )
    one.at(Date.now() + 24 * HOUR)
    const look = () => lines().map((line) => spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' }))
    const due = look()
    expect(due.map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ])
    expect(due[0]?.stdout).toContain('was backed up')
    const { runs } = await one.report()
    expect(
      runs
        .filter(({ outcome }) => outcome === 'succeeded')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['config', 'database', 'monitor'])
    expect(look().every(({ stdout }) => stdout.includes('is due.'))).toBe(true)
    // As the hourly timer of systemd does: all kinds, one after the other.
    expect((await one.must('scheduled', 'due')).result.message).toBe('What was due was run.')
    await one.must('timers', 'remove')
    expect(one.units()).toEqual([])
  })
})

describe('a login that is not root', () => {
  it('sees the schedule, and installs none', async () => {
    const one = scheduleSite()
    mkdirSync(one.site.state, { recursive: true })
    expect((await one.report()).installed).toBe(false)
    if (root) return
    expect((await one.run('timers', 'install')).result.code).toBe('checks-failed')
  })

  it.each([
    [['timers']],
    [['timers', 'install', '--until', '2099-01-01 00:00']],
    [['timers', 'pause', '--until']],
    [['timers', 'remove', 'everything']],
    [['scheduled']],
    [['scheduled', 'restore']],
    [['scheduled', 'database', '--now']],
    [['scheduled', 'due', '--timer']],
    [['schedule', 'install']],
  ])('is told how to call it: %j', async (args) => {
    expect((await scheduleSite().run(...args)).result.code).toBe('usage')
  })
})
