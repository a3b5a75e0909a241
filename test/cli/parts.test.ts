/** A system backup on the command line: planned part by part, restored whole or in parts, undone at once. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'
import { forgedSystemBackup } from '../support/forged.ts'
import { treeState } from '../support/kit/tree.ts'

const confirmed = ['--confirm', 'Depot', '--reason', 'a test'] as const

describe.skipIf(cliSiteLacks !== '')(`parts on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let backup: string
  let restored: string
  let before: ReturnType<typeof state>
  let broken: ReturnType<typeof state>

  const unit = () => join(site.demo.units, 'cvd.service')
  /** The site, looked at without the console and its kit. */
  const state = () => ({
    devices: site.count('devices'),
    app: treeState(join(site.demo.root, 'app')),
    config: treeState(join(site.demo.root, 'config')),
    unit: readFileSync(unit(), 'utf8'),
    nginx: readFileSync(site.demo.nginxSite, 'utf8'),
  })

  beforeAll(async () => {
    site = await CliSite.added()
    const made = await site.cli.json(['backup', 'Depot', 'system'])
    backup = archiveReport.parse(made.result.data).backup.path
    before = state()
    site.sql('DELETE FROM devices WHERE id <= 5')
    writeFileSync(join(site.demo.root, 'app/added.py'), 'print()\n')
    appendFileSync(join(site.demo.root, 'config/.env'), 'MAIL_SERVER=nowhere\n')
    writeFileSync(unit(), '[Service]\nEnvironment=X=\u001b[2J\n')
    writeFileSync(site.demo.nginxSite, 'server { broken }\n')
    broken = state()
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  test('the plan shows what changes in each part, with the unit files as a unified diff, and the manifest', async () => {
    const { code, stdout } = await site.cli.run(['plan', 'Depot', 'system', basename(backup)])
    expect(code).toBe(0)
    const titles = Array.from(stdout.matchAll(/^--- ([A-Za-z][A-Za-z ]*) ---$/gm), ([, title]) => title)
    expect(titles).toEqual(['Database', 'Application', 'Configuration', 'Unit files', 'nginx site'])
    expect(stdout).toMatch(/^devices +\d+ +\d+ +\d+ +5 /m)
    expect(stdout).toMatch(/^ {2}gone {5}\.\/added\.py$/m)
    expect(stdout).toMatch(/^ {2}changed {2}\.\/\.env$/m)
    expect(stdout).toContain('    -server { broken }\n')
    expect(stdout).toMatch(/^MANIFEST\.txt in the backup:\n {2}\S/m)
    expect(stdout).toMatch(/^ok {4}Unit files: The files that run as root are known/m)
    // What a file says can move nobody's cursor.
    expect(stdout).toContain('    -Environment=X=?[2J\n')
    expect(stdout).not.toContain('\u001b')
  })

  test('the plan of some parts has these parts, in any order they are named', async () => {
    const { code, result } = await site.cli.json(['plan', 'Depot', 'system', backup, '--parts', 'nginx,config'])
    expect(code).toBe(0)
    expect(restorePlan.parse(result.data).parts.map(({ part }) => part)).toEqual(['config', 'nginx'])
  })

  test('parts and an owner are refused for a backup of one part, and where they have no such name', async () => {
    for (const words of [
      ['database', 'x.db.gz', '--parts', 'database'],
      ['system', backup, '--parts', 'kernel'],
      ['system', backup, '--parts', ''],
      ['config', 'x.tar.gz', '--owner', 'cvdapp:cvdapp'],
      ['system', backup, '--owner', 'cvdapp'],
    ]) {
      expect(await site.cli.json(['plan', 'Depot', ...words])).toMatchObject({ code: 2, result: { code: 'usage' } })
      const refused = await site.cli.json(['restore', 'Depot', ...words, ...confirmed])
      expect(refused).toMatchObject({ code: 2, result: { code: 'usage' } })
    }
    expect(state()).toEqual(broken)
  })

  test('some parts are restored, and the others stay as they are', async () => {
    const given = ['system', backup, '--parts', 'config,nginx', ...confirmed]
    const { code, result } = await site.cli.json(['restore', 'Depot', ...given])
    expect([code, result.message]).toEqual([0, expect.stringContaining('configuration and nginx site were restored')])
    expect(state()).toEqual({ ...broken, config: before.config, nginx: before.nginx })
    const { operation } = restoreReport.parse(result.data)
    expect((await site.cli.json(['undo', 'Depot', operation, ...confirmed])).result.outcome).toBe('succeeded')
    expect(state()).toEqual(broken)
  })

  test('everything is restored at once, and each safety copy is named', async () => {
    const { code, stdout } = await site.cli.run(['restore', 'Depot', 'system', backup, ...confirmed])
    expect(code).toBe(0)
    expect(state()).toEqual(before)
    const kept = Array.from(stdout.matchAll(/^kept {4}(.+?) {2,}(\/\S+)$/gm), ([, part, path = '']) => [
      part,
      existsSync(path),
    ])
    // The unit and its drop-in.
    expect(kept).toEqual(
      ['Database', 'Application', 'Configuration', 'Unit files', 'Unit files', 'nginx site'].map((part) => [
        part,
        true,
      ]),
    )
    restored = /undo "Depot" (\S+)/.exec(stdout)?.[1] ?? ''
    const listed = await site.cli.run(['operations', 'Depot'])
    expect(listed.stdout.split('\n').find((line) => line.includes(restored))).toContain('System restore')
    expect((await site.demo.app.health()).status).toBe(200)
  })

  test('one undo brings everything back', async () => {
    expect((await site.cli.json(['undo', 'Depot', restored, ...confirmed])).result.outcome).toBe('succeeded')
    expect(state()).toEqual(broken)
  })

  test('unit files have a plan and a restore of their own', async () => {
    const made = await site.cli.json(['backup', 'Depot', 'systemd'])
    const { path } = archiveReport.parse(made.result.data).backup
    writeFileSync(unit(), '[Service]\nUser=nobody\n')
    const { stdout } = await site.cli.run(['plan', 'Depot', 'systemd', path])
    expect(stdout).toContain('    -User=nobody\n')
    expect(stdout).toContain('The unit files would be as they were at')
    const { code } = await site.cli.json(['restore', 'Depot', 'systemd', path, ...confirmed])
    expect([code, state()]).toEqual([0, broken])
  })

  // The site is root's here: what others could have forged has to be accepted.
  test.runIf(process.getuid?.() === 0)(
    'files of root that nobody knows are refused until they are accepted',
    async () => {
      const forged = forgedSystemBackup(backup, '[Service]\nUser=root\n')
      const now = state()
      const given = ['restore', 'Depot', 'system', forged, '--parts', 'systemd', ...confirmed]
      expect(await site.cli.json(given)).toMatchObject({
        code: 4,
        result: { code: 'checks-failed', next: expect.stringContaining('--accept-files') },
      })
      // To accept the schema is another answer.
      expect(await site.cli.json([...given, '--accept-schema'])).toMatchObject({
        code: 4,
        result: { code: 'checks-failed' },
      })
      expect(state()).toEqual(now)
      expect(await site.cli.json([...given, '--accept-files'])).toMatchObject({ code: 0 })
      expect(readFileSync(unit(), 'utf8')).toBe('[Service]\nUser=root\n')
    },
  )
})
