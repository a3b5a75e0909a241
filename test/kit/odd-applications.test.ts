/** Applications that misbehave while their database is replaced: what they wrote is kept, what they hold is released. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { Trial } from '../support/kit/trial.ts'
import { listen, WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'
import { waitUntil } from '../support/wait.ts'

const root = process.getuid?.() === 0
const beside = (site: WorkingSite, part: string) => site.besideDatabase().filter((name) => name.includes(part))

describe.concurrent('a restore', () => {
  it('that is rolled back keeps what the application wrote to the restored database', async (test) => {
    const trial = await Trial.of(test, 'restore', { broken: true })
    trial.site.behave('writes', 'unclean')
    await trial.run()
    const [rejected = ''] = beside(trial.site, '.rejected.').filter(
      (name) => !name.endsWith('-wal') && !name.endsWith('-shm'),
    )
    expect(rejected).toMatch(/^cvd\.db\.rejected\.\d{8}_\d{6}$/)
    const kept = new DatabaseSync(join(dirname(trial.site.database), rejected))
    expect(kept.prepare("SELECT value FROM system_config WHERE key = 'started'").get()).toEqual({ value: '1' })
    kept.close()
    expect(trial.site.outcome(trial.operation)).toMatchObject({ outcome: 'rolled back', code: 'unhealthy' })
  })

  it('is refused if the site answers while its service is inactive: a rollback would not start it', async (test) => {
    const trial = await Trial.of(test, 'restore')
    trial.site.lie('[[ $1 != status ]] || exit 3')
    const backup = readdirSync(trial.site.backups).find((name) => name.endsWith('.gz')) ?? ''
    const { checks } = await trial.site.ask(['plan', 'restore', 'database', backup], restorePlan)
    expect(checks.find(({ check }) => check === 'health')).toMatchObject({
      state: 'failed',
      evidence: expect.stringContaining('its service is not active'),
    })
    expect(await trial.run()).toMatchObject({ outcome: 'failed', code: 'service' })
    trial.site.lie('')
    await trial.proveOld('failed')
  })

  it.runIf(root)('is refused while a program outside the service has the database open, and names it', async (test) => {
    const trial = await Trial.of(test, 'restore')
    const stranger = spawn('sqlite3', [trial.site.database], { stdio: ['pipe', 'pipe', 'inherit'] })
    stranger.stdin.write('SELECT count(*) FROM users;\n')
    await new Promise((done) => stranger.stdout.once('data', done))
    const result = await trial.run()
    expect(result).toMatchObject({ outcome: 'failed', code: 'holders' })
    expect(result.message).toContain(`process ${stranger.pid} of `)
    await trial.proveOld('failed')
    const over = new Promise((done) => stranger.once('close', done))
    stranger.stdin.end()
    await over
  })

  it('ends whatever keeps the restored database open, when it is rolled back', async (test) => {
    const trial = await Trial.of(test, 'restore', { broken: true })
    const ended = trial.start()
    await waitUntil('the application on the restored database', async () => (await trial.site.health()) === 503, {
      everyMs: 20,
    })
    trial.site.cling(true)
    await ended
    trial.site.cling(false)
    expect(trial.site.outcome(trial.operation)).toMatchObject({ outcome: 'rolled back' })
    trial.proveOldFiles()
    expect(await trial.site.health()).toBe(200)
  })

  it('probes health again after a rollback if there was no answer before the restore', async (test) => {
    const site = new WorkingSite(root ? { owner: ORDINARY } : {})
    test.onTestFinished(() => site.remove())
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    site.behave('deaf')
    site.service('stop')
    site.service('start')
    site.failpoint('swapped pause')
    const ended = site.run([...site.restoring(backup), '--site-is-down'])
    await site.paused()
    site.behave()
    writeFileSync(join(site.state, 'operations', site.operations('restore')[0] ?? '', 'cancel'), '')
    rmSync(join(site.state, 'failpoint'))
    const { result } = await ended
    expect(await site.health()).toBe(200)
    expect(result.outcome).toBe('cancelled')
    expect(result.unchanged).toContain('The site answers (200); it did not before the restore.')
    expect(restoreReport.parse(result.data)).toMatchObject({
      healthyBefore: false,
      health: { healthy: true, status: 200 },
    })
  })

  it('is left to the next boot if the server shuts down meanwhile', async (test) => {
    const trial = await Trial.of(test, 'restore')
    trial.site.failpoint('starting fail')
    // The recovery is run by the kit that began: it must see that the server is up again.
    const stops = join(trial.site.state, 'stops')
    writeFileSync(stops, '')
    await listen(trial.site.start(trial.arguments, 'system_stopping() { [[ -e $STATE/stops ]]; }'))
    for (const file of [stops, join(trial.site.state, 'failpoint')]) rmSync(file)
    const events = readFileSync(join(trial.site.state, 'operations', trial.operation, 'events'), 'utf8')
    expect(events).toContain('the server is shutting down')
    expect(readdirSync(join(trial.site.state, 'operations', trial.operation))).not.toContain('outcome')
    await trial.recover()
    await trial.proveOld('rolled back')
  })
})
