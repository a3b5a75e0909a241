/** The files that the page is made of: a list written when it was built. What is not on it does not exist. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** Fixed by the file's name, never guessed from its content. */
const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
}

/** Undefined for a kind of file that the page has no use for. */
export function contentTypeOf(path: string): string | undefined {
  return contentTypes[/\.([a-z0-9]+)$/.exec(path)?.[1] ?? '']
}

/** Paths from the page's folder, with forward slashes; plain enough to need no decoding. */
const pagePath = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/)
  .refine((path) => contentTypeOf(path) !== undefined, 'not a kind of file that a page is made of')

export const pageList = z.array(pagePath).min(1)

/** Reads the list. Throws where it is missing or not one: the build is broken. */
export function readPageList(file: string): ReadonlySet<string> {
  return new Set(pageList.parse(JSON.parse(readFileSync(file, 'utf8'))))
}
