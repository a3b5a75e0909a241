/** Files of the configuration on the command line: compared with their secrets hidden, and restored alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveReport } from '../../src-shared/domain/kit-backups.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'

describe.skipIf(cliSiteLacks !== '')(`single files on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let backup: string
  let before: string

  const env = () => join(site.demo.root, 'config/.env')
  const other = () => join(site.demo.root, 'config/other.ini')

  beforeAll(async () => {
    site = await CliSite.added()
    writeFileSync(other(), 'a = 1\n')
    before = readFileSync(env(), 'utf8')
    const made = await site.cli.json(['backup', 'Depot', 'config'])
    backup = basename(archiveReport.parse(made.result.data).backup.path)
    writeFileSync(env(), 'SECRET_KEY=by-accident\n')
    writeFileSync(other(), 'a = 2\n')
  })
  afterAll(() => site?.[Symbol.asyncDispose]())

  test('the differences of a file hide its secrets until they are asked for', async () => {
    const hidden = await site.cli.run(['differences', 'Depot', 'config', backup, '.env'])
    expect(hidden.code).toBe(0)
    expect(hidden.stdout).toContain('-SECRET_KEY=<hidden: the live value>')
    expect(hidden.stdout).not.toContain('by-accident')
    const shown = await site.cli.run(['differences', 'Depot', 'config', backup, '.env', '--show-secrets'])
    expect(shown.stdout).toContain('-SECRET_KEY=by-accident')
    expect(readFileSync(join(site.demo.state, 'audit'), 'utf8')).toContain('secrets-shown')
    expect(await site.cli.json(['differences', 'Depot', 'database', backup, '.env'])).toMatchObject({ code: 2 })
  })

  test('the plan takes what a restore takes: single files, and what becomes of the virtual environment', async () => {
    const { stdout } = await site.cli.run(['plan', 'Depot', 'config', backup, '--only', '.env'])
    expect(stdout).toMatch(/changed {2}\.\/\.env$/m)
    expect(stdout).not.toContain('other.ini')
    expect((await site.cli.run(['plan', 'Depot', 'config', backup])).stdout).toContain('other.ini')
    const both = ['plan', 'Depot', 'config', backup, '--keep-venv', '--rebuild-venv']
    expect(await site.cli.json(both)).toMatchObject({
      code: 2,
      result: { message: expect.stringContaining('give one of them') },
    })
  })

  test('one file comes back, and the others stay as they are', async () => {
    const confirmed = ['--confirm', 'Depot', '--reason', 'lost key']
    const words = ['restore', 'Depot', 'config', backup, '--only', '.env', ...confirmed]
    expect(await site.cli.json(words)).toMatchObject({ code: 0, result: { outcome: 'succeeded' } })
    expect([readFileSync(env(), 'utf8'), readFileSync(other(), 'utf8')]).toEqual([before, 'a = 2\n'])
  })
})
