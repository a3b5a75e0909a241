/** Single files of the configuration: only they come from the backup, everything else stays as it is live, and it is one transaction. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { pack, treeState, write } from '../support/kit/tree.ts'
import { restoringTree, siteWithTrees } from '../support/kit/tree-trial.ts'
import type { WorkingSite } from '../support/kit/working-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const name = 'app/cvd_config_20260110_120000.tar.gz'
const only = (...paths: readonly string[]) => paths.flatMap((path) => ['--only', path])

interface Made {
  readonly site: WorkingSite
  readonly config: string
  readonly file: string
}

/** A configuration of which every file differs from the backup. */
function prepared(
  test: TestContext,
  options: Parameters<typeof siteWithTrees>[0] = {},
  more: Record<string, string> = {},
): Made {
  const site = siteWithTrees(options)
  test.onTestFinished(() => site.remove())
  const config = join(site.root, 'config')
  write(config, { 'certs/new/key.pem': 'key of the backup', '100% sure.ini': 'backup', ...more })
  chmodSync(join(config, 'certs/new'), 0o710)
  chmodSync(join(config, 'certs/new/key.pem'), 0o600)
  const file = pack('config', site.root, join(site.backups, name))
  rmSync(join(config, 'certs/new'), { recursive: true })
  write(config, {
    '.env': 'SECRET=2\n',
    'gunicorn.py': 'workers = 9\n',
    '100% sure.ini': 'live',
    'only-live.conf': 'live',
  })
  const owner = options.owner ?? options.login
  if (owner !== undefined) execFileSync('chown', ['-hR', `${owner}:${owner}`, site.root])
  return { site, config, file }
}

const text = ({ config }: Made, path: string) => readFileSync(join(config, path), 'utf8')

const identities = [
  ["by root, on another user's site", root ? { owner: ORDINARY } : {}],
  ['by the ordinary login whose site it is', root ? { login: ORDINARY } : {}],
] as const

describe.concurrent.for(identities)('single files restored %s', ([, options]) => {
  it('come from the backup with their modes, all others stay as they are, and an undo takes them back', async (test) => {
    const made = prepared(test, options)
    const before = treeState(made.config)
    const chosen = only('.env', './certs/new/key.pem', '100% sure.ini', 'only-live.conf')
    const { result } = await made.site.run(restoringTree('config', made.file, ...chosen))
    expect([result.outcome, made.site.complaints()]).toEqual(['succeeded', ''])
    expect(result.message).toContain('(only .env, certs/new/key.pem, 100% sure.ini, only-live.conf)')
    expect(text(made, '.env')).toBe('SECRET=1\n')
    expect(statSync(join(made.config, '.env')).mode & 0o777).toBe(0o600)
    expect(text(made, 'certs/new/key.pem')).toBe('key of the backup')
    expect(statSync(join(made.config, 'certs/new')).mode & 0o777).toBe(0o710)
    expect(text(made, '100% sure.ini')).toBe('backup')
    expect(existsSync(join(made.config, 'only-live.conf'))).toBe(false)
    expect(text(made, 'gunicorn.py')).toBe('workers = 9\n')
    expect((await made.site.run(made.site.undoing(made.site.operations('restore')[0] ?? ''))).result.outcome).toBe(
      'succeeded',
    )
    expect(treeState(made.config)).toEqual(before)
    expect(made.site.leftBehind()).toEqual([])
  })

  it('are put back when the site is not healthy with them', async (test) => {
    const made = prepared(test, options)
    const before = treeState(made.config)
    made.site.failpoint('starting fail')
    const { result } = await made.site.run(restoringTree('config', made.file, ...only('.env')))
    expect(result.outcome).toBe('rolled back')
    expect(treeState(made.config)).toEqual(before)
  })
})

describe.concurrent('the plan of single files', () => {
  it('shows what they would change and nothing else, and changes nothing', async (test) => {
    const made = prepared(test)
    const before = treeState(made.site.root)
    const plan = await made.site.ask(
      ['plan', 'restore', 'config', made.file, ...only('.env', 'only-live.conf')],
      restorePlan,
    )
    expect(plan.possible).toBe(true)
    expect([...(plan.tree?.differences ?? [])].sort()).toEqual(['changed: ./.env', 'live: ./only-live.conf'])
    expect(treeState(made.site.root)).toEqual(before)
  })
})

describe.concurrent('single files are refused', () => {
  const refused = async (made: Made, ...paths: readonly string[]) => {
    const before = treeState(made.config)
    const { result } = await made.site.run(restoringTree('config', made.file, ...only(...paths)))
    expect(treeState(made.config)).toEqual(before)
    expect(made.site.leftBehind()).toEqual([])
    expect(result.outcome).toBe('failed')
    return result
  }

  it.for(['../../etc/shadow', '/etc/shadow', 'certs/../.env', '', '.', 'a//b', 'certs/', 'new\nline', '\u001b[2J'])(
    'by the name %j, which is none below the folder',
    async (path, test) => {
      const made = prepared(test)
      expect((await refused(made, path)).code).toBe('usage')
      const { result } = await made.site.run(['plan', 'restore', 'config', made.file, ...only(path)])
      expect(result.code).toBe('usage')
    },
  )

  it('of the application, and in an undo', async (test) => {
    const made = prepared(test)
    const { result } = await made.site.run(restoringTree('application', made.file, ...only('app.py')))
    expect(result.code).toBe('usage')
    const undo = await made.site.run([...made.site.undoing('20260101T000000Z-restore-000000'), ...only('.env')])
    expect(undo.result.code).toBe('usage')
  })

  it.for([
    ['that neither side has', 'nowhere.ini', /neither the backup nor the live folder has the file nowhere\.ini/],
    ['that is a folder', 'certs', /certs is a folder/],
    ['that is a link in the backup', 'link.ini', /link\.ini is a symbolic link/],
    ['behind a link of the backup', 'linked/key', /linked\/key is a symbolic link, or lies behind one/],
    ['behind a link of the live folder', 'certs2/key', /certs2\/key is a symbolic link, or lies behind one/],
  ] as const)('by a file %s', async ([, path, words], test) => {
    const made = prepared(test, {}, { 'link.ini': '-> gunicorn.py', linked: '-> certs', 'certs2/key': 'key' })
    rmSync(join(made.config, 'certs2'), { recursive: true })
    symlinkSync('certs', join(made.config, 'certs2'))
    const result = await refused(made, path)
    expect(result).toMatchObject({ code: 'checks-failed', message: expect.stringMatching(words) })
    const plan = await made.site.ask(['plan', 'restore', 'config', made.file, ...only(path)], restorePlan)
    expect(plan.checks).toContainEqual(expect.objectContaining({ check: 'only', state: 'failed' }))
  })

  it('where there is no live folder', async (test) => {
    const made = prepared(test)
    renameSync(made.config, `${made.config}.away`)
    const { result } = await made.site.run(restoringTree('config', made.file, ...only('.env')))
    expect(result).toMatchObject({ code: 'checks-failed', message: expect.stringContaining('no live folder') })
  })

  it('where another file of the live folder changes while it is copied', async (test) => {
    const made = prepared(test)
    const instead = `
      eval "true_$(declare -f only_choose_by_reader)"
      only_choose_by_reader() {
        printf 'workers = 12\\n' >'${made.config}/gunicorn.py'
        true_only_choose_by_reader
      }`
    const { result } = await made.site.run(restoringTree('config', made.file, ...only('.env')), { instead })
    expect(result).toMatchObject({
      outcome: 'failed',
      code: 'changed',
      message: expect.stringContaining('gunicorn.py'),
    })
    expect(text(made, '.env')).toBe('SECRET=2\n')
    expect(text(made, 'gunicorn.py')).toBe('workers = 12\n')
  })
})

describe.concurrent('a link in the live configuration', () => {
  it('in place of the chosen file is replaced, and what it names keeps its content', async (test) => {
    const made = prepared(test, root ? { owner: ORDINARY } : {})
    const outside = join(made.site.root, 'outside')
    writeFileSync(outside, 'outside')
    rmSync(join(made.config, '.env'))
    symlinkSync(outside, join(made.config, '.env'))
    const { result } = await made.site.run(restoringTree('config', made.file, ...only('.env')))
    expect(result.outcome).toBe('succeeded')
    expect([text(made, '.env'), readFileSync(outside, 'utf8')]).toEqual(['SECRET=1\n', 'outside'])
    const [safety = ''] = readdirSync(made.site.root).filter((one) => one.startsWith('config.pre-restore.'))
    expect(statSync(join(made.site.root, safety, '.env')).size).toBe('outside'.length)
  })

  it.runIf(root)('to a file of root shows nothing of it, and stays a link', async (test) => {
    const made = prepared(test, { owner: ORDINARY })
    const secret = join(made.site.folder, 'secret')
    writeFileSync(secret, 'secret of root', { mode: 0o600 })
    symlinkSync(secret, join(made.config, 'leak'))
    const { result } = await made.site.run(restoringTree('config', made.file, ...only('.env')))
    expect(result.outcome).toBe('succeeded')
    expect(treeState(made.config).find((line) => line.startsWith('leak '))).toContain(` ${secret}`)
  })

  it('beside a hard link to a chosen file leaves that one alone', async (test) => {
    const made = prepared(test)
    mkdirSync(join(made.config, 'kept'))
    linkSync(join(made.config, '.env'), join(made.config, 'kept/same'))
    expect((await made.site.run(restoringTree('config', made.file, ...only('.env')))).result.outcome).toBe('succeeded')
    expect([text(made, '.env'), text(made, 'kept/same')]).toEqual(['SECRET=1\n', 'SECRET=2\n'])
  })
})
