/** The kit's private work folders, inside a folder that another user owns. */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

describe('a work folder', () => {
  let site: ScratchSite
  let parent: string
  let other: string
  beforeEach(() => {
    site = new ScratchSite()
    parent = join(site.folder, 'parent')
    other = join(site.folder, 'other')
    mkdirSync(parent)
    mkdirSync(join(other, 'sub'), { recursive: true })
    writeFileSync(join(other, 'sub/file'), 'precious')
  })
  afterEach(() => site.remove())

  /** Enters and leaves a work folder, after running the bash text `before`. */
  const visit = (before = '') =>
    site
      .library(
        `${before}\nif enter_work_dir "$1"; then : >scratch; echo entered; else echo refused; fi; leave_work_dir`,
        [parent, other],
      )
      .trim()

  it('is created, and removed afterwards', () => {
    expect(visit()).toBe('entered')
    expect(readdirSync(parent)).toEqual([])
  })

  it('is created in a set-group-ID folder too', () => {
    chmodSync(parent, 0o2775)
    expect(visit()).toBe('entered')
    expect(readdirSync(parent)).toEqual([])
  })

  it.each([0o700, 0o755])(
    'is not entered, and nothing is removed, when a link has taken its name (target of mode %o)',
    (mode) => {
      chmodSync(other, mode)
      const exchange = `other=$2; mktemp() {
      local made; made=$(command mktemp "$@"); mv "$made" "$made.away"; ln -s "$other" "$made"; printf '%s' "$made"; }`
      expect(visit(exchange)).toBe('refused')
      expect(existsSync(join(other, 'sub/file'))).toBe(true)
    },
  )
})
