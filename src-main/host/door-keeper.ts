/** Carries the bytes of one file through a door: to a browser, or from it. */
import { type FileHandle, open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Doors, Incoming, Outgoing } from '../app/doors.ts'

/** Milliseconds without a byte until a browser is given up. */
const PATIENCE = 60_000

export interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The headers of every response. */
  readonly headers: Readonly<Record<string, string>>
  /** `http://127.0.0.1:PORT`, the only origin that may bring something. */
  readonly origin: string
}

/** Answers a request for a door. Without `doors` there are none. True if it was let in: its bytes have time to travel. */
export function throughDoor(asked: Asked, doors: Doors | undefined): boolean {
  const { request, response, headers, origin } = asked
  const { method, url = '' } = request
  const refuse = (status: number, more: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { ...headers, ...more, 'Content-Length': 0 }).end()
    return false
  }
  if (method !== 'GET' && method !== 'POST') return refuse(405, { Allow: 'GET, POST' })
  // A browser says where a request comes from; nothing but our own pages knows an address.
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return refuse(403)
  if (method === 'POST' && request.headers.origin !== origin) return refuse(403)
  const door = doors?.open(url, method === 'POST' ? 'in' : 'out')
  if (!door) return refuse(404)
  request.socket.setTimeout(PATIENCE, () => request.socket.destroy())
  if (door.kind === 'out') void giveAway(door, asked)
  else void receive(door, asked)
  return true
}

async function giveAway({ file, name, size, signal, ended }: Outgoing, { response, headers }: Asked): Promise<void> {
  try {
    await using handle = await open(file)
    response.writeHead(200, {
      ...headers,
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': disposition(name),
      'Content-Length': size,
    })
    await pipeline(handle.createReadStream({ autoClose: false }), response, { signal })
    ended(true)
  } catch {
    // A browser shows a response that is cut off as a failed download.
    response.destroy()
    ended(false)
  }
}

/** `attachment` with the name; what not every browser reads as it is, is escaped. */
export function disposition(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '_')
  const escaped = encodeURIComponent(name).replaceAll(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${escaped}`
}

async function receive(door: Incoming, { request, response, headers }: Asked): Promise<void> {
  const answer = (status: number) => response.writeHead(status, { ...headers, 'Content-Length': 0 }).end()
  const end = () => request.destroy()
  door.signal.addEventListener('abort', end, { once: true })
  try {
    if (Number(request.headers['content-length']) !== door.size) throw new Error('it is not the announced size')
    await using handle = await open(door.file, 'wx', 0o600)
    const received = await write(handle, door, request)
    if (received !== door.size) throw new Error(`${received} of ${door.size} bytes arrived`)
    const modified = new Date(door.modifiedAt)
    await handle.utimes(modified, modified)
    answer(204)
    door.ended(null)
  } catch (error) {
    if (!response.headersSent) answer(400)
    request.destroy()
    door.ended(error instanceof Error ? error : new Error(String(error)))
  } finally {
    door.signal.removeEventListener('abort', end)
  }
}

async function write(handle: FileHandle, door: Incoming, request: IncomingMessage): Promise<number> {
  let at = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    for (let from = 0; from < piece.length; ) {
      const { bytesWritten } = await handle.write(piece, from, piece.length - from, at + from)
      from += bytesWritten
    }
    at += piece.length
    door.onProgress(at)
  }
  return at
}
