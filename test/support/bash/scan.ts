/**
 * A small bash scanner: classifies each character of a program (command, comment, quoted, arithmetic, …) and finds
 * statements that span lines. It supports the subset of the language that the kit uses, and throws on anything else, so
 * that nothing is skipped silently.
 */

/** The class of a character. `command` is bash that runs; `test` is `[[ … ]]`; `array` the words of `x=( … )`. */
type Place = 'command' | 'comment' | 'single' | 'double' | 'arithmetic' | 'parameter' | 'test' | 'array'

export interface Region {
  readonly place: Place
  /** The opening text: `$((`, `((`, `$(`, `<(`, `>(`, `(`, `"`, `'`, `$'`, `${`, `[[`, `=(`, `#`. */
  readonly opener: string
  /** The first character of the opener, and the one after the last of the closer. */
  readonly from: number
  to: number
  readonly inside: Region | undefined
}

export interface Scan {
  readonly text: string
  readonly regions: readonly Region[]
  /** The innermost region at a character; undefined in plain command text. */
  readonly at: readonly (Region | undefined)[]
}

const closers: Readonly<Record<string, string>> = {
  '$((': '))',
  '((': '))',
  '$(': ')',
  '<(': ')',
  '>(': ')',
  '(': ')',
  '=(': ')',
  '"': '"',
  '${': '}',
  '[[': ']]',
}

const placeOf: Readonly<Record<string, Place>> = {
  '$((': 'arithmetic',
  '((': 'arithmetic',
  '=(': 'array',
  '"': 'double',
  '${': 'parameter',
  '[[': 'test',
}

export function scan(text: string): Scan {
  const regions: Region[] = []
  const at: (Region | undefined)[] = new Array(text.length)
  let open: Region | undefined
  /** Brackets inside an arithmetic expression or a test are neither subshells nor ends. */
  const depths: number[] = []
  let i = 0

  const mark = (count: number) => {
    for (const end = i + count; i < end; i++) at[i] = open
  }
  const begin = (opener: string) => {
    open = { place: placeOf[opener] ?? 'command', opener, from: i, to: -1, inside: open }
    regions.push(open)
    depths.push(0)
    mark(opener.length)
  }
  const end = (length: number) => {
    if (open === undefined) throw new Error('nothing is open')
    mark(length)
    open.to = i
    depths.pop()
    open = open.inside
  }
  const whole = (place: Place, opener: string, to: number) => {
    const region: Region = { place, opener, from: i, to, inside: open }
    regions.push(region)
    for (; i < to; i++) at[i] = region
  }
  const indexOf = (what: string, from: number) => {
    const found = text.indexOf(what, from)
    if (found < 0) throw new Error(`${what} is missing after line ${lineAt(text, i)}`)
    return found
  }

  while (i < text.length) {
    const place = open?.place ?? 'command'
    const here = (what: string) => text.startsWith(what, i)
    const closer = open === undefined ? undefined : closers[open.opener]
    if (here('\\')) {
      mark(2)
    } else if (
      closer !== undefined &&
      here(closer) &&
      depths.at(-1) === 0 &&
      !(place === 'test' && !/\s/.test(text[i - 1] ?? ''))
    ) {
      end(closer.length)
    } else if (here('$((')) {
      begin('$((')
    } else if (here('$(')) {
      begin('$(')
    } else if (here('${')) {
      begin('${')
    } else if (place === 'double') {
      mark(1)
    } else if (here('"')) {
      begin('"')
    } else if (here("$'") && place !== 'arithmetic') {
      let to = i + 2
      while (text[to] !== "'") to += text[to] === '\\' ? 2 : 1
      whole('single', "$'", to + 1)
    } else if (here("'") && !(place === 'parameter' && open?.inside?.place === 'double')) {
      whole('single', "'", indexOf("'", i + 1) + 1)
    } else if (place === 'parameter') {
      mark(1)
    } else if (place === 'arithmetic' || place === 'test') {
      if (here('(')) depths[depths.length - 1] = (depths.at(-1) ?? 0) + 1
      if (here(')')) depths[depths.length - 1] = (depths.at(-1) ?? 0) - 1
      mark(1)
    } else if (here('#') && /[\s;&|(]/.test(text[i - 1] ?? '\n')) {
      const to = text.indexOf('\n', i)
      whole('comment', '#', to < 0 ? text.length : to)
    } else if (here('<(') || here('>(')) {
      begin(text.slice(i, i + 2))
    } else if (here('=(')) {
      begin('=(')
    } else if (here('((') && /(^|[\s;!&|({])$/.test(text.slice(Math.max(0, i - 1), i))) {
      begin('((')
    } else if (
      here('[[') &&
      /\s/.test(text[i + 2] ?? '') &&
      /(^|[\s;!&|({])$/.test(text.slice(Math.max(0, i - 1), i))
    ) {
      begin('[[')
    } else if (/^[@?*+!]\(/.test(text.slice(i, i + 2))) {
      // A pattern with alternatives, in a case or after the end of a test.
      depths[depths.length - 1] = (depths.at(-1) ?? 0) + 1
      mark(2)
    } else if (here('(') && !/\w\(\)/.test(text.slice(i - 1, i + 2))) {
      begin('(')
    } else if (here('()')) {
      mark(2)
    } else {
      mark(1)
    }
  }
  if (open !== undefined) throw new Error(`${open.opener} of line ${lineAt(text, open.from)} is not closed`)
  return { text, regions, at }
}

export function lineAt(text: string, index: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < index; i = text.indexOf('\n', i + 1)) line++
  return line
}

export interface Statement {
  /** First and last line. */
  readonly from: number
  readonly to: number
}

/** Lines that only frame a statement and never appear in a trace. */
const frame = /^\s*(?:$|[{(]\s*$|[)}]|fi\b|done\b|esac\b|else\s*$|then\b|do\b|;;|\w+\(\) [{(]\s*$|[^()'"$]*\)$)/

/** The statements of a program by lines. Everything on the same line counts as one. */
export function statements(scanned: Scan): readonly Statement[] {
  const { text, at } = scanned
  const found: { from: number; to: number; runs: boolean }[] = []
  let start = 0
  let goesOn = false
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1
    const code = [...line].map((char, column) => (at[start + column]?.place === 'comment' ? ' ' : char)).join('')
    const last = found.at(-1)
    if (goesOn && last !== undefined) last.to = number
    else found.push({ from: number, to: number, runs: !frame.test(code) })
    start += line.length + 1
    const outer = at[start - 1]
    const open = outer !== undefined && outer.place !== 'comment' && outer.opener !== '(' && outer.to > start - 1
    goesOn = open || (/(?:\\|&&|\|\||[^|]\|)\s*$/.test(code) && line.trim() !== '')
  }
  return found.filter(({ runs }) => runs).map(({ from, to }) => ({ from, to }))
}

export interface ShellFunction {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The functions that a program defines, with their lines. */
export function functions(text: string): readonly ShellFunction[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index): ShellFunction[] => {
    const [, indent, name] = /^(\s*)(\w+)\(\) [{(]/.exec(line) ?? []
    if (name === undefined) return []
    if (/[})]$/.test(line)) return [{ name, from: index + 1, to: index + 1 }]
    const closing = lines.findIndex((one, other) => other > index && (one === `${indent}}` || one === `${indent})`))
    if (closing < 0) throw new Error(`${name} has no end`)
    return [{ name, from: index + 1, to: closing + 1 }]
  })
}
