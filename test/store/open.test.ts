import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openStoreDatabase, type StoreDatabase } from '../../src-main/store/open.ts'
import { scratchFolder } from '../support/folder.ts'
import { mustOpen, sampleOperation, sampleSite } from './sample.ts'

function open(file: string): StoreDatabase {
  const opened = openStoreDatabase(file)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}

function refusal(file: string): string {
  const opened = openStoreDatabase(file)
  if (opened.ok) {
    opened.value.close()
    return 'opened'
  }
  expect(opened.error.message).toContain(file)
  expect(opened.error.unchanged).not.toBe('')
  return opened.error.code
}

function filled(file: string): void {
  const store = mustOpen(file)
  for (let number = 0; number < 300; number += 1) {
    const site = sampleSite(`Depot ${number}`)
    store.sites.insert(site)
    store.operations.insert(sampleOperation(site.id))
  }
  store.close()
}

test('a new store is private, durable and strict', () => {
  const folder = join(scratchFolder(), 'data')
  const file = join(folder, 'console.db')
  const db = open(file)
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  expect(db.pragma('synchronous', { simple: true })).toBe(2)
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
  expect(db.pragma('trusted_schema', { simple: true })).toBe(0)
  expect(db.pragma('busy_timeout', { simple: true })).toBe(5000)
  const tables = db.prepare(
    `SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
  )
  expect(tables.all()).toHaveLength(6)
  expect((tables.all() as { strict: number }[]).every((table) => table.strict === 1)).toBe(true)
  if (process.platform !== 'win32') {
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600)
  }
  db.close()
})

test('the mode of an existing folder is left alone', () => {
  const folder = scratchFolder()
  chmodSync(folder, 0o755)
  open(join(folder, 'console.db')).close()
  expect(statSync(folder).mode & 0o777).toBe(0o755)
})

test('a newer store is refused, and stays unchanged byte for byte', () => {
  const file = join(scratchFolder(), 'console.db')
  const db = open(file)
  db.pragma('user_version = 999')
  db.pragma('journal_mode = DELETE')
  db.close()
  const before = readFileSync(file)
  expect(refusal(file)).toBe('store-newer')
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a file that is not a database is refused, and stays unchanged', () => {
  const file = join(scratchFolder(), 'console.db')
  writeFileSync(file, 'dear diary, today I was opened as a database\n'.repeat(200))
  const before = readFileSync(file)
  expect(refusal(file)).toBe('store-damaged')
  expect(readFileSync(file).equals(before)).toBe(true)
})

test("another program's database is refused", () => {
  const file = join(scratchFolder(), 'console.db')
  const db = open(file)
  db.pragma('application_id = 7')
  db.close()
  expect(refusal(file)).toBe('store-foreign')
})

test('an empty file is a new store', () => {
  const file = join(scratchFolder(), 'console.db')
  writeFileSync(file, '')
  expect(refusal(file)).toBe('opened')
})

test.each([1, 2, 5, 9])('page %i overwritten: damaged', (page) => {
  const file = join(scratchFolder(), 'console.db')
  filled(file)
  const bytes = readFileSync(file)
  bytes.fill(0xa5, page * 4096, (page + 1) * 4096)
  writeFileSync(file, bytes)
  expect(refusal(file)).toBe('store-damaged')
})

test('a truncated file: damaged', () => {
  const file = join(scratchFolder(), 'console.db')
  filled(file)
  truncateSync(file, 3 * 4096)
  expect(refusal(file)).toBe('store-damaged')
})

test('a store with an exclusive lock of another program: busy', () => {
  const file = join(scratchFolder(), 'console.db')
  const other = open(file)
  other.pragma('locking_mode = EXCLUSIVE')
  other.exec('BEGIN IMMEDIATE')
  try {
    expect(refusal(file)).toBe('store-busy')
  } finally {
    other.close()
  }
})

/** Opens the store as an ordinary user: root can write everything. */
function refusalAsUser(file: string): string {
  const script = fileURLToPath(new URL('open-and-print.ts', import.meta.url))
  const asRoot = process.getuid?.() === 0
  const answer = spawnSync(process.execPath, [script, file], {
    encoding: 'utf8',
    cwd: '/',
    env: {},
    ...(asRoot ? { uid: 65534, gid: 65534 } : {}),
  })
  expect(answer.stderr).toBe('')
  return answer.stdout.trim()
}

function giveAway(...paths: string[]): void {
  if (process.getuid?.() === 0) for (const path of paths) chownSync(path, 65534, 65534)
}

test.skipIf(process.platform === 'win32')('a file without write permission: read-only', () => {
  const folder = scratchFolder()
  const file = join(folder, 'console.db')
  filled(file)
  chmodSync(file, 0o400)
  giveAway(folder, file)
  if (process.getuid?.() === 0) chownSync(file, 0, 65534)
  chmodSync(file, 0o440)
  expect(refusalAsUser(file)).toBe('store-read-only')
})

test.skipIf(process.platform === 'win32')('a folder without write permission: read-only', () => {
  const folder = join(scratchFolder(), 'locked')
  mkdirSync(folder)
  const file = join(folder, 'console.db')
  filled(file)
  giveAway(folder, file, join(folder, '..'))
  chmodSync(folder, 0o500)
  expect(refusalAsUser(file)).toBe('store-read-only')
  expect(refusalAsUser(join(folder, 'new', 'console.db'))).toBe('store-read-only')
  chmodSync(folder, 0o700)
})
