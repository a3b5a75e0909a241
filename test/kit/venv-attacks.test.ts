/** The application's user at work while its virtual environment is built: root runs none of its code, and moves nothing of others. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { environmentConfig, PYTHON, pipConfig, writeWheel } from '../support/kit/packages.ts'
import { pack, treeState, write } from '../support/kit/tree.ts'
import { restoringTree, siteWithTrees } from '../support/kit/tree-trial.ts'
import { listen, type WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'
import { waitUntil } from '../support/wait.ts'

interface Attacked {
  readonly site: WorkingSite
  readonly file: string
  readonly app: string
  /** A folder of root's that nobody may touch. */
  readonly foreign: string
  /** What the application's user writes down. */
  readonly notes: string
}

/** A site whose interpreter is the attacker's: `attack` is bash text, run in place of `python -m venv`. */
function attacked(test: TestContext, attack: (made: Attacked) => string, owner = ORDINARY): Attacked {
  const site = siteWithTrees({ owner })
  test.onTestFinished(() => site.remove())
  const made = {
    site,
    app: join(site.root, 'app'),
    foreign: join(site.folder, 'foreign'),
    notes: join(site.folder, 'notes'),
    file: join(site.backups, 'app/cvd_app_20260110_120000.tar.gz'),
  }
  write(made.foreign, { 'venv/precious': 'precious', 'build/venv/precious': 'precious', secret: 'secret' })
  chmodSync(join(made.foreign, 'secret'), 0o600)
  mkdirSync(made.notes)
  chmodSync(made.notes, 0o1777)
  const wheels = join(site.folder, 'wheels')
  writeWheel(wheels, 'greeting', '1')
  writeFileSync(join(made.app, 'venv/pip.conf'), pipConfig(wheels))
  writeFileSync(join(made.app, 'requirements.txt'), 'greeting==1\n')
  pack('application', site.root, made.file)
  writeFileSync(join(made.app, 'requirements.txt'), 'greeting==2\n')
  const home = join(site.root, 'evil')
  write(home, {
    python3: `#!/bin/bash
id -u >>'${made.notes}/users'
id -G >>'${made.notes}/groups'
cat '${made.foreign}/secret' >>'${made.notes}/stolen' 2>/dev/null
case "$*" in *'-m venv'*)
${attack(made)}
;; esac
exec ${PYTHON} "$@"
`,
  })
  chmodSync(join(home, 'python3'), 0o755)
  writeFileSync(join(made.app, 'venv/pyvenv.cfg'), environmentConfig().replace('/usr/bin', home))
  execFileSync('chown', ['-hR', `${owner}:${owner}`, site.root])
  return made
}

const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

describe.runIf(process.getuid?.() === 0).concurrent("while the application's user is at work, its environment", () => {
  const refused = async (made: Attacked) => {
    const [before, foreign] = [treeState(made.app), treeState(made.foreign)]
    const { result } = await made.site.run(restoringTree('application', made.file))
    expect(treeState(made.foreign)).toEqual(foreign)
    expect(treeState(made.app)).toEqual(before)
    expect(made.site.leftBehind()).toEqual([])
    expect(result.outcome).toBe('failed')
    return result
  }

  it('is built by him and never by root, with none of what root alone may read', async (test) => {
    const made = attacked(test, () => ':')
    expect((await made.site.run(restoringTree('application', made.file))).result.outcome).toBe('succeeded')
    expect(lines(join(made.notes, 'users')).length).toBeGreaterThan(3)
    expect(new Set(lines(join(made.notes, 'users')))).toEqual(new Set([String(ORDINARY)]))
    expect(new Set(lines(join(made.notes, 'groups')))).toEqual(new Set([String(ORDINARY)]))
    expect(lines(join(made.notes, 'stolen'))).toEqual([])
    expect(existsSync(join(made.app, 'venv/lib')) && execFileSync(join(made.app, 'venv/bin/greeting')).toString()).toBe(
      '1\n',
    )
  })

  it('is built by a throw-away user where the site is root’s, and is root’s afterwards', async (test) => {
    const made = attacked(test, ({ site }) => `printf x >'${site.root}/app/written' || :`, 0)
    expect((await made.site.run(restoringTree('application', made.file))).result.outcome).toBe('succeeded')
    const users = [...new Set(lines(join(made.notes, 'users')).map(Number))]
    expect(users.length).toBeGreaterThan(0)
    for (const user of users) expect(user).toBeGreaterThanOrEqual(61_184)
    expect(lines(join(made.notes, 'stolen'))).toEqual([])
    expect(existsSync(join(made.app, 'written'))).toBe(false)
    expect(execFileSync(join(made.app, 'venv/bin/greeting')).toString()).toBe('1\n')
    expect(treeState(join(made.app, 'venv')).filter((line) => !line.includes(' 0:0 '))).toEqual([])
    expect(made.site.leftBehind()).toEqual([])
  })

  it('is not a folder of another to which he leads with a link in place of the build folder', async (test) => {
    const made = attacked(
      test,
      ({ foreign }) => `cd "$TMPDIR/.." && mv build away && ln -s '${foreign}/build' build; exit 1`,
    )
    expect((await refused(made)).code).toBe('checks-failed')
  })

  it('is not what a link names that he leaves in place of the environment', async (test) => {
    const made = attacked(
      test,
      ({ foreign, site }) => `cp -r '${foreign}/venv' '${site.root}/copy'; ln -s '${foreign}/venv' "$PWD/venv"; exit 1`,
    )
    expect((await refused(made)).code).toBe('checks-failed')
  })

  it.for([
    ['the build folder', (foreign: string) => `mv build away; ln -s '${foreign}/build' build`],
    [
      'the environment',
      (foreign: string) => `mv build/venv away; mkdir build/other; ln -s '${foreign}/venv' build/venv`,
    ],
    ['nothing', () => 'mv build/venv away'],
  ] as const)('is not taken over when he exchanges %s once it is tried', async ([, exchange], test) => {
    const made = attacked(test, () => ':')
    const attack = exchange(made.foreign).replaceAll("'", `'\\''`)
    const instead = `
      eval "true_$(declare -f venv_take)"
      venv_take() {
        (cd owner && setpriv --reuid=${ORDINARY} --regid=${ORDINARY} --clear-groups /bin/bash -c '${attack}')
        true_venv_take
      }`
    const [before, foreign] = [treeState(made.app), treeState(made.foreign)]
    const { result } = await made.site.run(restoringTree('application', made.file), { instead })
    expect(treeState(made.foreign)).toEqual(foreign)
    expect(result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(treeState(made.app)).toEqual(before)
    expect(made.site.leftBehind()).toEqual([])
  })

  it('is mounted over no folder but his own, and the restore does not follow the link that he puts there', async (test) => {
    const made = attacked(test, ({ notes }) => `head -c 1 /etc/passwd >'${notes}/etc'`)
    const attack = `mv "${made.app}" "${made.app}.away" && ln -s /etc "${made.app}"`
    const instead = `
      eval "true_$(declare -f venv_build_by_side)"
      venv_build_by_side() {
        setpriv --reuid=${ORDINARY} --regid=${ORDINARY} --clear-groups /bin/bash -c '${attack}'
        true_venv_build_by_side "$@"
      }`
    const { result } = await made.site.run(restoringTree('application', made.file), { instead })
    expect(result.outcome).toBe('failed')
    expect(existsSync('/etc/venv')).toBe(false)
    // What he sees there is the system's, not his build folder.
    expect(readFileSync(join(made.notes, 'etc'), 'utf8')).toHaveLength(1)
    expect(made.site.leftBehind()).toEqual([])
    rmSync(made.app)
    renameSync(`${made.app}.away`, made.app)
  })

  it('that is never done can be cancelled, and nothing of it goes on', async (test) => {
    const made = attacked(test, ({ notes }) => `trap '' TERM; touch '${notes}/begun'; while :; do sleep 0.2; done`)
    const before = treeState(made.app)
    const ended = listen(made.site.start(restoringTree('application', made.file)))
    await waitUntil('a build that has begun', () => existsSync(join(made.notes, 'begun')), { everyMs: 20 })
    const [operation = ''] = made.site.operations('restore')
    await made.site.run(['cancel', operation])
    expect((await ended).at(-1)).toMatchObject({ kind: 'result', outcome: 'cancelled' })
    expect(treeState(made.app)).toEqual(before)
    expect(made.site.leftBehind()).toEqual([])
    expect(processesIn(made.site.root)).toEqual([])
  })

  it('is built with paths that are rewritten where no mount namespace can be made', async (test) => {
    const made = attacked(test, () => ':')
    const instead = 'unshare() { return 1; }'
    expect((await made.site.run(restoringTree('application', made.file), { instead })).result.outcome).toBe('succeeded')
    const scripts = readdirSync(join(made.app, 'venv/bin')).filter((one) => /^(pip|greeting|activate)/.test(one))
    expect(scripts.length).toBeGreaterThan(3)
    for (const one of scripts)
      expect(readFileSync(join(made.app, 'venv/bin', one), 'utf8')).not.toContain('.cvd-backup')
    expect(execFileSync(join(made.app, 'venv/bin/greeting')).toString()).toBe('1\n')
  })
})

/** Running processes whose program lies below this folder. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return words.includes(join(folder, 'evil')) ? [words] : []
      } catch {
        return []
      }
    })
}
