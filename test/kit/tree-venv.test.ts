/** The virtual environment of a restored application: kept where it fits, else rebuilt by its owner before anything stops. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { environmentConfig, pipConfig, writeWheel } from '../support/kit/packages.ts'
import { pack, treeState } from '../support/kit/tree.ts'
import { restoringTree, siteWithTrees } from '../support/kit/tree-trial.ts'
import type { WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0

interface Made {
  readonly site: WorkingSite
  readonly file: string
  readonly app: string
  readonly venv: string
  readonly wheels: string
}

/** A site whose backup wants version 1 of a package, and whose application wants version 2. */
function prepared(test: TestContext, options: Parameters<typeof siteWithTrees>[0] = {}): Made {
  const site = siteWithTrees(options)
  test.onTestFinished(() => site.remove())
  const app = join(site.root, 'app')
  const wheels = join(site.folder, 'wheels')
  writeWheel(wheels, 'greeting', '1', 'politeness')
  writeWheel(wheels, 'politeness', '1')
  writeFileSync(join(app, 'venv/pip.conf'), pipConfig(wheels))
  writeFileSync(join(app, 'requirements.txt'), 'greeting==1\n')
  const file = pack('application', site.root, join(site.backups, 'app/cvd_app_20260110_120000.tar.gz'))
  writeFileSync(join(app, 'requirements.txt'), 'greeting==2\n')
  const owner = options.owner ?? options.login
  if (owner !== undefined) execFileSync('chown', ['-hR', `${owner}:${owner}`, site.root])
  return { site, file, app, venv: join(app, 'venv'), wheels }
}

const identities = [
  ["by root, on another user's site", { owner: ORDINARY }],
  ['by the ordinary login whose site it is', { login: ORDINARY }],
] as const

const plan = (site: WorkingSite, file: string, ...more: readonly string[]) =>
  site.ask(['plan', 'restore', 'application', file, ...more], restorePlan)

describe.runIf(root).concurrent.for(identities)('the virtual environment restored %s', ([, options]) => {
  it('is rebuilt before the stop when requirements.txt differs, and its scripts know its place', async (test) => {
    const { site, file, app, venv } = prepared(test, options)
    const before = treeState(join(app, 'venv'))
    const { result, events } = await site.run(restoringTree('application', file))
    expect([result.outcome, result.message, site.complaints()]).toEqual(['succeeded', expect.any(String), ''])
    expect(execFileSync(join(venv, 'bin/greeting'), { encoding: 'utf8' })).toBe('1\n')
    expect(readFileSync(join(venv, 'bin/greeting'), 'utf8')).toMatch(`#!${venv}/bin/python`)
    expect(readFileSync(join(venv, 'bin/activate'), 'utf8')).toContain(venv)
    expect(mentions(venv, 'owner' in options ? '' : '-I')).toBe('')
    const { uid, gid } = lstatSync(venv)
    expect([uid, gid]).toEqual([ORDINARY, ORDINARY])
    const steps = events.flatMap((one) => (one.kind === 'step' && one.state === 'done' ? [one.step] : []))
    expect(steps.indexOf('venv')).toBeGreaterThan(-1)
    expect(steps.indexOf('venv')).toBeLessThan(steps.indexOf('stop'))
    const [safety = ''] = readdirSync(site.root).filter((one) => one.startsWith('app.pre-restore.'))
    expect(treeState(join(site.root, safety, 'venv'))).toEqual(before)
    expect(site.leftBehind()).toEqual([])
  })

  it('comes back as it was with an undo, and again with a redo', async (test) => {
    const { site, file, app, venv } = prepared(test, options)
    const before = treeState(app)
    expect((await site.run(restoringTree('application', file))).result.message).toContain('restored')
    const after = treeState(app)
    expect((await site.run(site.undoing(site.operations('restore')[0] ?? ''))).result.outcome).toBe('succeeded')
    expect(treeState(app)).toEqual(before)
    expect((await site.run(site.undoing(site.operations('undo')[0] ?? ''))).result.outcome).toBe('succeeded')
    expect(treeState(app)).toEqual(after)
    expect(execFileSync(join(venv, 'bin/greeting'), { encoding: 'utf8' })).toBe('1\n')
  })

  it('that cannot be had is said before anything stops, in the words of pip', async (test) => {
    const { site, file, app, wheels } = prepared(test, options)
    rmSync(join(wheels, 'politeness-1-py3-none-any.whl'))
    const before = treeState(app)
    const { result } = await site.run(restoringTree('application', file))
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'checks-failed',
      message: expect.stringContaining('No matching distribution found for politeness'),
      unchanged: 'The site runs as before; nothing was changed.',
      next: expect.stringContaining('--keep-venv'),
    })
    expect(treeState(app)).toEqual(before)
    expect(site.leftBehind()).toEqual([])
    expect((await site.run(restoringTree('application', file, '--keep-venv'))).result.outcome).toBe('succeeded')
    expect(readFileSync(join(app, 'venv/lib/flask.py'), 'utf8')).toBe('flask\n')
  })

  it('that lacks the program which the service starts is refused before anything stops', async (test) => {
    const { site, file, app } = prepared(test, options)
    const before = treeState(app)
    const instead = 'service_programs() { PROGRAMS=(greeting gunicorn); }'
    const { result } = await site.run(restoringTree('application', file), { instead })
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'checks-failed',
      message: expect.stringContaining('requirements.txt does not bring gunicorn'),
      unchanged: 'The site runs as before; nothing was changed.',
      next: expect.stringContaining('--keep-venv'),
    })
    expect(treeState(app)).toEqual(before)
    expect(site.leftBehind()).toEqual([])
  })

  it('is put back with the old application when the site is not healthy with the new one', async (test) => {
    const { site, file, app } = prepared(test, options)
    const before = treeState(app)
    site.failpoint('starting fail')
    const { result } = await site.run(restoringTree('application', file))
    expect(result.outcome).toBe('rolled back')
    expect(treeState(app)).toEqual(before)
    expect(site.leftBehind()).toEqual([])
  })
})

/** The files of an environment that name a work folder. Compiled ones do where the paths had to be rewritten. */
function mentions(venv: string, text: '' | '-I'): string {
  const options = text === '' ? [] : [text]
  return execFileSync('bash', ['-c', 'grep "$@" || true', 'grep', '-rlF', ...options, '.cvd-backup-', venv], {
    encoding: 'utf8',
  })
}

describe.concurrent('the plan of an application says of the virtual environment', () => {
  it('that it is kept where requirements.txt and the interpreter are the same', async (test) => {
    const { site, file, app } = prepared(test)
    writeFileSync(join(app, 'requirements.txt'), 'greeting==1\n')
    const { tree } = await plan(site, file)
    expect(tree).toMatchObject({ venv: { state: 'kept', live: true, fault: null }, kept: ['venv', '.git'] })
  })

  it('that it is rebuilt where requirements.txt differs, and that pip finds each package', async (test) => {
    const { site, file } = prepared(test)
    const { tree, checks } = await plan(site, file)
    expect(tree).toMatchObject({ venv: { state: 'rebuilt', reason: expect.stringContaining('requirements.txt') } })
    expect(tree?.kept).toEqual(['.git'])
    expect(checks).toContainEqual(expect.objectContaining({ check: 'venv', state: 'passed', acknowledge: false }))
    expect(checks.find(({ check }) => check === 'packages')).toBeDefined()
  })

  it('that a package cannot be had, as the pip of the live environment says where python has none', async (test) => {
    const { site, file, venv, wheels } = prepared(test)
    rmSync(join(wheels, 'greeting-1-py3-none-any.whl'))
    // Like Debian's python without python3-pip; an environment made with it has pip.
    const bare = join(site.folder, 'bare')
    mkdirSync(bare)
    writeFileSync(
      join(bare, 'python3'),
      `#!/bin/bash\nfor one; do [[ $one != pip ]] || exit 1; done\nexec /usr/bin/python3 "$@"\n`,
      { mode: 0o755 },
    )
    writeFileSync(join(venv, 'pyvenv.cfg'), environmentConfig().replace('/usr/bin', bare))
    rmSync(join(venv, 'bin/python'))
    writeFileSync(join(venv, 'bin/python'), '#!/bin/bash\nexec /usr/bin/python3 "$@"\n', { mode: 0o755 })
    const { checks } = await plan(site, file)
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'packages',
        state: 'warning',
        evidence: expect.stringContaining('No matching distribution found for greeting==1'),
      }),
    )
  })

  it('that it is rebuilt where a file beside requirements.txt differs', async (test) => {
    const { site, app } = prepared(test)
    writeFileSync(join(app, 'requirements-base.txt'), 'politeness==1\n')
    const file = pack('application', site.root, join(site.backups, 'app/cvd_app_20260111_120000.tar.gz'))
    writeFileSync(join(app, 'requirements-base.txt'), 'politeness==2\n')
    expect((await plan(site, file)).tree?.venv?.state).toBe('rebuilt')
  })

  it.for([
    [
      'its interpreter does not start',
      ({ venv }: Made) => {
        rmSync(join(venv, 'bin/python'))
        symlinkSync('/nonexistent/python3', join(venv, 'bin/python'))
      },
      /does not start/,
    ],
    [
      'it was made for another Python',
      ({ venv }: Made) => writeFileSync(join(venv, 'pyvenv.cfg'), environmentConfig('3.1.5')),
      /was made for Python 3\.1, and runs with 3\.\d+/,
    ],
    ['it has no pyvenv.cfg', ({ venv }: Made) => rmSync(join(venv, 'pyvenv.cfg')), /does not start/],
  ] as const)('that it is rebuilt where %s', async ([, breaks, words], test) => {
    const made = prepared(test)
    writeFileSync(join(made.app, 'requirements.txt'), 'greeting==1\n')
    breaks(made)
    expect((await plan(made.site, made.file)).tree?.venv).toMatchObject({
      state: 'rebuilt',
      reason: expect.stringMatching(words),
    })
  })

  it('that there is none, unless one is asked for', async (test) => {
    const { site, file, venv, app, wheels } = prepared(test)
    renameSync(venv, join(site.folder, 'venv'))
    expect((await plan(site, file)).tree?.venv).toMatchObject({ state: 'none', live: false })
    expect((await plan(site, file, '--rebuild-venv')).tree?.venv?.state).toBe('rebuilt')
    // No environment has a pip.conf here; requirements.txt itself can say where packages are.
    writeFileSync(join(app, 'requirements.txt'), `--no-index\n--find-links ${wheels}\ngreeting==1\n`)
    const other = pack('application', site.root, join(site.backups, 'app/cvd_app_20260111_120000.tar.gz'))
    const { result } = await site.run(restoringTree('application', other, '--rebuild-venv'))
    expect(result.outcome).toBe('succeeded')
    expect(execFileSync(join(venv, 'bin/greeting'), { encoding: 'utf8' })).toBe('1\n')
  })

  it('what to install where python cannot make one, and the restore refuses it', async (test) => {
    const { site, file } = prepared(test)
    const instead = `
      eval "true_$(declare -f side_says)"
      side_says() { true_side_says "$@" | sed '/^makes=yes$/d'; }`
    const { result } = await site.run(['plan', 'restore', 'application', file], { instead })
    const found = restorePlan.parse(result.data)
    expect(found.tree?.venv?.fault).toMatch(/ensurepip is not installed/)
    expect(found.checks).toContainEqual(
      expect.objectContaining({
        check: 'venv',
        state: 'warning',
        acknowledge: true,
        fix: expect.stringMatching(/^install .*--keep-venv$/),
      }),
    )
    const refused = await site.run(restoringTree('application', file), { instead })
    expect(refused.result).toMatchObject({ outcome: 'failed', code: 'missing-tool' })
    expect(existsSync(join(site.root, 'app/venv/lib/flask.py'))).toBe(true)
  })

  it('that a backup without requirements.txt cannot bring one', async (test) => {
    const { site, app } = prepared(test)
    rmSync(join(app, 'requirements.txt'))
    const file = pack('application', site.root, join(site.backups, 'app/cvd_app_20260111_120000.tar.gz'))
    writeFileSync(join(app, 'requirements.txt'), 'greeting==1\n')
    const { tree } = await plan(site, file)
    expect(tree?.venv?.fault).toBe('the backup has no requirements.txt')
    const { result } = await site.run(restoringTree('application', file))
    expect(result).toMatchObject({ code: 'checks-failed', next: expect.stringContaining('--keep-venv') })
  })

  it('nothing both ways: to keep it and to rebuild it is no command', async (test) => {
    const { site, file } = prepared(test)
    const { result } = await site.run(restoringTree('application', file, '--keep-venv', '--rebuild-venv'))
    expect(result.code).toBe('usage')
  })
})
