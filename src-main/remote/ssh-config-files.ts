/** The files of an ssh configuration: which ones are safe to use, and which ones an `Include` names. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { firstWord, splitArguments } from './ssh-config-words.ts'

/** Why a file is unsafe to use: others could have written it. Null if it is safe. */
export async function distrust(file: string): Promise<string | null> {
  const found = await stat(file)
  if (!found.isFile()) return 'it is not a regular file'
  if (process.platform === 'win32') return null
  const own = process.getuid?.()
  if (found.uid !== own && found.uid !== 0) return 'it belongs to another user'
  return (found.mode & 0o022) === 0 ? null : 'others can write it'
}

/** One line of a file: the keyword in lower case, and the trimmed rest. */
export interface ConfigLine {
  readonly keyword: string
  readonly rest: string
}

/** The non-empty lines without comments. Handles a byte order mark and both kinds of line ends. */
export async function readLines(file: string): Promise<ConfigLine[]> {
  const text = (await readFile(file, 'utf8')).replace(/^\ufeff/, '')
  return text.split('\n').flatMap((line) => {
    const first = firstWord(line.replace(/[ \t\r\f]+$/, ''))
    if (!first || first.word === '' || first.word.startsWith('#')) return []
    return [{ keyword: first.word.toLowerCase(), rest: first.rest }]
  })
}

/** What `Include` paths are relative to: one folder, however deep the files are nested. */
export interface IncludeBase {
  /** `~/.ssh` for a user's own configuration, otherwise the system's folder. */
  readonly folder: string
  readonly home: string
}

function globbed(name: string): RegExp | null {
  if (!/[*?[]/.test(name)) return null
  const source = name
    .replace(/[\\^$.|+(){}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replace(/\[!/g, '[^')
  // A wildcard does not match a leading dot.
  return new RegExp(`^${name.startsWith('.') ? '' : '(?!\\.)'}${source}$`)
}

/** Paths that match a glob(7) pattern, sorted by bytes. */
async function glob(pattern: string): Promise<string[]> {
  const [root = '', ...names] = pattern.split(/[/\\]/)
  let found = [root === '' ? '/' : `${root}/`]
  for (const name of names.filter((one) => one !== '')) {
    const wanted = globbed(name)
    const next: string[] = []
    for (const folder of found) {
      if (!wanted) next.push(join(folder, name))
      else {
        const entries = await readdir(folder).catch(() => [])
        next.push(...entries.filter((entry) => wanted.test(entry)).map((entry) => join(folder, entry)))
      }
    }
    found = next
  }
  return found.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
}

export interface IncludedFile {
  readonly path: string
  /** Why the file is unsafe to use; null if it is safe. */
  readonly refused: string | null
}

/** The included files that exist. */
export async function includedFiles(rest: string, base: IncludeBase): Promise<IncludedFile[]> {
  const files: IncludedFile[] = []
  for (const word of splitArguments(rest) ?? []) {
    const path = /^~(?=$|[/\\])/.test(word) ? join(base.home, word.slice(1)) : word
    for (const file of await glob(isAbsolute(path) ? path : join(base.folder, path))) {
      const refused = await distrust(file).catch(() => undefined)
      if (refused !== undefined) files.push({ path: file, refused })
    }
  }
  return files
}

/** Maximum nesting depth; ssh treats more as an error. */
export const maxDepth = 16

/** Never an option, a pattern or a path. */
export const aliasPattern = /^[A-Za-z0-9_][A-Za-z0-9._:-]*$/

/** The names in all `Host` lines, without patterns. */
export async function aliasesIn(file: string, base: IncludeBase, depth = 0): Promise<string[]> {
  const found = new Set<string>()
  for (const { keyword, rest } of await readLines(file)) {
    if (keyword === 'host') {
      for (const name of splitArguments(rest) ?? []) if (aliasPattern.test(name)) found.add(name)
    }
    if (keyword !== 'include' || depth >= maxDepth) continue
    for (const included of await includedFiles(rest, base)) {
      if (included.refused !== null) continue
      for (const name of await aliasesIn(included.path, base, depth + 1)) found.add(name)
    }
  }
  return [...found]
}
