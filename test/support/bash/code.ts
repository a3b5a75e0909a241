/** A source file of the kit for the rules: its text, its functions, and its commands without quoted text. */
import { functions, lineAt, type Region, type ShellFunction, scan } from './scan.ts'

export interface Code {
  readonly file: string
  readonly text: string
  readonly regions: readonly Region[]
  /**
   * The text with the same length: quoted text, arithmetic and tests become `_`, comments become blank. Expansions
   * inside `"…"` stay.
   */
  readonly commands: string
  /** The text without its comments. */
  readonly uncommented: string
  readonly functions: readonly ShellFunction[]
}

export interface Finding {
  readonly where: string
  readonly line: number
  readonly text: string
}

export function codeOf(file: string, text: string): Code {
  const { regions, at } = scan(text)
  const keep = (hidden: readonly string[], instead: string) => (char: string, index: number) => {
    const place = at[index]?.place ?? 'command'
    if (place === 'comment' && char !== '\n') return ' '
    return hidden.includes(place) && char !== '\n' ? instead : char
  }
  const chars = Array.from({ length: text.length }, (_, index) => text[index] ?? '')
  return {
    file,
    text,
    regions,
    commands: chars.map(keep(['single', 'double', 'arithmetic', 'parameter', 'test', 'array'], '_')).join(''),
    uncommented: chars.map(keep([], '')).join(''),
    functions: functions(text),
  }
}

/** The innermost function around a character; the whole file outside of functions. */
export function functionAt(code: Code, index: number): { name: string; from: number; text: string } {
  const line = lineAt(code.text, index)
  const inside = code.functions.filter(({ from, to }) => from <= line && line <= to).at(-1)
  const lines = code.uncommented.split('\n')
  if (inside === undefined) return { name: '', from: 1, text: outsideFunctions(code) }
  return { name: inside.name, from: inside.from, text: lines.slice(inside.from - 1, inside.to).join('\n') }
}

export function outsideFunctions(code: Code): string {
  return code.uncommented
    .split('\n')
    .filter((_, index) => !code.functions.some(({ from, to }) => from <= index + 1 && index + 1 <= to))
    .join('\n')
}

export function finding(code: Code, index: number, text: string): Finding {
  const { name } = functionAt(code, index)
  return { where: name === '' ? code.file : `${code.file}:${name}`, line: lineAt(code.text, index), text }
}
