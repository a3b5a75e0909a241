/** The coverage of the kit is computed correctly: which lines are statements, which ran, and when that is too few. */
import { expect, test } from 'vitest'
import { functions, scan, statements } from '../support/bash/scan.ts'
import { coverageFrom, coverageProblems } from '../support/run/kit-coverage.ts'

const text = `# a comment with a ' in it
first() { # ARGUMENT
  local text="a )
 $(printf '%s' "b")"
  case $1 in
    one) echo one &&
      echo two ;;
    *)
      ((1 + (2 * 3) > 4)) || return 1
      ;;
  esac
  if [[ $text =~ ^(a|b)$ ]]; then
    awk '
      BEGIN { print "no statement of bash" }'
  else
    : >"$1"
  fi
}
second() { echo second; }
`

test('a statement counts once, however many lines it has; lines that only frame it do not count', () => {
  expect(statements(scan(text)).map(({ from, to }) => [from, to])).toEqual([
    [3, 4],
    [5, 5],
    [6, 7],
    [9, 9],
    [12, 12],
    [13, 14],
    [16, 16],
    [19, 19],
  ])
  expect(functions(text)).toEqual([
    { name: 'first', from: 2, to: 18 },
    { name: 'second', from: 19, to: 19 },
  ])
})

test('syntax that is not supported is refused', () => {
  expect(() => scan('echo "never closed')).toThrow('of line 1 is not closed')
})

const parts = [
  { name: 'prologue.sh', text: '# nothing\n' },
  { name: 'one.sh', text },
]

test('a line that ran counts for its statement, and for a function only when that function ran it', () => {
  // The part begins after the prologue and an empty line. `second` was replaced by a test, under another name.
  const { files, percent } = coverageFrom(
    ['5 first', '9 first', '21 replaced', '900 first', '7 first evaluated', '11 other evaluated'],
    parts,
  )
  expect(files[1]).toMatchObject({ hit: 4, total: 8, missed: [9, 12, 13, 16], neverEntered: ['second'] })
  expect(percent).toBe(50)
})

test('fewer lines than recorded, a function that nothing enters, and an outdated reason are problems', () => {
  const coverage = coverageFrom(['5 first'], parts)
  expect(coverageProblems(coverage, { percent: 12.5, unreachable: { second: 'only a real server' } })).toEqual([])
  expect(coverageProblems(coverage, { percent: 12.6, unreachable: { first: 'only a real server' } })).toEqual([
    expect.stringContaining('no test of the kit enters second'),
    expect.stringContaining('first is entered, or gone'),
    expect.stringContaining('12.5 % of the kit ran'),
  ])
})
