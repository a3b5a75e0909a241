// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/** What runs by itself: timers that root can trust, runs that are all accounted for, and a person who comes first. */
import { spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { ScheduleSite } from '../support/kit/schedule-site.ts'
import { waitUntil } from '../support/wait.ts'

const root = process.getuid?.() === 0
const kinds = ['database', 'application', 'config', 'system', 'verify']
const HOUR = 3_600_000
/** A command that does nothing but take the lock. */
const quick = 'run_database() { lock_site; succeed done null; }'

/** Has another process lock a file or a folder until `free` is called. */
async function lock(path: string, ...how: readonly string[]) {
  const other = spawn('flock', [...how, path, 'sh', '-c', 'echo locked; read -r line'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  await new Promise((resolve) => other.stdout.once('data', resolve))
  const { ino } = statSync(path)
  return {
    /** Somebody waits for it. */
    awaited: () => new RegExp(`-> FLOCK .*:${ino} `).test(readFileSync('/proc/locks', 'utf8')),
    free: () => {
      other.stdin.end()
      return new Promise((resolve) => other.once('exit', resolve))
    },
  }
}

let here: ScheduleSite | undefined
function schedule(options: ConstructorParameters<typeof ScheduleSite>[0] = {}): ScheduleSite {
  here = new ScheduleSite(options)
  return here
}
afterEach(() => {
  here?.remove()
  here = undefined
})

describe.runIf(root)('the timers', () => {
  it('are of root, one for each kind, and run a kit that only root can write', async () => {
    const one = schedule()
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
    const one = schedule()
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
    const one = schedule()
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
    const one = schedule()
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

  it('do not come back when the policy is changed while the schedule is removed', async () => {
    const one = schedule()
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
    const one = schedule({ cron: true })
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
    const one = schedule()
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
    const one = schedule()
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
    const one = schedule()
    await one.install()
    const file = join(one.etc, 'systemd/system', one.units().find((name) => name.endsWith('-verify.timer')) ?? '')
    appendFileSync(file, 'OnCalendar=yearly\n')
    expect((await one.report()).changed).toBe(true)
    await one.must('timers', 'install')
    expect((await one.report()).changed).toBe(false)
  })

  it('are gone after they are removed, with the kit', async () => {
    const one = schedule()
    await one.install()
    await one.must('timers', 'remove')
    expect(one.units()).toEqual([])
    expect(existsSync(join(one.site.state, 'installed'))).toBe(false)
    expect(await one.report()).toMatchObject({ installed: false, kit: null })
  })

  it('are not installed where others could change what they run', async () => {
    const one = schedule()
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
    const one = schedule()
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
    const one = schedule({ cron: true })
    await one.install()
    const [file = ''] = one.units()
    expect([one.units().length, file]).toEqual([1, expect.stringMatching(/^cvd-backup-[0-9a-f]{8}-schedule$/)])
    const path = join(one.etc, 'cron.d', file)
    expect(statSync(path).mode & 0o777).toBe(0o644)
    const line = /^\d-59\/10 \* \* \* \* root (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
    expect(line).toMatch(/ scheduled due$/)
    expect(line).not.toContain('%')
    await one.must(
      'policy',
      'schedule_system=off',
      'schedule_verify=off',
      'schedule_application=off',
      'schedule_rotate=off',
    )
    one.at(Date.now() + 24 * HOUR)
    const due = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' })
    expect([due.status, due.stderr]).toEqual([0, expect.stringContaining('was backed up')])
    const { runs } = await one.report()
    expect(
      runs
        .filter(({ outcome }) => outcome === 'succeeded')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['config', 'database'])
    expect(spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8' }).stderr).not.toContain('was backed up')
    await one.must('timers', 'remove')
    expect(one.units()).toEqual([])
  })
})

describe.runIf(root)('every run is accounted for', () => {
  /** Installs a schedule of the database only, at a moment. */
  async function only(how: string, at: string, zone: string): Promise<ScheduleSite> {
    const one = schedule({ instead: quick, zone })
    one.at(Date.parse(at))
    const off = ['application', 'config', 'system', 'verify', 'rotate'].map((kind) => `schedule_${kind}=off`)
    await one.must('policy', `root=${one.site.root}`, `schedule_database=${how}`, ...off)
    await one.must('timers', 'install')
    return one
  }
  const accounts = (runs: readonly { dueAt: number; outcome: string }[]) =>
    runs.map(({ dueAt, outcome }) => `${new Date(dueAt).toISOString().slice(5, 16)} ${outcome}`).reverse()

  it('over the change in spring and a power cut', async () => {
    const one = await only('every 6h', '2026-03-28T13:00:00Z', 'Europe/Berlin')
    // 18:00, 00:00 and, an hour sooner, 06:00; then the server is off for two runs, and the timer goes off when it starts.
    for (const at of ['03-28T17:02', '03-28T23:03', '03-29T04:00', '03-29T20:30']) {
      one.at(Date.parse(`2026-${at}:00Z`))
      expect((await one.goOff('database')).code).toBe(0)
    }
    const { runs, missed } = await one.report()
    expect(accounts(runs)).toEqual([
      ...['03-28T17:00 succeeded', '03-28T23:00 succeeded', '03-29T04:00 succeeded'],
      ...['03-29T10:00 missed', '03-29T16:00 succeeded'],
    ])
    expect(runs.find(({ outcome }) => outcome === 'missed')).toMatchObject({
      beganAt: null,
      code: 'missed',
      operation: '',
    })
    expect(missed).toEqual([])
  })

  it('over the change in autumn, where a night has a time twice', async () => {
    const one = await only('daily 02:30', '2026-10-24T12:00:00Z', 'Europe/Berlin')
    for (const [at, words] of [
      ['10-25T00:31', 'succeeded: done'],
      ['10-25T01:31', 'is due'],
      ['10-25T02:30', 'is due'],
      ['10-26T01:30', 'succeeded: done'],
    ] as const) {
      one.at(Date.parse(`2026-${at}:00Z`))
      expect((await one.goOff('database')).stdout).toContain(words)
    }
    expect(accounts((await one.report()).runs)).toEqual(['10-25T00:30 succeeded', '10-26T01:30 succeeded'])
  })

  it('on the night that leaves its time out: it runs an hour later', async () => {
    const one = await only('sunday 02:30', '2026-03-28T12:00:00Z', 'Europe/Berlin')
    one.at(Date.parse('2026-03-29T01:31:00Z')) // 03:31, or whenever somebody looks next
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
    expect((await one.report()).missed).toEqual([])
  })

  it('when its timer is stopped: seen by whoever looks, noted by whatever runs next', async () => {
    const one = await only('every 2h', '2026-06-01T09:00:00Z', 'UTC')
    one.at(Date.parse('2026-06-01T15:00:00Z'))
    const { missed, runs } = await one.report()
    expect([runs, missed.map(({ dueAt }) => new Date(dueAt).toISOString().slice(11, 16))]).toEqual([
      [],
      ['10:00', '12:00'],
    ])
    await one.must('scheduled', 'config')
    expect(accounts((await one.report()).runs.filter(({ kind }) => kind === 'database'))).toEqual([
      '06-01T10:00 missed',
      '06-01T12:00 missed',
    ])
  })

  it('when it is paused: skipped, until the moment that was given', async () => {
    const one = await only('every 2h', '2026-06-01T09:00:00Z', 'UTC')
    expect((await one.run('timers', 'pause', '--until', '2026-06-01 08:00')).result.code).toBe('usage')
    await one.must('timers', 'pause', '--until', '2026-06-01 11:00')
    expect((await one.report()).paused).toEqual({ until: Date.parse('2026-06-01T11:00:00Z') })
    for (const hour of ['10', '12']) {
      one.at(Date.parse(`2026-06-01T${hour}:01:00Z`))
      await one.goOff('database')
    }
    await one.must('timers', 'pause')
    one.at(Date.parse('2026-06-01T14:01:00Z'))
    await one.goOff('database')
    // A person is not stopped by it.
    await one.must('scheduled', 'database')
    await one.must('timers', 'resume')
    const { runs, paused } = await one.report()
    expect(paused).toBeNull()
    expect(accounts(runs)).toEqual([
      ...['06-01T10:00 skipped', '06-01T12:00 succeeded', '06-01T14:00 skipped', '06-01T14:01 succeeded'],
    ])
  })

  it('when it is killed: its end is what its operation says, or that it was interrupted', async () => {
    const one = await only('every 2h', '2026-06-01T09:00:00Z', 'UTC')
    writeFileSync(join(one.site.state, 'failpoint'), 'scheduled kill\n')
    one.at(Date.parse('2026-06-01T10:00:00Z'))
    await one.goOff('database')
    expect((await one.report()).runs).toMatchObject([
      { outcome: 'running', beganAt: Date.parse('2026-06-01T10:00:00Z') },
    ])
    one.at(Date.parse('2026-06-01T12:00:00Z'))
    expect((await one.goOff('database')).code).toBe(0)
    const { runs } = await one.report()
    expect(accounts(runs)).toEqual(['06-01T10:00 failed', '06-01T12:00 succeeded'])
    expect(runs[1]).toMatchObject({ code: 'interrupted' })
  })

  it('with records that an earlier kit made, or that are lost', async () => {
    const one = await only('every 2h', '2026-06-01T09:00:00Z', 'UTC')
    const file = join(one.site.state, 'state.db')
    one.site.sql(file, 'DROP TABLE run;')
    expect(await one.report()).toMatchObject({ recordsKnown: true, runs: [] })
    one.at(Date.parse('2026-06-01T10:00:00Z'))
    expect((await one.goOff('database')).code).toBe(0)
    expect(accounts((await one.report()).runs)).toEqual(['06-01T10:00 succeeded'])
    writeFileSync(file, 'no database')
    one.at(Date.parse('2026-06-01T15:00:00Z'))
    await one.must('scheduled', 'config')
    one.at(Date.parse('2026-06-01T16:00:00Z'))
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
    // What ran before is not known, so nothing of it is called missed.
    const { runs, recordsKnown } = await one.report()
    const mine = runs.filter(({ kind }) => kind === 'database')
    expect([recordsKnown, accounts(mine)]).toEqual([true, ['06-01T16:00 succeeded']])
    writeFileSync(file, 'no database')
    one.at(Date.parse('2026-06-01T17:00:00Z'))
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
  })

  it('while it is at work: nobody else calls it broken, and reading gives way to everything', async () => {
    const held = 'while [[ -e $STATE/held ]]; do sleep 0.05; done'
    const one = schedule({ instead: `${quick}\nrun_verify() { ${held}; succeed "nice $(nice)" null; }` })
    await one.must('policy', `root=${one.site.root}`)
    await one.must('timers', 'install')
    writeFileSync(join(one.site.state, 'held'), '')
    const run = one.run('scheduled', 'verify')
    const verifying = async () => (await one.report()).runs.some(({ outcome }) => outcome === 'running')
    await waitUntil('the verification runs', verifying)
    await one.must('scheduled', 'database')
    expect(await verifying()).toBe(true)
    rmSync(join(one.site.state, 'held'))
    expect((await run).result.message).toBe('nice 19')
    expect((await one.report()).runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
  })

  it('when it cannot even be started', async () => {
    const one = schedule({
      instead: `eval "real_$(declare -f store_kit)"; store_kit() { [[ ! -e $STATE/no-kit ]] && real_store_kit "$@"; }`,
    })
    await one.install()
    writeFileSync(join(one.site.state, 'no-kit'), '')
    expect((await one.run('scheduled', 'config')).result.code).toBe('internal')
    const { runs } = await one.report()
    expect(runs).toMatchObject([{ outcome: 'failed', message: 'The operation could not be started on the server.' }])
  })

  it('after the clock was in the future: what is dated there keeps nothing from running', async () => {
    const one = await only('every 2h', '2031-01-01T09:00:00Z', 'UTC')
    one.at(Date.parse('2031-01-01T10:00:00Z'))
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
    for (const hour of ['10', '12']) {
      one.at(Date.parse(`2026-06-01T${hour}:01:00Z`))
      expect((await one.goOff('database')).stdout).toContain('succeeded: done')
    }
    expect((await one.report()).missed).toEqual([])
  })

  it('after the clock was ahead for a moment: what it noted then does not stop the runs of those days', async () => {
    const one = await only('daily 02:00', '2026-06-01T09:00:00Z', 'UTC')
    one.at(Date.parse('2026-06-11T09:00:00Z'))
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
    // The clock is right again when the hourly timer looks.
    one.at(Date.parse('2026-06-01T09:20:00Z'))
    expect((await one.goOff('database')).stdout).toContain('is due')
    for (const day of ['02', '03']) {
      one.at(Date.parse(`2026-06-${day}T02:01:00Z`))
      expect((await one.goOff('database')).stdout).toContain('succeeded: done')
    }
    expect(accounts((await one.report()).runs)).toEqual(['06-02T02:00 succeeded', '06-03T02:00 succeeded'])
  })

  it('after a loss of records: a run that was due before still runs', async () => {
    const one = await only('sunday 01:00', '2026-06-06T09:00:00Z', 'UTC')
    one.site.sql(
      join(one.site.state, 'state.db'),
      `INSERT INTO loss VALUES (${Date.parse('2026-06-07T01:29:00Z')}, 'x');`,
    )
    one.at(Date.parse('2026-06-07T01:30:00Z'))
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
  })

  it('with lines in the records of the schedule that make no sense', async () => {
    const one = await only('every 2h', '2026-06-01T09:00:00Z', 'UTC')
    const lines = [
      'since.database=99 every 2h',
      'since.a[$(id)]=1764000000000 every 2h',
      'since.config=x',
      'kit=',
      '=',
      'since.verify',
    ]
    appendFileSync(join(one.site.state, 'schedule'), lines.join('\n'))
    one.at(Date.parse('2026-06-01T10:00:00Z'))
    expect((await one.goOff('database')).stdout).toContain('succeeded: done')
  })
})

describe.runIf(root)('a run that finds the site busy', () => {
  /** Somebody backs the configuration up until `free` is called. */
  async function busy(wait: number): Promise<{ one: ScheduleSite; free: () => Promise<void>; waiting: () => boolean }> {
    const one = schedule({
      instead: `${quick}
        run_config() { lock_site; : >"$STATE/held"; while [[ -e $STATE/held ]]; do sleep 0.05; done; succeed done null; }`,
    })
    await one.must('policy', `root=${one.site.root}`, `schedule_wait=${wait}`)
    await one.must('timers', 'install')
    const other = one.run('--who', 'a person', 'config')
    const held = join(one.site.state, 'held')
    await waitUntil('the other holds the lock', () => existsSync(held))
    const free = async () => {
      rmSync(held)
      await other
    }
    const folder = join(one.site.state, 'operations')
    const waiting = () =>
      readdirSync(folder).some((id) =>
        readFileSync(join(folder, id, 'readable'), 'utf8').includes('this one waits for it'),
      )
    return { one, free, waiting }
  }

  it('waits for it, and then runs', async () => {
    const { one, free, waiting } = await busy(60)
    const run = one.run('scheduled', 'database')
    await waitUntil('the run waits', waiting)
    // The same kind is not begun a second time.
    expect((await one.run('scheduled', 'database')).result.code).toBe('busy')
    expect((await one.goOff('database')).stdout).toContain('is at work already')
    await free()
    expect((await run).result).toMatchObject({ outcome: 'succeeded', message: 'done' })
    expect((await one.report()).runs).toMatchObject([{ outcome: 'succeeded' }])
  })

  it('is skipped when that takes too long, and says because of whom', async () => {
    const { one, free } = await busy(1)
    const { result } = await one.run('scheduled', 'database')
    expect(result).toMatchObject({
      outcome: 'succeeded',
      message: expect.stringMatching(/^Skipped: .*command=config .*who=a person/),
    })
    expect((await one.report()).runs).toMatchObject([{ outcome: 'skipped', code: 'busy' }])
    await free()
  })

  it('fails, and is not just skipped, when a program keeps the data folder locked', async () => {
    const one = schedule({ instead: quick })
    await one.must('policy', `root=${one.site.root}`, 'schedule_wait=1')
    await one.must('timers', 'install')
    const program = await lock(join(one.site.root, 'data'))
    expect((await one.run('scheduled', 'database')).result).toMatchObject({ outcome: 'failed', code: 'busy' })
    await program.free()
    expect((await one.report()).runs).toMatchObject([{ outcome: 'failed', code: 'busy' }])
  })

  it('does not give up because somebody looks for a moment if it is at work', async () => {
    const one = schedule({ instead: quick })
    await one.install()
    await one.must('scheduled', 'database')
    const look = await lock(join(one.site.state, 'runs/database'), '-s')
    let over = false
    const run = one.run('scheduled', 'database').finally(() => {
      over = true
    })
    await waitUntil('it waits, or is over', () => over || look.awaited())
    await look.free()
    expect((await run).result).toMatchObject({ outcome: 'succeeded', message: 'done' })
  })

  it('can be cancelled while it waits', async () => {
    const { one, free, waiting } = await busy(60)
    const run = one.run('scheduled', 'database')
    await waitUntil('the run waits', waiting)
    const id = readdirSync(join(one.site.state, 'operations')).find((name) => name.includes('-database-')) ?? ''
    await one.must('cancel', id)
    expect((await run).result).toMatchObject({ outcome: 'failed', code: 'cancelled' })
    expect((await one.report()).runs).toMatchObject([{ outcome: 'cancelled', operation: id }])
    await free()
  })
})

describe('a login that is not root', () => {
  it('sees the schedule, and installs none', async () => {
    const one = schedule()
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
    expect((await schedule().run(...args)).result.code).toBe('usage')
  })
})
