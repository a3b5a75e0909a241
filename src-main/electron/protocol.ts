/** `app://bundle/…`: serves the page's files, and nothing else. */
import { pageHeaders } from '../app/page-policy.ts'
import { ORIGIN, SCHEME } from './origin.ts'
import { contentTypeOf } from './page-files.ts'
import type { PageProtocol } from './runtime.ts'

/** Gives one of the listed files. Rejects where it is not there. */
export type ReadPageFile = (path: string) => Promise<Uint8Array<ArrayBuffer>>

/** Must run before the application is ready, and once. */
export function registerScheme(protocol: Pick<PageProtocol, 'registerSchemesAsPrivileged'>): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges }])
}

function refuse(status: number): Response {
  return new Response(null, { status, headers: pageHeaders() })
}

/** The path that is asked for, exactly as asked: nothing is decoded or resolved, so nothing can be disguised. */
function pathOf(url: string): string | null {
  const path = url.startsWith(`${ORIGIN}/`) ? url.slice(ORIGIN.length + 1).replace(/[?#].*$/s, '') : null
  return path !== null && /^[A-Za-z0-9._/-]+$/.test(path) ? path : null
}

/** Answers requests for listed files; 400 for what is no plain path of ours, 404 for what is not listed. */
export function pageHandler(files: ReadonlySet<string>, read: ReadPageFile) {
  return async ({ url, method }: { url: string; method: string }): Promise<Response> => {
    if (method !== 'GET') return refuse(405)
    const path = pathOf(url)
    if (path === null) return refuse(400)
    const type = contentTypeOf(path)
    if (!files.has(path) || type === undefined) return refuse(404)
    try {
      return new Response(await read(path), { headers: { ...pageHeaders(), 'Content-Type': type } })
    } catch {
      return refuse(404)
    }
  }
}
