/** The files of an ssh configuration: which may be believed, and which an `Include` means. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { firstWord, splitArguments } from './ssh-config-words.ts'

/** Why a file must not be believed: somebody else could have written it. Null when it may be. */
export async function distrust(file: string): Promise<string | null> {
  const found = await stat(file)
  if (!found.isFile()) return 'it is no file'
  if (process.platform === 'win32') return null
  const own = process.getuid?.()
  if (found.uid !== own && found.uid !== 0) return 'it belongs to another user'
  return (found.mode & 0o022) === 0 ? null : 'others can write it'
}

/** One line of a file, its keyword in small letters; `rest` as it stands there, without blanks around it. */
export interface ConfigLine {
  readonly keyword: string
  readonly rest: string
}

/** The lines that say something. A byte order mark and either kind of line end are no part of them. */
export async function readLines(file: string): Promise<ConfigLine[]> {
  const text = (await readFile(file, 'utf8')).replace(/^\ufeff/, '')
  return text.split('\n').flatMap((line) => {
    const first = firstWord(line.replace(/[ \t\r\f]+$/, ''))
    if (!first || first.word === '' || first.word.startsWith('#')) return []
    return [{ keyword: first.word.toLowerCase(), rest: first.rest }]
  })
}

/** Where the words of an `Include` lead to. Relative paths begin in one folder, however deep the files are nested. */
export interface IncludeBase {
  /** `~/.ssh` for a user's own configuration, else the system's folder. */
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
  // A name that begins with a dot has to be asked for.
  return new RegExp(`^${name.startsWith('.') ? '' : '(?!\\.)'}${source}$`)
}

/** Paths that a pattern of glob(7) means, in the order of their bytes. */
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
  /** Why it must not be believed. */
  readonly refused: string | null
}

/** The files that are there. */
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

/** ssh goes no deeper, and calls it an error. */
export const deepest = 16

/** Never an option, a pattern or a path. */
export const aliasPattern = /^[A-Za-z0-9_][A-Za-z0-9._:-]*$/

/** The names in `Host` lines that are names, not patterns, in all files. */
export async function aliasesIn(file: string, base: IncludeBase, depth = 0): Promise<string[]> {
  const found = new Set<string>()
  for (const { keyword, rest } of await readLines(file)) {
    if (keyword === 'host') {
      for (const name of splitArguments(rest) ?? []) if (aliasPattern.test(name)) found.add(name)
    }
    if (keyword !== 'include' || depth >= deepest) continue
    for (const included of await includedFiles(rest, base)) {
      if (included.refused !== null) continue
      for (const name of await aliasesIn(included.path, base, depth + 1)) found.add(name)
    }
  }
  return [...found]
}
