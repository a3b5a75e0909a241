/** What is not known is not green, what was acknowledged stays so, and nobody who writes the site's files can forge or hide an alert. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { alertReport } from '../../src-shared/domain/alerts.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { alertSite, MINUTE } from '../support/kit/alert-site.ts'
import { HOUR, put, stampOf } from '../support/kit/history.ts'
import { lock } from '../support/kit/schedule-site.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0

describe.runIf(root)('an error in a log', () => {
  it('H14: does not alert again once it is acknowledged, and a newer one does', async () => {
    const one = await alertSite()
    const now = Date.now()
    one.log('ERROR: the disk is full', now - 2 * HOUR)
    one.log('ERROR: the disk is full', now - HOUR)
    expect(await one.look()).toEqual(['log-errors:backup.log'])
    expect((await one.alert('log-errors:backup.log'))?.evidence).toBe(
      'Errors in backup.log that nobody has acknowledged: 2. The newest: ERROR: the disk is full',
    )
    const done = await one.acknowledge('log-errors:backup.log')
    expect(done.result.message).toContain('These errors do not alert again.')
    for (const hours of [0, 24, 48]) {
      one.at(now + hours * HOUR)
      expect((await one.look()).filter((id) => id.startsWith('log-errors'))).toEqual([])
    }
    expect((await one.alerts()).cleared).toMatchObject([{ id: 'log-errors:backup.log', acknowledged: { who: 'test' } }])
    one.log('ERROR: again', now + 47 * HOUR)
    expect(await one.look()).toContain('log-errors:backup.log')
    expect((await one.alert('log-errors:backup.log'))?.evidence).toContain('acknowledged: 1. The newest: ERROR: again')
  })

  it('is not hidden by taking the log away, nor by one that is dated in the future', async () => {
    const one = await alertSite()
    const log = join(one.site.root, 'logs/backup.log')
    one.log('ERROR: first', Date.now() - HOUR)
    expect(await one.look()).toEqual(['log-errors:backup.log'])
    truncateSync(log, 0)
    expect(await one.look()).toEqual(['log-errors:backup.log'])
    rmSync(log)
    one.log('ERROR: to hide what comes', Date.parse('2099-01-01T00:00:00Z'))
    expect(await one.look()).toEqual(['log-errors:backup.log'])
    await one.acknowledge('log-errors:backup.log')
    expect(await one.look()).toEqual([])
    one.log('ERROR: second')
    expect(await one.look()).toEqual(['log-errors:backup.log'])
  })

  it('that nobody has acknowledged is not cleared by growing old', async () => {
    const one = await alertSite()
    const now = Date.now()
    for (const hours of [3, 2, 1]) one.log('ERROR: the disk is full', now - hours * HOUR)
    expect(await one.look()).toEqual(['log-errors:backup.log'])
    one.at(now + 8 * 24 * HOUR)
    expect(await one.look()).toContain('log-errors:backup.log')
    const old = await one.alert('log-errors:backup.log')
    expect(old?.evidence).toContain('acknowledged: 3. The newest: ERROR: the disk is full')
    await one.acknowledge('log-errors:backup.log')
    expect(await one.look()).not.toContain('log-errors:backup.log')
  })

  it('is not hidden by what was acknowledged while the clock was ahead', async () => {
    const one = await alertSite()
    const now = Date.now()
    one.at(now + 30 * 24 * HOUR)
    one.log('ERROR: dated by a wrong clock', now + 30 * 24 * HOUR - HOUR)
    expect(await one.look()).toContain('log-errors:backup.log')
    await one.acknowledge('log-errors:backup.log')
    one.at(now)
    one.log('ERROR: now', now - HOUR)
    expect(await one.look()).toContain('log-errors:backup.log')
  })

  it('is text, whatever is in it', async () => {
    const one = await alertSite()
    const log = join(one.site.root, 'logs/backup.log')
    const stamp = new Date().toISOString().slice(0, 19).replace('T', ' ')
    const bad = [
      `${stamp}] ERROR \u001b]0;owned\u0007\u001b[2J\r\u202e\u009b31m {subject} {detail} $(touch /owned) '; DROP TABLE alert; --\n`,
      `${stamp}] ERROR %s%n%00\\x41 \tseen\tbackups\n`,
      '9999-99-99 99:99:99] ERROR no such time\n',
    ]
    for (const line of bad) appendFileSync(log, `[${line}`)
    appendFileSync(
      log,
      Buffer.concat([
        Buffer.from(`[${stamp}] ERROR `),
        Buffer.from([...Array(256).keys()].filter((byte) => byte !== 10)),
        Buffer.from('\n'),
      ]),
    )
    expect(await one.look()).toEqual(['log-errors:backup.log'])
    const shown = await one.alert('log-errors:backup.log')
    expect(shown?.evidence).toMatch(/^Errors in backup\.log that nobody has acknowledged: 3\. The newest: ERROR /)
    const seen = await one.site.ask(['inspect'], inspection)
    expect(seen.alerts?.open).toMatchObject([{ evidence: shown?.evidence }])
    const person = await one.site.asPerson('alerts')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be in it
    expect(person.stdout.replaceAll('\n', '') + shown?.evidence).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(person.stdout).toContain('1 alert is open.')
  })
})

describe.runIf(root)('what cannot be seen', () => {
  it('is an alert itself, and clears nothing', async () => {
    const site = new ScratchSite({ owner: ORDINARY })
    onTestFinished(() => site.remove())
    const look = async () => {
      await site.run(['monitor'])
      const { open } = await site.ask(['alerts'], alertReport)
      return open.map(({ id }) => id).filter((id) => /^(unknown|no-backup|backup-|log-)/.test(id))
    }
    const stamp = new Date().toISOString().slice(0, 19).replace('T', ' ')
    const log = join(site.root, 'logs/backup.log')
    writeFileSync(log, `[${stamp}] ERROR\n`)
    await site.run(['policy', 'alert_min_size=1000'])
    const backup = put(site, `cvd_auto_${stampOf(HOUR)}.db.gz`)
    expect(await look()).toEqual(['log-errors:backup.log', 'backup-small'])
    // The owner can neither list the backups nor read the log any more.
    chownSync(site.backups, 0, 0)
    chmodSync(site.backups, 0o700)
    chmodSync(log, 0o600)
    expect((await look()).sort()).toEqual(['backup-small', 'log-errors:backup.log', 'unknown:backups', 'unknown:logs'])
    const { open } = await site.ask(['alerts'], alertReport)
    expect(open.find(({ id }) => id === 'unknown:backups')).toMatchObject({
      severity: 'error',
      evidence: 'The state of the backups is not known: a folder of them cannot be read.',
    })
    chownSync(site.backups, ORDINARY, ORDINARY)
    chmodSync(log, 0o644)
    rmSync(backup)
    put(site, `cvd_auto_${stampOf(HOUR)}.db.gz`, 'x'.repeat(2000))
    expect(await look()).toEqual(['log-errors:backup.log'])
  })

  it('is that a service is down during a restore: that is no alert, and a hung operation is one', async () => {
    const one = await alertSite()
    await one.must('policy', 'alert_lock=60', 'backup_max_age=999999')
    const holder = (command: string, since: number) =>
      writeFileSync(
        join(one.site.state, 'holder'),
        `operation=20260101T000000Z-${command}-abcdef\ncommand=${command}\npid=1\nsince=${since}\nwho=somebody\n`,
      )
    // An operation of another process, alive as its lock says.
    const running = join(one.site.state, 'operations/20260101T000000Z-restore-abcdef')
    mkdirSync(running, { recursive: true })
    for (const file of ['alive', 'pid', 'events']) writeFileSync(join(running, file), '')
    const boot = one.site.library('cat /proc/sys/kernel/random/boot_id').trim()
    writeFileSync(join(running, 'about'), `command=restore\nstartedAt=1\nboot=${boot}\n`)
    const alive = await lock(join(running, 'alive'))
    const site = await lock(join(one.site.state, 'lock'))
    holder('restore', Date.now())
    one.health = 500
    one.write('down', '')
    expect(await one.look()).toEqual([])
    renameSync(running, running.replace('-restore-', '-verify-'))
    holder('verify', Date.now() - 5 * MINUTE)
    expect(await one.look()).toEqual(['health-failing', 'lock-held', 'service-down:cvd'])
    expect((await one.alert('lock-held'))?.evidence).toBe(
      'An operation has had the lock of the site for 5 minutes, more than 60 seconds: verify by somebody (20260101T000000Z-verify-abcdef)',
    )
    await alive.free()
    await site.free()
    expect(await one.look()).toEqual(['health-failing', 'service-down:cvd'])
  })

  it('is what was recorded, when the records are damaged: the alerts are opened and told again', async () => {
    const one = await alertSite()
    one.health = 500
    expect(await one.look()).toEqual(['health-failing'])
    writeFileSync(join(one.site.state, 'state.db'), 'x'.repeat(8192))
    const { recordsKnown, open } = await one.alerts()
    expect([recordsKnown, open]).toEqual([false, []])
    expect((await one.site.ask(['inspect'], inspection)).alerts?.known).toBe(false)
    expect(await one.look()).toEqual(expect.arrayContaining(['health-failing', 'records-lost']))
  })

  it('is what an earlier kit has not recorded: no alerts, and nothing is changed to say so', async () => {
    const one = await alertSite()
    expect(await one.alerts()).toMatchObject({ recordsKnown: true, monitoredAt: null, open: [], cleared: [] })
    const before = one.site.sql(join(one.site.state, 'state.db'), '.schema')
    expect((await one.site.ask(['inspect'], inspection)).alerts).toEqual({ known: true, monitoredAt: null, open: [] })
    expect(one.site.sql(join(one.site.state, 'state.db'), '.schema')).toBe(before)
    expect(before).not.toContain('alert')
  })
})
