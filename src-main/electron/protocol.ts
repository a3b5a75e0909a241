/** `app://bundle/…`: serves the built pages and nothing else. */
import { type Pages, pageHeaders } from '../app/pages.ts'
import { ORIGIN, SCHEME } from './origin.ts'
import type { PageProtocol } from './runtime.ts'

/** Call once, before the application is ready. */
export function registerScheme(protocol: Pick<PageProtocol, 'registerSchemesAsPrivileged'>): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }])
}

/** The requested path, without decoding or resolving, so that nothing can be disguised. */
function pathOf(url: string): string | null {
  const path = url.startsWith(`${ORIGIN}/`) ? url.slice(ORIGIN.length).replace(/[?#].*$/s, '') : null
  return path !== null && /^\/[A-Za-z0-9._/-]+$/.test(path) ? path : null
}

/** Serves the listed pages; 400 if the URL is not a plain path of ours, 404 if the page is not listed. */
export function pageHandler(pages: Pages) {
  return ({ url, method }: { url: string; method: string }): Response => {
    const refuse = (status: number) => new Response(null, { status, headers: pageHeaders() })
    if (method !== 'GET') return refuse(405)
    const path = pathOf(url)
    if (path === null) return refuse(400)
    const page = pages.get(path)
    if (!page) return refuse(404)
    return new Response(new Uint8Array(page.bytes), { headers: { ...pageHeaders(), 'Content-Type': page.type } })
  }
}
