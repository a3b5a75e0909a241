/** What restores kept of the application and the configuration is shown among the backups, for undo only. */
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite(root ? { owner: ORDINARY } : {})
})
afterEach(() => site.remove())

const inspect = (options = {}) => site.ask(['inspect'], inspection, options)
const folders = async (options = {}) => (await inspect(options)).backups.filter(({ folder }) => folder)

describe('a safety copy that is a folder', () => {
  it('is listed with its part and its time, and is neither verified, held nor counted as an empty backup', async () => {
    const app = join(site.root, 'app.pre-restore.20260110_120000')
    const config = join(site.root, 'config.pre-restore.20260111_120000.deadbeef')
    for (const path of [app, config]) mkdirSync(join(path, 'app.pre-restore.20260110_120000'), { recursive: true })
    const answer = await inspect()
    expect(answer.backups).toMatchObject([
      {
        path: config,
        kind: 'config',
        origin: 'safety',
        takenAt: Date.UTC(2026, 0, 11, 12),
        folder: true,
        verdict: 'never',
      },
      { path: app, kind: 'application', origin: 'safety', takenAt: Date.UTC(2026, 0, 10, 12), folder: true, size: 0 },
    ])
    expect(answer.problems.map(({ code }) => code)).not.toContain('empty-backups')
    expect(answer.problems.map(({ code }) => code)).toContain('no-backups')
    expect((await site.run(['verify', '--all'])).result.message).not.toContain('pre-restore')
    for (const words of [
      ['verify', app],
      ['hold', app],
      ['download', app],
      ['plan', 'restore', 'application', app],
    ]) {
      expect((await site.run(words)).result.code, words.join(' ')).toBe('not-found')
    }
    expect((await site.run(['delete', app, '--confirm', answer.host.name])).result.outcome).toBe('failed')
    expect(readdirSync(site.root)).toContain('app.pre-restore.20260110_120000')
  })

  it('is found where a link leads, and nothing else is taken for one', async () => {
    for (const name of [
      'app.pre-restore.x',
      'app.pre-restore.',
      'app.pre-restore.20260110_120000x',
      'apps.pre-restore.20260110_120000',
    ]) {
      mkdirSync(join(site.root, name))
    }
    mkdirSync(join(site.root, 'app.pre-restore.20260110_120000\n'))
    writeFileSync(join(site.root, 'app.pre-restore.20260110_120001'), 'a file')
    symlinkSync('/etc', join(site.root, 'app.pre-restore.20260110_120002'))
    mkdirSync(join(site.root, 'data/app.pre-restore.20260110_120003'))
    expect((await inspect()).backups).toEqual([])
    renameSync(join(site.root, 'app'), join(site.folder, 'elsewhere'))
    symlinkSync(join(site.folder, 'elsewhere'), join(site.root, 'app'))
    const kept = join(site.folder, 'elsewhere.pre-restore.20260110_120000')
    mkdirSync(kept)
    mkdirSync(join(site.root, 'config.pre-restore.20260111_120000'))
    expect((await folders()).map(({ path, kind }) => [path, kind])).toEqual([
      [join(site.root, 'config.pre-restore.20260111_120000'), 'config'],
      [kept, 'application'],
    ])
  })

  it.runIf(root)('can be claimed by a lying owner only where one can be', async () => {
    const lie = `eval "true_$(declare -f folders_listed)"
      folders_listed() {
        true_folders_listed
        printf 'd\\t1700000000.5\\t7\\t%s\\n' /etc "$ROOT/app" "$ROOT/app.pre-restore.20260110_120000/x" "$ROOT/app.pre-restore.20260110_120000' --" \\
          "$BACKUPS/app.pre-restore.20260110_120000" "$ROOT/app.pre-restore.20260110_120000"
        printf 'd\\tx"\\t7\\t%s\\n' "$ROOT/app.pre-restore.20260110_120001"
      }`
    expect((await folders({ instead: lie })).map(({ path }) => path)).toEqual([
      join(site.root, 'app.pre-restore.20260110_120000'),
    ])
  })
})
