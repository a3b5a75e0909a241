/** One restore of the application or of the configuration on a working site, disturbed on its way: see trial.ts. */
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import type { SiteOptions } from '../scratch-site.ts'
import { environmentConfig } from './packages.ts'
import { pack, treeState, write } from './tree.ts'
import { Disturbed } from './trial.ts'
import { WorkingSite } from './working-site.ts'

export type TreePart = 'application' | 'config'

/** Where a transaction of a tree can be stopped, in order; those before the new one is in place, and after. */
export const treePhases = {
  application: {
    back: [
      'stopping',
      'keeping',
      'keeping-venv',
      'keeping-git',
      'keeping-application',
      'swapping',
      'swapping-application',
    ],
  },
  config: { back: ['stopping', 'keeping', 'keeping-config', 'swapping', 'swapping-config'] },
} as const satisfies Readonly<Record<TreePart, unknown>>

export const treeParts = ['application', 'config'] as const

const apart = ['venv', '.git']

export interface TreeOptions extends SiteOptions {
  /** The application stays unhealthy with what is restored. */
  readonly broken?: boolean
}

export function restoringTree(part: TreePart, file: string, ...more: readonly string[]): readonly string[] {
  return ['restore', part, file, '--confirm', hostname(), '--reason', 'trial', ...more]
}

/** A site with an application as people have it. */
export function siteWithTrees(options: SiteOptions = {}): WorkingSite {
  const site = new WorkingSite(options)
  write(join(site.root, 'app'), {
    'app.py': 'print("old")\n',
    'requirements.txt': 'flask==3\n',
    '.flaskenv': 'A=1\n',
    'static/css/site.css': 'a {}\n',
    'static/old.js': 'old\n',
    'latest.js': '-> static/old.js',
    'venv/bin/python': '-> /usr/bin/python3',
    'venv/pyvenv.cfg': environmentConfig(),
    'venv/pip.conf': '[global]\nno-index = true\n',
    'venv/lib/flask.py': 'flask\n',
    '.git/HEAD': 'ref: refs/heads/main\n',
  })
  write(join(site.root, 'config'), { '.env': 'SECRET=1\n', 'gunicorn.py': 'workers = 4\n' })
  execFileSync('chmod', ['600', join(site.root, 'config/.env')])
  execFileSync('chmod', ['750', join(site.root, 'app/static')])
  const owner = options.owner ?? options.login
  if (owner !== undefined) execFileSync('chown', ['-hR', `${owner}:${owner}`, site.root])
  return site
}

export class TreeTrial extends Disturbed {
  readonly part: TreePart
  readonly folder: string
  readonly #before: readonly string[]
  readonly #inode: number
  readonly #after: readonly string[]
  readonly #beside: readonly string[]

  private constructor(
    part: TreePart,
    site: WorkingSite,
    command: 'restore' | 'undo',
    args: readonly string[],
    after: readonly string[],
  ) {
    super(site, command, args)
    this.part = part
    this.folder = join(site.root, part === 'application' ? 'app' : 'config')
    this.#before = treeState(this.folder)
    this.#inode = lstatSync(this.folder).ino
    this.#after = after
    this.#beside = readdirSync(site.root)
  }

  /** A site with a backup that differs from what is live; for an undo, with a successful restore. */
  static async of(
    test: TestContext,
    part: TreePart,
    command: 'restore' | 'undo',
    options: TreeOptions = {},
  ): Promise<TreeTrial> {
    const site = siteWithTrees(options)
    test.onTestFinished(() => site.remove())
    const folder = join(site.root, part === 'application' ? 'app' : 'config')
    const owner = options.owner ?? options.login
    const own = () => owner !== undefined && execFileSync('chown', ['-hR', `${owner}:${owner}`, folder])
    if (options.broken) site.policy({ health_timeout: '2' })
    const breaks = () => options.broken && write(folder, { broken: '' })
    if (command === 'restore') breaks()
    own()
    const file = pack(
      part,
      site.root,
      join(site.backups, `app/cvd_${part === 'application' ? 'app' : 'config'}_20260110_120000.tar.gz`),
    )
    const inBackup = treeState(folder, apart)
    if (command === 'restore') rmSync(join(folder, 'broken'), { force: true })
    write(
      folder,
      part === 'application' ? { 'app.py': 'print("new")\n', 'new.py': 'new\n' } : { '.env': 'SECRET=2\n', new: '' },
    )
    if (part === 'application') rmSync(join(folder, 'static/old.js'))
    own()
    if (command === 'restore') return new TreeTrial(part, site, command, restoringTree(part, file), inBackup)
    breaks()
    own()
    const live = treeState(folder, apart)
    const { result } = await site.run(restoringTree(part, file, ...(options.broken ? ['--site-is-down'] : [])))
    if (result.outcome !== 'succeeded') throw new Error(result.message)
    return new TreeTrial(part, site, command, site.undoing(site.operations('restore')[0] ?? ''), live)
  }

  override proveOldFiles(): void {
    expect(treeState(this.folder)).toEqual(this.#before)
    expect(lstatSync(this.folder).ino).toBe(this.#inode)
  }

  override proveNewFiles(): void {
    expect(treeState(this.folder, apart)).toEqual(this.#after)
    expect(lstatSync(this.folder).ino).not.toBe(this.#inode)
    this.#proveApart()
  }

  /** What a backup leaves out is still there. */
  #proveApart(): void {
    if (this.part === 'config') return
    const kept = (lines: readonly string[]) => lines.filter((line) => /^(venv|\.git)[/ ]/.test(line))
    expect(kept(treeState(this.folder))).toEqual(kept(this.#before))
    expect(kept(this.#before).length).toBeGreaterThan(5)
  }

  async proveOld(outcome: string): Promise<void> {
    await this.proveWhole(outcome)
    this.proveOldFiles()
    expect(readdirSync(this.site.root)).toEqual(this.#beside)
  }

  /** The new state, complete, and the complete old one beside it. */
  async proveNew(): Promise<void> {
    await this.proveWhole('succeeded')
    this.proveNewFiles()
    const added = readdirSync(this.site.root).filter((name) => !this.#beside.includes(name))
    expect(added).toEqual([expect.stringMatching(/^(app|config)\.pre-restore\.[0-9_]+(\.[0-9a-f]+)?$/)])
    const [safety = ''] = added
    const but = (lines: readonly string[]) => lines.filter((line) => !/^(venv|\.git)[/ ]/.test(line))
    expect(treeState(join(this.site.root, safety))).toEqual(but(this.#before))
    expect(lstatSync(join(this.site.root, safety)).ino).toBe(this.#inode)
  }
}
