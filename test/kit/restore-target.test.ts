/** Where a restore may put its file: the application's user owns a folder on the path to the database. */
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const application = 65534

describe.runIf(root)('the target of a restore', () => {
  let site: ScratchSite
  let elsewhere: string
  beforeEach(() => {
    site = new ScratchSite()
    elsewhere = join(site.folder, 'elsewhere')
    mkdirSync(elsewhere)
    chownSync(join(site.root, 'data'), application, application)
  })
  afterEach(() => site.remove())

  const target = () => site.library('(check_database_target >&2) 2>/dev/null && echo safe || echo refused').trim()

  it('is the database, or its name if there is none', () => {
    expect(target()).toBe('safe')
    rmSync(site.database)
    expect(target()).toBe('safe')
  })

  it("is not a new file in another user's folder to which a link of the application leads", () => {
    rmSync(site.database)
    symlinkSync(join(elsewhere, 'ld.so.preload'), site.database)
    expect(target()).toBe('refused')
    chownSync(elsewhere, application, application)
    expect(target()).toBe('safe')
  })

  it("is not another service's database to which a link of the application leads", () => {
    const other = join(elsewhere, 'other.db')
    renameSync(site.database, other)
    symlinkSync(other, site.database)
    chownSync(other, 33, 33)
    chownSync(elsewhere, 33, 33)
    expect(target()).toBe('refused')
    chownSync(elsewhere, application, application)
    expect(target()).toBe('safe')
  })

  it('keeps its owner and mode, even on a site where everything has mode 755', () => {
    chmodSync(site.database, 0o4755)
    chownSync(site.database, application, application)
    const dressed = site.library(
      'cd "$1"; : >staged.db; OWNER_UID=$2; database_dress "$DATABASE_FILE" && stat -c "%u %a" staged.db',
      [site.folder, String(application)],
    )
    expect(dressed.trim()).toBe(`${application} 755`)
  })

  it('may be missing in a data folder that root moved by a link', () => {
    renameSync(join(site.root, 'data'), join(elsewhere, 'data'))
    symlinkSync(join(elsewhere, 'data'), join(site.root, 'data'))
    rmSync(site.database)
    expect(target()).toBe('safe')
  })
})
