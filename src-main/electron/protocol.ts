/** `app://bundle/…`: serves the pages that were built, and nothing else. */
import { type Pages, pageHeaders } from '../app/pages.ts'
import { ORIGIN, SCHEME } from './origin.ts'
import type { PageProtocol } from './runtime.ts'

/** Must run before the application is ready, and once. */
export function registerScheme(protocol: Pick<PageProtocol, 'registerSchemesAsPrivileged'>): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }])
}

/** The path that is asked for, exactly as asked: nothing is decoded or resolved, so nothing can be disguised. */
function pathOf(url: string): string | null {
  const path = url.startsWith(`${ORIGIN}/`) ? url.slice(ORIGIN.length).replace(/[?#].*$/s, '') : null
  return path !== null && /^\/[A-Za-z0-9._/-]+$/.test(path) ? path : null
}

/** Answers requests for pages of the list; 400 for what is no plain path of ours, 404 for what is not listed. */
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
