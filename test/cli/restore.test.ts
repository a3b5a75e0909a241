/** Restores of the database on the command line: planned, refused, carried out, undone; and operations that are followed. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { backupReport } from '../../src-shared/domain/kit-backups.ts'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { Cli } from '../support/cli.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'

describe.skipIf(cliSiteLacks !== '')(`restores on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let backup: string
  let restored: string

  beforeAll(async () => {
    site = await CliSite.added()
    backup = backupReport.parse((await site.cli.json(['backup', 'Depot', 'database'])).result.data).backup.path
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  test('the plan shows what would be lost, in a table and in words', async () => {
    site.sql('DELETE FROM devices WHERE id <= 5')
    const name = backup.slice(backup.lastIndexOf('/') + 1)
    const { code, stdout } = await site.cli.run(['plan', 'Depot', 'database', name])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^TABLE +LIVE +BACKUP +WOULD BE LOST +WOULD COME BACK +CHANGED +MOMENTS$/m)
    expect(stdout).toMatch(/^devices +\d+ +\d+ +\d+ +5 +\d+ +\d{4}-\d\d-\d\d/m)
    expect(stdout).toContain('would be gone')
    expect(stdout).toMatch(/^You would lose .*5 rows would come back/m)
    const { result } = await site.cli.json(['plan', 'Depot', 'database', name])
    expect(restorePlan.parse(result.data).possible).toBe(true)
  })

  test('a restore is refused without the right name, before any connection', async () => {
    const before = site.logins()
    const refused = await site.cli.json(['restore', 'Depot', 'database', backup, '--confirm', 'depot', '--reason', 'x'])
    expect(refused).toMatchObject({ code: 4, result: { code: 'not-confirmed' } })
    const mute = await site.cli.json(['restore', 'Depot', 'database', backup, '--confirm', 'Depot', '--reason', ' '])
    expect(mute).toMatchObject({ code: 4, result: { code: 'not-confirmed' } })
    expect(site.logins()).toBe(before)
  })

  test('a restore brings the rows back, and reports its downtime and how to undo it', async () => {
    const rows = site.count('devices')
    const { code, stdout, stderr } = await site.cli.run([
      'restore',
      'Depot',
      'database',
      backup,
      '--confirm',
      'Depot',
      '--reason',
      'lost rows',
    ])
    expect(stderr).not.toContain('failed')
    expect(code).toBe(0)
    expect(stdout).toMatch(/Stop the service.*\[down /)
    expect(stdout).toMatch(/^down {4}\d/m)
    restored = /undo "Depot" (\S+)/.exec(stdout)?.[1] ?? ''
    expect(site.count('devices')).toBe(rows + 5)
    expect(await site.demo.app.health()).toMatchObject({ status: 200 })
  })

  test('undo reverts it', async () => {
    const rows = site.count('devices')
    const undone = await site.cli.json(['undo', 'Depot', restored, '--confirm', 'Depot', '--reason', 'a test'])
    expect(undone).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
    expect(restoreReport.parse(undone.result.data).downMs).toBeGreaterThan(0)
    expect(site.count('devices')).toBe(rows - 5)
  })

  test('operations, following an ended one, cancelling an ended one', async () => {
    const listed = await site.cli.run(['operations', 'Depot'])
    expect(listed.stdout).toMatch(/^ID +OPERATION/)
    expect(listed.stdout.split('\n').find((line) => line.includes(restored))).toMatch(/succeeded.*lost rows/)
    const followed = await site.cli.json(['follow', 'Depot', restored])
    expect(followed).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
    expect(followed.events.some((event) => event.kind === 'step' && event.step === 'swap')).toBe(true)
    expect(await site.cli.json(['cancel', 'Depot', restored])).toMatchObject({
      code: 4,
      result: { code: 'checks-failed' },
    })
    expect(await site.cli.json(['follow', 'Depot', '20200101T000000Z-database-abcdef'])).toMatchObject({ code: 1 })
  })

  test('Ctrl-C detaches; the operation continues, and another console follows it to its end', async () => {
    // Its worker pauses before the result, so it cannot have ended before the Ctrl-C.
    const failpoint = join(site.demo.state, 'failpoint')
    writeFileSync(failpoint, 'outcome pause\n')
    onTestFinished(() => rmSync(failpoint, { force: true }))
    let interrupted = false
    const left = await site.cli.json(['backup', 'Depot', 'database'], {
      onOutput: (stdout, child) => {
        if (interrupted || !stdout.includes('"kind":"operation"')) return
        interrupted = true
        child.kill('SIGINT')
      },
    })
    expect(left).toMatchObject({ code: 130, result: { code: 'detached' } })
    const { operation } = left.result.data as { operation: string }
    rmSync(failpoint)
    expect(await site.cli.json(['follow', 'Depot', operation])).toMatchObject({
      code: 0,
      result: { outcome: 'succeeded' },
    })
    const other = new Cli(site.desk('colleague'))
    const added = await other.json(['site', 'add', 'The same', ...site.login, ...site.accept()])
    expect(added.code).toBe(0)
    expect(await other.json(['follow', 'The same', operation])).toMatchObject({
      code: 0,
      result: { outcome: 'succeeded' },
    })
  })
})
