/** Subjects of commits fit in one line of `git log` and of a review. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const top = fileURLToPath(new URL('../..', import.meta.url))
const LONGEST = 72
/** The rule applies from this day on; older commits stay as they are. */
const SINCE = '2026-11-26T00:00:00Z'

/** What is wrong with a subject, as a sentence; empty if nothing. */
function problemOf(subject: string): string | null {
  if (subject.length > LONGEST) return `${subject.length} characters, at most ${LONGEST}: ${subject}`
  if (/[.:]$/.test(subject)) return `ends with a stop: ${subject}`
  return null
}

test('the rule finds a subject that is too long, and one that ends like a sentence', () => {
  expect(problemOf('x'.repeat(LONGEST))).toBeNull()
  expect(problemOf('x'.repeat(LONGEST + 1))).toMatch(/^73 characters/)
  expect(problemOf('Fix lost hold.')).toMatch(/^ends with a stop/)
})

// An archive of the sources has no history to check.
test.runIf(existsSync(`${top}.git`))('subjects of commits have at most 72 characters', () => {
  const subjects = execFileSync('git', ['log', '--no-merges', `--since=${SINCE}`, '--format=%s'], {
    cwd: top,
    encoding: 'utf8',
  })
  expect(subjects.split('\n').filter(Boolean).map(problemOf).filter(Boolean)).toEqual([])
})
