/** Loads the built files that a window may request, with their content types. Nothing is looked up by path later. */
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

export interface Page {
  readonly type: string
  readonly bytes: Buffer
}

/** By URL path: `/index.html`, `/assets/…`. `/` is the start page. */
export type Pages = ReadonlyMap<string, Page>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/** Reads the built pages. Null if there are none. Skips files of other types, such as source maps. */
export function loadPages(folder: string): Pages | null {
  let entries: { readonly parentPath: string; readonly name: string; isFile(): boolean }[]
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch {
    return null
  }
  const pages = new Map<string, Page>()
  for (const entry of entries) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const file = join(entry.parentPath, entry.name)
    pages.set(`/${relative(folder, file).split(sep).join('/')}`, { type, bytes: readFileSync(file) })
  }
  const start = pages.get('/index.html')
  if (!start) return null
  return pages.set('/', start)
}

/**
 * The headers of every response to a window.
 * @param sockets where it may connect besides its own origin; empty for nowhere.
 */
export function pageHeaders(sockets = ''): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${sockets === '' ? '' : ` ${sockets}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), usb=()',
    'Cache-Control': 'no-store',
  }
}
