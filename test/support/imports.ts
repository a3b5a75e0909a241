/** The imports of every TypeScript file in the project. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** `to` is a path from the top of the project, `node:…`, or `npm:PACKAGE`. */
export interface Import {
  readonly from: string
  readonly to: string
}

const statement = /^\s*(?:import|export)\b[^'"`]*?\bfrom\s*['"]([^'"\n]+)['"]/gm
const bare = /^\s*import\s*['"]([^'"\n]+)['"]/gm
const dynamic = /\bimport\(\s*['"]([^'"\n]+)['"]/g

function specifiers(text: string): string[] {
  return [statement, bare, dynamic].flatMap((pattern) => Array.from(text.matchAll(pattern), (match) => match[1] ?? ''))
}

function target(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
  if (specifier.startsWith('node:')) return specifier
  const parts = specifier.split('/')
  return `npm:${specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]}`
}

/** The imports in a text, resolved as for the file `from`. */
export function importsOf(from: string, text: string): Import[] {
  return specifiers(text).map((specifier) => ({ from, to: target(from, specifier) }))
}

/** The files below the given folders; missing folders count as empty. */
export function sourceFiles(folders: readonly string[]): string[] {
  const below = (folder: string): string[] => {
    try {
      return readdirSync(join(top, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(m?ts|tsx)$/.test(entry.name))
        .map((entry) => relative(top, join(entry.parentPath, entry.name)).split(sep).join('/'))
    } catch {
      return []
    }
  }
  return folders.flatMap(below).sort()
}

export function allImports(folders: readonly string[]): Import[] {
  return sourceFiles(folders).flatMap((file) => importsOf(file, readFileSync(join(top, file), 'utf8')))
}
