/**
 * Checks that a variable is a number wherever it is used in arithmetic. bash evaluates its value there: `a[$(command)]`
 * would run a command. So every assignment that a use can see must be a number, or be matched against digits in the
 * same function.
 */
import { type Code, functionAt, outsideFunctions } from './code.ts'

/** Functions that always leave a number in REPLY. */
export const leaveNumbers: ReadonlySet<string> = new Set([
  'now_ms',
  'uptime_ms',
  'file_size',
  'free_bytes',
  'json_number_or_null',
  'json_safe_number',
  'relay',
  'upload_look',
  'upload_receive',
])

/** Numbers that bash itself maintains. */
const ownNumbers = /^(?:EUID|UID|PPID|BASHPID|RANDOM|SECONDS|LINENO|BASH_VERSINFO|PIPESTATUS)$/

/** A test for a limited number of digits. */
const digits = String.raw`=~ (?:\$WHOLE_NUMBER\b|\^(?:-\?|\(-\?)?\(?(?:0\|)?(?:\[[0-9]-[0-9]\]|\[0-9a-f\]|\\d))`

export interface Names {
  /**
   * `FUNCTION:NAME`, `FILE:NAME` outside of functions, or the name of a global that is known to be a number for a
   * documented reason.
   */
  allows(key: string, name: string): boolean
  readonly kit: readonly Code[]
}

type Scope = ReturnType<typeof functionAt>

export function isNumber(
  name: string,
  code: Code,
  scope: Scope,
  names: Names,
  asked: ReadonlySet<string> = new Set(),
): boolean {
  if (/^\d+$/.test(name) && scope.name === '') return false
  const key = `${scope.name || code.file}:${name}`
  if (ownNumbers.test(name) || names.allows(key, name) || asked.has(key)) return true
  const seen = new Set([...asked, key])
  if (name === 'BASH_REMATCH') return groupsAreDigits(scope.text)
  if (isMatched(name, scope.text)) return true
  const values = valuesOf(name, scope.text)
  if (values.length > 0) return values.every((value) => isNumericValue(value, code, scope, names, seen))
  if (/^\d+$/.test(name) || name === 'REPLY') return false
  // A global: its initial value and every assignment in a function must be a number.
  const places = names.kit.flatMap((other) => [
    { other, scope: { name: '', from: 1, text: outsideFunctions(other) } },
    ...other.functions.map(({ from }) => ({ other, scope: functionAt(other, indexOfLine(other.text, from)) })),
  ])
  const setting = places.filter(
    (place) => valuesOf(name, place.scope.text).length > 0 && !isLocal(name, place.scope.text),
  )
  return (
    setting.length > 0 &&
    setting.every(({ other, scope: place }) => {
      if (isMatched(name, place.text) || names.allows(`${place.name || other.file}:${name}`, name)) return true
      return valuesOf(name, place.text).every((value) => isNumericValue(value, other, place, names, seen))
    })
  )
}

const isLocal = (name: string, text: string): boolean => new RegExp(`\\blocal\\b[^;\\n]*\\b${name}\\b`).test(text)

function isMatched(name: string, text: string): boolean {
  // Alone, or one of several words in quotes.
  const together = String.raw`"(?:\$\w+ )*\$${name}(?: \$\w+)*" =~ \^\[0-`
  if (new RegExp(together).test(text)) return true
  return new RegExp(String.raw`\$\{?${name}(?:\[[^\]]*\])?(?:-|:-)?\}? ${digits}`).test(text)
}

/** Whether every pattern in a text captures only digits. */
function groupsAreDigits(text: string): boolean {
  const groups = [...text.matchAll(/=~ (.*?) \]\]/g)].flatMap(([, pattern = '']) => pattern.match(/\([^)]*\)/g) ?? [])
  return groups.length > 0 && groups.every((group) => /^\(-?\??\[0-9(?:a-f)?\][*+]?(?:\{[\d,]+\})?\)$/.test(group))
}

interface Value {
  readonly text: string
  readonly before: string
}

/** The values assigned to a name in a text, as written. */
function valuesOf(name: string, text: string): readonly Value[] {
  const values: Value[] = []
  const add = (value: string, at: number) => values.push({ text: value, before: text.slice(0, at) })
  for (const match of text.matchAll(new RegExp(String.raw`(?<![\w$\-{])${name}(?:\[[^\]]*\])?\+?=(?!~|=)`, 'g'))) {
    add(valueAt(text, match.index + match[0].length), match.index)
  }
  // Within an expression; its right side is checked there.
  for (const match of text.matchAll(new RegExp(String.raw`(?<![\w$])${name}(?: [-+*/%]?= |\+\+|--)`, 'g')))
    add('0', match.index)
  for (const match of text.matchAll(new RegExp(String.raw`\bread\b[^;\n&|<]*(?<![\w$])${name}\b`, 'g')))
    add('<read>', match.index)
  for (const match of text.matchAll(
    new RegExp(String.raw`\b(?:mapfile|printf -v)\b[^;\n&|<]*(?<![\w$])${name}\b`, 'g'),
  ))
    add('<read>', match.index)
  for (const match of text.matchAll(new RegExp(String.raw`\bfor ${name} in ([^;\n]*)`, 'g'))) {
    for (const word of (match[1] ?? '').trim().split(/\s+/)) add(word, match.index)
  }
  return values
}

/** One word of bash: up to a blank or an operator outside of quotes and brackets. */
function valueAt(text: string, from: number): string {
  let depth = 0
  let quoted = false
  let to = from
  for (; to < text.length; to++) {
    const char = text[to] ?? ''
    if (char === '"') quoted = !quoted
    else if (/[({[]/.test(char)) depth++
    else if (/[)}\]]/.test(char)) {
      if (depth === 0) break
      depth--
    } else if (depth === 0 && !quoted && /[\s;&|]/.test(char)) break
  }
  return text.slice(from, to).replace(/^"(.*)"$/s, '$1')
}

function isNumericValue(value: Value, code: Code, scope: Scope, names: Names, asked: ReadonlySet<string>): boolean {
  const { text } = value
  if (text === '' || text === "''" || /^-?\d+$/.test(text)) return true
  if (/^\$\(\(/.test(text)) return true // checked where it occurs
  if (/^\$[?!#$]$/.test(text) || /^\$\{#[^}]*\}$/.test(text)) return true
  if (/^\(.*\)$/s.test(text)) {
    const words = text.slice(1, -1).match(/\$\(\([^)]*\)\)|"[^"]*"|\S+/g) ?? []
    return words.every((word) =>
      isNumericValue({ text: word.replace(/^"(.*)"$/, '$1'), before: value.before }, code, scope, names, asked),
    )
  }
  const [, variable, fallback] = /^\$\{?(\w+)(?:\[[^\]]*\])?(?::?-(-?\d*))?\}?$/.exec(text) ?? []
  if (variable === 'REPLY' && fallback === undefined) return leavesNumber(value.before, names.kit)
  return variable !== undefined && isNumber(variable, code, scope, names, asked)
}

/** Whether the last function of the kit called before here leaves a number. */
export function leavesNumber(before: string, kit: readonly Code[]): boolean {
  const known = new Set(kit.flatMap((code) => code.functions.map(({ name }) => name)))
  const words = before.match(/(?<![\w$'"/.-])[a-z_]\w+(?![\w=(])/g) ?? []
  const last = words.findLast((word) => known.has(word) || /^(?:read|mapfile)$/.test(word))
  return last !== undefined && leaveNumbers.has(last)
}

function indexOfLine(text: string, line: number): number {
  return (
    text
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length + 1
  )
}
