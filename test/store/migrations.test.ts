import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { type Migration, migrations } from '../../src-main/store/migrations.ts'
import { openStoreDatabase } from '../../src-main/store/open.ts'
import { scratchFolder } from '../support/folder.ts'
import { mustOpen } from './sample.ts'

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/store')
const numbers = migrations().map(({ name }) => name.slice(0, 4))

/** A file as the version before a migration left it. */
function before(number: string): string {
  const file = join(scratchFolder(), 'console.db')
  const db = new Sqlite(file)
  db.exec(readFileSync(join(fixtures, `pre-${number}.sql`), 'utf8'))
  db.close()
  return file
}

function schema(file: string): unknown[] {
  const db = new Sqlite(file, { readonly: true })
  const rows = db
    .prepare(`SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`)
    .all()
  db.close()
  return rows
}

function copies(file: string): string[] {
  return readdirSync(dirname(file))
    .filter((name) => name.includes('-before-update-'))
    .map((name) => join(dirname(file), name))
}

test('each migration has a fixture of the version before it', () => {
  expect(readdirSync(fixtures).sort()).toEqual(numbers.map((number) => `pre-${number}.sql`))
})

test.each(numbers)('from before %s: the same schema as a new file, and a copy of the old one', (number) => {
  const file = before(number)
  mustOpen(file).close()
  const fresh = join(scratchFolder(), 'console.db')
  mustOpen(fresh).close()
  expect(schema(file)).toEqual(schema(fresh))
  expect(copies(file)).toHaveLength(number === '0001' ? 0 : 1)
  for (const copy of copies(file)) expect(schema(copy)).toEqual(schema(before(number)))
  mustOpen(file).close()
  expect(copies(file)).toHaveLength(number === '0001' ? 0 : 1)
})

test('from before 0002: sites are kept, and an inspection of another protocol is ignored', () => {
  const store = mustOpen(before('0002'))
  expect(store.sites.list().map(({ name, sudo }) => [name, sudo])).toEqual([
    ['Depot North', 'none'],
    ['Depot Süd', 'password'],
  ])
  expect(store.sites.byName('DEPOT SÜD')?.target.jumps).toHaveLength(1)
  expect(store.inspections.latest('3f0e6a52-0b55-4a35-8d3f-6b0a0a5d7c01')).toBeNull()
  store.close()
})

test('from before 0003: the journal is kept, with its unfinished operation', () => {
  const store = mustOpen(before('0003'))
  const [entry, ...rest] = store.operations.unfinished()
  expect(rest).toEqual([])
  expect(entry).toMatchObject({ state: 'running', remoteOperation: '20260601T130000Z-restore-0a1b2d', eventOffset: 99 })
  expect(store.events.list(entry?.id ?? '')).toMatchObject([{ kind: 'log', text: 'stopping the service' }])
  store.close()
})

test('from before 0004: the audit is valid, and no setting exists', () => {
  const store = mustOpen(before('0004'))
  expect(store.audit.verify()).toMatchObject({ intact: true, entries: 1 })
  expect(store.settings.read('appearance')).toBeUndefined()
  store.close()
})

const broken: Migration = {
  name: '0004-broken',
  sql: 'CREATE TABLE half (n INTEGER) STRICT; INSERT INTO nowhere VALUES (1)',
}
const orphaning: Migration = {
  name: '0004-orphaning',
  sql: `INSERT INTO inspections VALUES ('no such site', 1, '{}')`,
}

test.each([broken, orphaning])(
  '$name: rolled back completely, the failure names the copy, and the file still opens',
  (step) => {
    const file = join(scratchFolder(), 'console.db')
    mustOpen(file).close()
    const was = schema(file)
    const refused = openStoreDatabase(file, [...migrations(), step])
    if (refused.ok) throw new Error('a broken migration was accepted')
    expect(refused.error.code).toBe('store-migration')
    expect(refused.error.message).toContain(step.name)
    expect(copies(file)).toHaveLength(1)
    expect(refused.error.unchanged).toContain(copies(file)[0])
    expect(schema(file)).toEqual(was)
    mustOpen(file).close()
  },
)
