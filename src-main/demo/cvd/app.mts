/**
 * The CVD application of the demo site, in small: it answers health, shows a few numbers, and never stops writing.
 * It runs on a site, from the site's folder, so it needs nothing but Node and `../config/.env`. As the real one does,
 * it opens the database when it starts and holds it open, in one process for the web and one thread that writes.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

interface Settings {
  readonly database: string
  readonly port: number
  readonly writeEveryMs: number
  readonly busyTimeoutMs: number
  /** How long the application loads before it answers, as gunicorn does with its workers. */
  readonly startMs: number
  readonly log: string
  readonly writeLog: string
  /** The process without which the application has no reason to live; 0 if there is none. */
  readonly ownerPid: number
}

/** What the writer has done since it started. */
interface Writes {
  succeeded: number
  failed: number
  lastError: string
  /** Greatest id of an acknowledged row of `sales`. */
  lastSale: number
}

const REQUIRED_TABLES = ['users', 'devices', 'service_orders', 'sales', 'device_metrics']

if (isMainThread) serve(settingsFromEnv())
else write(workerData as Settings)

function settingsFromEnv(): Settings {
  const root = dirname(import.meta.dirname)
  process.loadEnvFile(join(root, 'config', '.env'))
  const number = (name: string, fallback: number): number => Number(process.env[name] ?? fallback)
  return {
    database: process.env.DATABASE_PATH ?? join(root, 'data', 'cvd.db'),
    port: number('PORT', 5000),
    writeEveryMs: number('WRITE_EVERY_MS', 150),
    busyTimeoutMs: number('BUSY_TIMEOUT_MS', 5000),
    startMs: number('START_MS', 800),
    log: join(root, 'logs', 'app.log'),
    writeLog: join(root, 'logs', 'app-writes.log'),
    ownerPid: number('OWNER_PID', 0),
  }
}

/** Opens the database if there is one: a missing database must be seen, not made anew. */
function open(settings: Settings): DatabaseSync {
  if (!existsSync(settings.database)) throw new Error('the database file is missing')
  return new DatabaseSync(settings.database, { timeout: settings.busyTimeoutMs })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function log(file: string, text: string): void {
  const now = new Date()
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString()
  try {
    appendFileSync(file, `[${local.slice(0, 10)} ${local.slice(11, 19)}] ${text}\n`)
  } catch {
    // A full disk must not take the application down with it.
  }
}

function serve(settings: Settings): void {
  let database: DatabaseSync | null = null
  const connected = (): DatabaseSync => {
    if (!existsSync(settings.database)) throw new Error('the database file is missing')
    database ??= open(settings)
    return database
  }
  const writes: Writes = { succeeded: 0, failed: 0, lastError: '', lastSale: 0 }
  const writer = new Worker(new URL(import.meta.url), { workerData: settings })
  writer.on('message', (news: Writes) => Object.assign(writes, news))

  const routes: Record<string, (answer: ServerResponse) => void> = {
    '/api/health': (answer) => {
      for (const table of REQUIRED_TABLES) connected().prepare(`SELECT 1 FROM ${table} LIMIT 1`).get()
      reply(answer, 200, { status: 'healthy', database: 'connected' })
    },
    '/api/summary': (answer) => {
      const count = (table: string): unknown => connected().prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n
      const tables = ['users', 'devices', 'service_orders']
      reply(answer, 200, Object.fromEntries(tables.map((table) => [table, count(table)])))
    },
    '/api/writes': (answer) => reply(answer, 200, writes),
  }
  const web = createServer((request, answer) => {
    const route = request.method === 'GET' ? routes[request.url ?? ''] : undefined
    if (route === undefined) return reply(answer, 404, { error: 'not found' })
    try {
      route(answer)
    } catch (error) {
      reply(answer, 503, { status: 'unhealthy', database: textOf(error) })
    }
  })

  const stop = (): void => {
    web.close()
    writer.once('exit', () => {
      database?.close()
      log(settings.log, `stopped: ${writes.succeeded} writes, ${writes.failed} failed, last sale ${writes.lastSale}`)
      process.exit(0)
    })
    writer.postMessage('stop')
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
  if (settings.ownerPid > 0) stopWithout(settings.ownerPid, stop)

  try {
    connected()
  } catch (error) {
    log(settings.log, `ERROR ${textOf(error)}`)
  }
  setTimeout(() => web.listen(settings.port, '127.0.0.1'), settings.startMs)
  web.on('listening', () => log(settings.log, `started: process ${process.pid}, port ${settings.port}`))
  web.on('error', (error) => {
    log(settings.log, `ERROR ${textOf(error)}`)
    setTimeout(() => web.listen(settings.port, '127.0.0.1'), 500)
  })
}

function reply(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  answer.end(`${JSON.stringify(body)}\n`)
}

/** A demo that was killed cannot clean up: its application must not go on writing for ever. */
function stopWithout(pid: number, stop: () => void): void {
  const watch = setInterval(() => {
    try {
      process.kill(pid, 0)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') return
      clearInterval(watch)
      stop()
    }
  }, 2000)
  watch.unref()
}

/** The thread that writes: a sale each time, now and then an order and a measurement. */
function write(settings: Settings): void {
  const writes: Writes = { succeeded: 0, failed: 0, lastError: '', lastSale: 0 }
  let database: DatabaseSync | null = null
  const once = (turn: number): void => {
    try {
      database ??= open(settings)
      const sale = writeOnce(database, turn)
      writes.succeeded += 1
      writes.lastSale = sale
    } catch (error) {
      writes.failed += 1
      writes.lastError = textOf(error)
      log(settings.writeLog, `ERROR write failed: ${writes.lastError}`)
    }
    parentPort?.postMessage(writes)
  }
  let turn = 0
  const timer = setInterval(() => once(turn++), settings.writeEveryMs)
  parentPort?.once('message', () => {
    clearInterval(timer)
    try {
      database?.close()
    } catch (error) {
      log(settings.log, `ERROR ${textOf(error)}`)
    }
    parentPort?.postMessage(writes)
    parentPort?.close()
  })
}

/** One transaction; returns the id of the sale. */
function writeOnce(database: DatabaseSync, turn: number): number {
  const device = 1 + (turn % 46)
  database.exec('BEGIN IMMEDIATE')
  try {
    const sale = database
      .prepare('INSERT INTO sales (device_id, product_id, slot_position, sale_units, sale_cash) VALUES (?, ?, ?, 1, ?)')
      .run(device, 1 + (turn % 64), `A${turn % 6}`, 1.25 + (turn % 9) * 0.25)
    if (turn % 3 === 0) {
      database
        .prepare("INSERT INTO service_orders (route_id, created_by, status, total_units) VALUES (?, 2, 'pending', ?)")
        .run(1 + (turn % 6), 20 + (turn % 90))
    }
    if (turn % 5 === 0) {
      database
        .prepare(
          'INSERT INTO device_metrics (device_id, sold_out_count, days_remaining, sales_30d) VALUES (?, ?, ?, ?)',
        )
        .run(device, turn % 5, 1.5 + (turn % 13), 100 + (turn % 700))
    }
    database.exec('COMMIT')
    return Number(sale.lastInsertRowid)
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
