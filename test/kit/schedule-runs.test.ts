/** Every run of the schedule is accounted for. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quick, type ScheduleSite, scheduleSite } from '../support/kit/schedule-site.ts'
import { waitUntil } from '../support/wait.ts'

const root = process.getuid?.() === 0

describe.runIf(root)('every run is accounted for', () => {
  /** Installs a schedule of the database only, at a moment. */
  async function only(how: string, at: string, zone: string): Promise<ScheduleSite> {
    const one = scheduleSite({ instead: quick, zone })
    one.at(Date.parse(at))
    const off = ['application', 'config', 'system', 'verify', 'rotate', 'monitor'].map((kind) => `schedule_${kind}=off`)
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
    const one = scheduleSite({
      instead: `${quick}\nrun_verify() { verify_step_back; ${held}; succeed "nice $(nice)" null; }`,
    })
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
    const one = scheduleSite({
      instead: `eval "real_$(declare -f store_kit)"; store_kit() { [[ ! -e $STATE/no-kit ]] && real_store_kit "$@"; }`,
    })
    await one.install()
    writeFileSync(join(one.site.state, 'no-kit'), '')
    expect((await one.run('scheduled', 'config')).result.code).toBe('internal')
    const runs = (await one.report()).runs.filter(({ kind }) => kind === 'config')
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
