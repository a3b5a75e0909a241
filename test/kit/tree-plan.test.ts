/** What a plan says of the application and the configuration, and what the report of a restore does. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { planLines } from '../../src-main/cli/plan-text.ts'
import { restorePlan, restoreReport } from '../../src-shared/domain/kit-restore.ts'
import { operationEntry } from '../../src-shared/domain/kit-site.ts'
import { restoredPart, treePlan } from '../../src-shared/domain/restored-parts.ts'
import { pack, treeState } from '../support/kit/tree.ts'
import { restoringTree, siteWithTrees, type TreePart } from '../support/kit/tree-trial.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const made = z.looseObject({ backup: z.looseObject({ path: z.string() }) })
const plan = restorePlan.extend({ part: z.string(), tree: treePlan })

describe.concurrent('the plan of a restore', () => {
  const prepared = (test: TestContext, part: TreePart) => {
    const site = siteWithTrees()
    test.onTestFinished(() => site.remove())
    const file = pack(
      part,
      site.root,
      join(site.backups, `app/cvd_${part === 'application' ? 'app' : part}_20260110_120000.tar.gz`),
    )
    return { site, file }
  }

  it('of the application counts what differs by content, and changes nothing', async (test) => {
    const { site, file } = prepared(test, 'application')
    writeFileSync(join(site.root, 'app/app.py'), 'changed')
    writeFileSync(join(site.root, 'app/only-live.py'), '')
    rmSync(join(site.root, 'app/.flaskenv'))
    const before = treeState(site.root)
    const answer = await site.ask(['plan', 'restore', 'application', file], plan)
    expect(answer).toMatchObject({ possible: true, part: 'application', recoveryPoint: Date.UTC(2026, 0, 10, 12) })
    expect(answer.tree).toMatchObject({ onlyLive: 1, onlyBackup: 1, changed: 1, kept: ['venv', '.git'] })
    expect([...answer.tree.differences].sort()).toEqual([
      'backup: ./.flaskenv',
      'changed: ./app.py',
      'live: ./only-live.py',
    ])
    expect(treeState(site.root)).toEqual(before)
  })

  it('of a file that is no archive says so', async (test) => {
    const { site, file } = prepared(test, 'config')
    writeFileSync(file, 'no archive')
    const answer = await site.ask(['plan', 'restore', 'config', file], plan)
    expect(answer.possible).toBe(false)
    expect(answer.checks[0]).toMatchObject({ check: 'readable', state: 'failed' })
  })

  it('of an archive that is not what was recorded says so, and the restore refuses it', async (test) => {
    const { site } = prepared(test, 'config')
    const { backup } = await site.ask(['config'], made)
    const file = backup.path
    writeFileSync(join(site.root, 'config/.env'), 'SECRET=2\n')
    pack('config', site.root, file)
    const answer = await site.ask(['plan', 'restore', 'config', file], plan)
    expect(answer.checks).toContainEqual(expect.objectContaining({ check: 'fingerprint', state: 'failed' }))
    expect((await site.run(restoringTree('config', file))).result.code).toBe('fingerprint-mismatch')
  })

  it('of a backup of another kind says so', async (test) => {
    const { site, file } = prepared(test, 'config')
    const answer = await site.ask(['plan', 'restore', 'application', file], plan)
    expect(answer.checks[0]).toMatchObject({ check: 'readable', evidence: 'It is a backup of another kind: config.' })
  })

  it('of what the kit has made passes, and the restore brings back every file of it', async (test) => {
    const { site } = prepared(test, 'application')
    linkSync(join(site.root, 'app/app.py'), join(site.root, 'app/same.py'))
    const before = treeState(join(site.root, 'app'))
    const { backup } = await site.ask(['application'], made)
    writeFileSync(join(site.root, 'app/app.py'), 'changed')
    const answer = await site.ask(['plan', 'restore', 'application', backup.path], plan)
    expect(answer.checks.filter(({ state }) => state !== 'passed')).toEqual([])
    expect(answer.tree).toMatchObject({ changed: 2, onlyLive: 0, onlyBackup: 0 })
    expect((await site.run(restoringTree('application', backup.path))).result.outcome).toBe('succeeded')
    expect(treeState(join(site.root, 'app'))).toEqual(before)
  })

  it('binds the restore to what it read', async (test) => {
    const { site, file } = prepared(test, 'config')
    const { sha256 } = await site.ask(['plan', 'restore', 'config', file], plan)
    expect((await site.run(restoringTree('config', file, '--expect-sha256', 'a'.repeat(64)))).result.code).toBe(
      'plan-stale',
    )
    const report = restoreReport.extend({ parts: z.array(restoredPart) })
    const { parts, safetyCopy } = await site.ask(restoringTree('config', file, '--expect-sha256', sha256), report)
    expect(parts).toEqual([{ part: 'config', kind: 'tree', safetyCopy }])
    const { operations } = await site.ask(['operations'], z.looseObject({ operations: z.array(operationEntry) }))
    expect(operations.filter(({ part }) => part !== '')).toMatchObject([
      { command: 'restore', part: 'config', undoable: true },
    ])
    expect(execFileSync('stat', ['-c', '%a', `${safetyCopy}/.env`]).toString()).toBe('600\n')
  })
})

describe.runIf(process.getuid?.() === 0).concurrent('live files that their owner cannot all read', () => {
  it('are not said to be the same, nor is requirements.txt: the environment is not taken to fit', async (test) => {
    const site = siteWithTrees({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    const file = pack('application', site.root, join(site.backups, 'app/cvd_app_20260110_120000.tar.gz'))
    chownSync(join(site.root, 'app/app.py'), 0, 0)
    chmodSync(join(site.root, 'app/app.py'), 0o600)
    const answer = await site.ask(['plan', 'restore', 'application', file], plan)
    expect(answer.tree).toMatchObject({ known: false, differences: [] })
    expect(answer.checks).toContainEqual(expect.objectContaining({ check: 'compared', state: 'warning' }))
    expect(answer.tree.venv).toMatchObject({
      state: 'rebuilt',
      reason: expect.stringContaining('could not be compared'),
    })
    expect(planLines({ ...answer, part: 'application' }, 'UTC').join('\n')).toContain(
      'The live files could not be compared.',
    )
    const { result } = await site.run(restoringTree('application', file))
    expect(result).toMatchObject({ outcome: 'failed', code: 'checks-failed' })
  })
})

describe.runIf(process.getuid?.() === 0).concurrent('owners', () => {
  const proven = (test: TestContext) => {
    const site = siteWithTrees({ owner: ORDINARY })
    test.onTestFinished(() => site.remove())
    const config = join(site.root, 'config')
    chownSync(join(config, '.env'), 0, ORDINARY)
    chmodSync(join(config, '.env'), 0o640)
    chownSync(join(config, 'gunicorn.py'), 33, 33)
    const owners = () =>
      ['.env', 'gunicorn.py'].map((name) => lstatSync(join(config, name))).map(({ uid, gid }) => [uid, gid])
    return { site, owners }
  }

  it('are those of the data even if the archive names root and its fingerprint proves it', async (test) => {
    const { site, owners } = proven(test)
    const { backup } = await site.ask(['config'], made)
    expect((await site.run(restoringTree('config', backup.path))).result.outcome).toBe('succeeded')
    expect(new Set(owners().flat())).toEqual(new Set([ORDINARY]))
  })

  it('are those of the data if nothing proves what the archive says', async (test) => {
    const { site, owners } = proven(test)
    const file = pack('config', site.root, join(site.backups, 'app/cvd_config_20260110_120000.tar.gz'))
    expect((await site.run(restoringTree('config', file))).result.outcome).toBe('succeeded')
    expect(new Set(owners().flat())).toEqual(new Set([ORDINARY]))
  })

  it('stay what they are where no reader but the owner can enter, and root changes nothing in the tree', async (test) => {
    const { site, owners } = proven(test)
    const file = pack('config', site.root, join(site.backups, 'app/cvd_config_20260110_120000.tar.gz'))
    writeFileSync(join(site.root, 'config/.env'), 'SECRET=2\n')
    chmodSync(site.root, 0o700)
    expect((await site.run(restoringTree('config', file))).result.outcome).toBe('succeeded')
    expect(readFileSync(join(site.root, 'config/.env'), 'utf8')).toBe('SECRET=1\n')
    expect(new Set(owners().flat())).toEqual(new Set([ORDINARY]))
  })
})
