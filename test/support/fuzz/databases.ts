/** Hostile databases: odd schemas, overwritten schemas, damaged pages. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type Canary, payload } from './payloads.ts'
import type { Random } from './random.ts'

const name = (text: string): string => `"${text.replaceAll('"', '""').replaceAll('\0', '')}"`
const text = (value: string): string => `'${value.replaceAll("'", "''").replaceAll('\0', '')}'`

/** Makes a good database hostile, in place; returns what was done to it. */
export function spoilDatabase(file: string, random: Random, canary: Canary): string {
  const done: string[] = []
  if (random.chance(0.2)) {
    rmSync(file)
    done.push('from nothing')
  }
  const word = (): string => payload(random, canary)
  const statements: (() => readonly string[])[] = [
    () => [
      `CREATE TABLE ${name(word())} (${name(word())} ${random.one(['TEXT', 'INTEGER PRIMARY KEY', 'BLOB', ''])}, created_at)`,
    ],
    () => [`CREATE TABLE ${name(word())} (id TEXT PRIMARY KEY, ${name(word())}) WITHOUT ROWID`],
    () => [`CREATE TABLE ${name(word())} (rowid, oid, _rowid_, x AS (${text(word())}))`],
    () => [`CREATE VIEW ${name(word())} AS SELECT ${text(word())} AS ${name(word())}`],
    () => [
      'DROP TABLE IF EXISTS users',
      'CREATE VIEW users AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
    ],
    () => [`CREATE TRIGGER ${name(word())} AFTER INSERT ON users BEGIN SELECT ${text(word())}; END`],
    () => [`CREATE INDEX ${name(word())} ON users(lower(username))`],
    () => [`CREATE VIRTUAL TABLE ${name(word())} USING fts5(${name('a')})`],
    () => [
      `INSERT INTO users (username, email, created_at) VALUES (${text(word())}, ${text(word())}, ${text(word())})`,
    ],
    () => [`PRAGMA user_version = ${random.below(2 ** 31) - 2 ** 30}`],
    () => [
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_master SET name = ${text(word())} WHERE rowid = ${1 + random.below(8)}`,
    ],
    () => [
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_master SET name = name || char(0) || ${text(word())} WHERE rowid = ${1 + random.below(8)}`,
    ],
    () => [
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_master SET tbl_name = ${text(word())} WHERE rowid = ${1 + random.below(8)}`,
    ],
    () => [
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_master SET sql = ${text(word())} WHERE rowid = ${1 + random.below(8)}`,
    ],
    () => [
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_master SET rootpage = ${random.below(40)} WHERE rowid = ${1 + random.below(8)}`,
    ],
    () => [
      'PRAGMA writable_schema = ON',
      `INSERT INTO sqlite_master VALUES ('table', ${text(word())}, ${text(word())}, ${random.below(9)}, ${text(`CREATE TABLE ${name(word())} (x CHECK (load_extension(${text(word())})))`)})`,
    ],
    () => ['PRAGMA journal_mode = WAL'],
    () => ['PRAGMA journal_mode = DELETE', `PRAGMA page_size = ${random.one([512, 1024, 8192, 65_536])}`, 'VACUUM'],
    () => Array.from({ length: 60 }, (_, i) => `CREATE TABLE ${name(`many ${i} ${word()}`)} (x)`),
  ]
  const encodings = ['UTF-8', 'UTF-16le', 'UTF-16be']
  const first = done.length > 0 ? [`PRAGMA encoding = '${random.one(encodings)}'`] : []
  for (const group of [first, ...Array.from({ length: 1 + random.below(6) }, () => random.one(statements)())]) {
    // A new connection each: earlier schema changes must take effect.
    const database = new DatabaseSync(file)
    try {
      for (const statement of group) {
        database.exec(statement)
        done.push(statement.slice(0, 100))
      }
    } catch {
      // SQLite refuses some statements; the others count.
    } finally {
      database.close()
    }
  }
  if (random.chance(0.4)) done.push(damage(file, random))
  return done.join('; ')
}

function damage(file: string, random: Random): string {
  const bytes = readFileSync(file)
  if (bytes.length === 0) return 'empty already'
  const kind = random.one(['bytes', 'header', 'short', 'long', 'zeros', 'nothing'] as const)
  if (kind === 'bytes')
    for (let i = 0; i < 20; i++) bytes.writeUInt8(random.below(256), random.below(Math.max(1, bytes.length)))
  if (kind === 'header')
    for (let i = 0; i < 4; i++) bytes.writeUInt8(random.below(256), Math.min(16 + random.below(84), bytes.length - 1))
  if (kind === 'zeros') bytes.fill(0, random.below(bytes.length))
  if (kind === 'short') writeFileSync(file, bytes.subarray(0, random.below(bytes.length)))
  else if (kind === 'long') writeFileSync(file, Buffer.concat([bytes, random.bytes(random.below(9000))]))
  else if (kind === 'nothing') writeFileSync(file, '')
  else writeFileSync(file, bytes)
  return `damaged: ${kind}`
}

/** Writes a hostile sidecar for the database. */
export function spoilSidecar(file: string, random: Random, canary: Canary): string {
  const kind = random.one(['-wal', '-journal', '-shm'] as const)
  const magic = kind === '-wal' ? '377f0682' : 'd9d505f920a163d7'
  const master = Buffer.concat([
    Buffer.from(`${canary.folder}/secret`),
    random.bytes(8),
    Buffer.from('d9d505f920a163d7', 'hex'),
  ])
  if (random.chance(0.2)) copyFileSync(file, file + kind)
  else writeFileSync(file + kind, Buffer.concat([Buffer.from(magic, 'hex'), random.bytes(600), master]))
  return `a ${kind} beside it`
}
