/** The schedule on the command line: one command protects a site. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scheduleReport } from '../../src-shared/domain/schedule.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'

describe.skipIf(cliSiteLacks !== '')(`the schedule on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let cron: string
  const jobs = () => join(site.demo.etc, 'cron.d')

  beforeAll(async () => {
    site = await CliSite.added()
    cron = `0 */2 * * * root ${site.demo.root}/scripts/backup_database_auto.sh\n`
    writeFileSync(join(jobs(), 'runbook'), cron)
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  const report = async () => scheduleReport.parse((await site.cli.json(['schedule', 'Depot'])).result.data)

  test('a site is protected by one command, and one result says so', async () => {
    expect((await site.cli.json(['schedule', 'Depot'])).result.message).toContain('No schedule is installed')
    const { code, events, result } = await site.cli.json(['site', 'protect', 'Depot'])
    expect([code, result.message]).toEqual([0, expect.stringContaining('was backed up')])
    expect(events.filter(({ kind }) => kind === 'result')).toHaveLength(1)
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'log', text: expect.stringContaining('1 job of others') }),
    )
    expect(await report()).toMatchObject({ installed: true, foreign: [{ script: 'backup_database_auto.sh' }] })
    const shown = await site.cli.run(['schedule', 'Depot'])
    expect(shown.stdout).toMatch(/^database +every 2h +\d{4}-\d\d-\d\d \d\d:00:00 .*never ran/m)
    expect(shown.stdout).toContain(`runbook, line 1 (root): ${cron.trim()}`)
    expect(shown.stdout).toContain('Jobs of others back this site up, too: 1.')
  })

  test('jobs of others are replaced after the name was repeated, and put back', async () => {
    const install = ['schedule', 'Depot', 'install', '--replace', '--reason', 'the console does it']
    expect((await site.cli.json([...install, '--confirm', 'depot'])).result.code).toBe('not-confirmed')
    expect(readFileSync(join(jobs(), 'runbook'), 'utf8')).toBe(cron)
    expect((await site.cli.json([...install, '--confirm', 'Depot'])).code).toBe(0)
    expect(await report()).toMatchObject({ foreign: [], replaced: [{ form: 'crontab' }] })
    expect((await site.cli.json(['schedule', 'Depot', 'remove'])).code).toBe(0)
    expect(readFileSync(join(jobs(), 'runbook'), 'utf8')).toBe(cron)
    expect(readdirSync(jobs())).toEqual(['runbook'])
  })

  test('it is paused and resumed, and run now', async () => {
    expect((await site.cli.json(['schedule', 'Depot', 'pause', '--until', '2099-01-01 00:00'])).code).toBe(0)
    expect((await report()).paused?.until).toBeGreaterThan(Date.now())
    expect((await site.cli.json(['schedule', 'Depot', 'resume'])).code).toBe(0)
    expect((await report()).paused).toBeNull()
    expect((await site.cli.json(['schedule', 'Depot', 'run', 'config'])).result.message).toContain('was backed up')
  })

  test.each([[['sleep']], [['run']], [['run', 'restore']], [['install', 'now']]])(
    'what cannot be done is refused: %j',
    async (words) => {
      expect(await site.cli.json(['schedule', 'Depot', ...words])).toMatchObject({ code: 2, result: { code: 'usage' } })
    },
  )
})
