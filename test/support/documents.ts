/** Extracts the claims of the project's documents, so that tests can check them. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

export interface Document {
  /** Relative to the top of the project. */
  readonly path: string
  readonly text: string
}

/** A test that a document names as a proof. */
export interface Proof {
  readonly document: string
  readonly file: string
  readonly title: string
}

export function documents(): Document[] {
  const paths = [...globSync('*.md', { cwd: top }), ...globSync('docs/**/*.md', { cwd: top })]
  return paths.sort().map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(top, path), 'utf8') }))
}

export function readTop(path: string): string {
  return readFileSync(join(top, path), 'utf8')
}

/** The anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

function anchors(path: string): string[] {
  return Array.from(readTop(path).matchAll(/^#{1,6} (.+)$/gm), ([, heading]) => anchor(heading ?? ''))
}

/** Broken relative links of a document. */
export function deadLinks({ path, text }: Document): string[] {
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target ?? '')
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', fragment] = link.split('#')
    const target = file === '' ? path : posix.join(posix.dirname(path), file)
    if (!existsSync(join(top, target))) return true
    return fragment !== undefined && !anchors(target).includes(fragment)
  })
}

/** Missing files and folders that a document names in code marks. */
export function deadPaths({ text }: Document): string[] {
  const named = Array.from(
    text.matchAll(/`((?:src-shared|src-main|src-renderer|test|docs|build|\.ci)(?:\/[^`\s]*)?)`/g),
    ([, path]) => path ?? '',
  )
  return [...new Set(named)].filter((path) => globSync(path.replace(/\/$/, ''), { cwd: top }).length === 0)
}

/** `` `test/x.test.ts`: "title" ``, even across line breaks. */
export function proofs({ path, text }: Document): Proof[] {
  const found = text.replaceAll(/\s+/g, ' ').matchAll(/`(test\/[^`]+\.ts)`: "((?:\\"|[^"])+)"/g)
  return Array.from(found, ([, file, title]) => ({
    document: path,
    file: file ?? '',
    title: (title ?? '').replaceAll('\\"', '"'),
  }))
}

/** The words after `start` wherever a document shows a command, in code marks and code blocks. */
export function commands(text: string, start: RegExp): string[] {
  const marked = Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code]) => code ?? '')
  const lines = text.split('\n').filter((line) => /^ {4}\S/.test(line))
  return [...marked, ...lines].flatMap((code) =>
    Array.from(code.matchAll(new RegExp(`(?:^|[\\s(])${start.source}([^|)]*)`, 'g')), ([, words]) =>
      (words ?? '').trim(),
    ),
  )
}

/** The rows of the first table below a heading, as cells, without the header. */
export function tableBelow(text: string, heading: string): string[][] {
  const after = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return after
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
}

/** The text in code marks in the first cell of each row. */
export function codes(rows: readonly string[][]): string[] {
  return rows.map(([first = '']) => /^`([^`]+)`$/.exec(first)?.[1] ?? first)
}
