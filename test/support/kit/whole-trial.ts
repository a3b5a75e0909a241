/** One restore of a whole site from a system backup, disturbed on its way: see trial.ts. */
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import { archiveReport } from '../../../src-shared/domain/kit-backups.ts'
import { ORDINARY, type SiteOptions } from '../scratch-site.ts'
import { treeState, write } from './tree.ts'
import { siteWithTrees } from './tree-trial.ts'
import { Disturbed } from './trial.ts'
import type { WorkingSite } from './working-site.ts'

export const wholeParts = ['database', 'application', 'config', 'systemd', 'nginx'] as const
export type WholePart = (typeof wholeParts)[number]

/** Where a transaction over all parts can be stopped before everything new is in place, in order. */
export const wholePhases = [
  ...['stopping', 'keeping', 'keeping-venv', 'keeping-application', 'keeping-config', 'keeping-systemd'],
  ...['keeping-nginx', 'swapping', 'swapping-database', 'swapping-application', 'swapping-config'],
  ...['swapping-systemd', 'swapping-nginx'],
] as const

export const unitsOf = (site: WorkingSite): string => join(site.folder, 'etc/systemd')
export const nginxOf = (site: WorkingSite): string => join(site.folder, 'etc/nginx/sites-available')

/** A site with an application, a configuration, unit files with drop-ins, and an nginx site. */
export function wholeSite(options: SiteOptions = { owner: ORDINARY }): WorkingSite {
  const site = siteWithTrees(options)
  write(unitsOf(site), { 'cvd.service': '[Unit]\nold\n', 'cvd.service.d/limits.conf': '[Service]\nold\n' })
  write(nginxOf(site), { cvd: 'server { old }\n' })
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', join(site.folder, 'etc')])
  site.policy({ units: unitsOf(site), nginx_site: join(nginxOf(site), 'cvd') })
  return site
}

export function restoringSystem(file: string, ...more: readonly string[]): readonly string[] {
  return ['restore', 'system', file, '--confirm', hostname(), '--reason', 'trial', ...more]
}

/** Changes every part of a site, and returns nothing that was there. */
export function breakAll(site: WorkingSite, options: SiteOptions = { owner: ORDINARY }): void {
  site.sql(site.database, 'DELETE FROM users WHERE id > 10;')
  write(join(site.root, 'app'), { 'app.py': 'print("new")\n', 'new.py': 'new\n' })
  rmSync(join(site.root, 'app/static/old.js'))
  write(join(site.root, 'config'), { '.env': 'SECRET=2\n', new: '' })
  write(unitsOf(site), {
    'cvd.service': '[Unit]\nnew\n',
    'cvd.service.d/limits.conf': '[Service]\nnew\n',
    'cvd.service.d/more.conf': '[Service]\nmore\n',
  })
  write(nginxOf(site), { cvd: 'server { new }\n' })
  const owner = options.owner ?? options.login
  for (const part of ['app', 'config', 'data'])
    if (owner !== undefined) execFileSync('chown', ['-hR', `${owner}:${owner}`, join(site.root, part)])
}

/** What each part of a site is: its content, modes and owners, without the kit. What is staged or kept beside it: `besides`. */
export function stateOf(site: WorkingSite): Readonly<Record<WholePart, unknown>> {
  const apart = ['venv', '.git']
  const without = (folder: string) => treeState(folder).filter((line) => !/\.pre-restore\.|^\.cvd-backup-/.test(line))
  return {
    database: site.databaseState().rows,
    application: treeState(join(site.root, 'app'), apart),
    config: treeState(join(site.root, 'config')),
    systemd: without(unitsOf(site)),
    nginx: without(nginxOf(site)),
  }
}

/** What is beside the parts: safety copies, and what must not be there. */
export function besides(site: WorkingSite): readonly string[] {
  const folders = [
    site.root,
    join(site.root, 'data'),
    unitsOf(site),
    join(unitsOf(site), 'cvd.service.d'),
    nginxOf(site),
  ]
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => /\.(pre-restore|rejected|stray)\.|^\.cvd-backup-/.test(name))
    .map((name) => name.replace(/\d{8}_\d{6}.*/, 'TIME'))
    .sort()
}

export async function systemBackup(site: WorkingSite): Promise<string> {
  await site.ask(['system'], archiveReport)
  const folder = join(site.backups, 'system')
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tar.gz')) ?? '')
}

export class WholeTrial extends Disturbed {
  readonly #old: Readonly<Record<WholePart, unknown>>
  readonly #new: Readonly<Record<WholePart, unknown>>
  readonly #beside: readonly string[]
  readonly #inode: number

  private constructor(
    site: WorkingSite,
    command: 'restore' | 'undo',
    args: readonly string[],
    after: Readonly<Record<WholePart, unknown>>,
  ) {
    super(site, command, args)
    this.#old = stateOf(site)
    this.#new = after
    this.#beside = besides(site)
    this.#inode = statSync(join(unitsOf(site), 'cvd.service')).ino
  }

  static async of(test: TestContext, command: 'restore' | 'undo', options: SiteOptions = { owner: ORDINARY }) {
    const site = wholeSite(options)
    test.onTestFinished(() => site.remove())
    mkdirSync(join(site.backups, 'system'), { recursive: true })
    const file = await systemBackup(site)
    const before = stateOf(site)
    breakAll(site, options)
    if (command === 'restore') return new WholeTrial(site, command, restoringSystem(file), before)
    const broken = stateOf(site)
    const { result } = await site.run(restoringSystem(file))
    if (result.outcome !== 'succeeded') throw new Error(result.message)
    return new WholeTrial(site, command, site.undoing(site.operations('restore')[0] ?? ''), broken)
  }

  override proveOldFiles(): void {
    expect(stateOf(this.site)).toEqual(this.#old)
    expect(lstatSync(join(unitsOf(this.site), 'cvd.service')).ino).toBe(this.#inode)
  }

  override proveNewFiles(): void {
    expect(stateOf(this.site)).toEqual(this.#new)
  }

  async proveOld(outcome: string): Promise<void> {
    await this.proveWhole(outcome)
    this.proveOldFiles()
    expect(besides(this.site)).toEqual(this.#beside)
  }

  /** Every part is new, complete, and the old one is kept. */
  async proveNew(): Promise<void> {
    await this.proveWhole('succeeded')
    this.proveNewFiles()
    const kept = [...besides(this.site)]
    for (const name of this.#beside) kept.splice(kept.indexOf(name), 1)
    expect(kept).toEqual([
      '.cvd.pre-restore.TIME',
      'app.pre-restore.TIME',
      'config.pre-restore.TIME',
      'cvd.db.pre-restore.TIME',
      'cvd.service.pre-restore.TIME',
      'limits.conf.pre-restore.TIME',
      ...(this.command === 'restore' ? ['more.conf.pre-restore.TIME'] : []),
    ])
    const unit = readdirSync(unitsOf(this.site)).find((name) => name.includes('.pre-restore.')) ?? ''
    expect(readFileSync(join(unitsOf(this.site), unit), 'utf8')).toMatch(/^\[Unit\]/)
  }
}
