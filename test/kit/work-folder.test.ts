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

describe.runIf(process.getuid?.() === 0)('the reader of a kit', () => {
  it('is one that no other kit has, which would end it', (test) => {
    const site = new ScratchSite()
    test.onTestFinished(() => site.remove())
    const chosen = (text: string) =>
      site
        .library(
          `READER_CLAIMS=$1; OWNER_UID=1 OWNER_GID=1
          claim() { local fd; : >>"$1/reader.$2"; exec {fd}<"$1/reader.$2"; flock -n "$fd"; }
          mkdir -m 700 -p "$1"; ${text}; reader_choose; echo "$READER_UID"`,
          [join(site.folder, 'claims')],
        )
        .trim()
    const last = 61184 + 5 * 33
    const others = (except: string) =>
      `for ((slot = 0; slot < READERS; slot++)); do ${except} claim "$1" $((61184 + slot * 33)) || echo taken; done`
    expect(chosen(others(`((slot == 5)) ||`))).toBe(`${last}`)
    // None is free: the owner reads, as where there is no other user.
    expect(chosen(others(''))).toBe('1')
  })
})
