import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStoreDatabase } from '../../src-main/store/open.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import { siteName } from '../../src-shared/domain/site-name.ts'
import { scratchFolder } from '../support/folder.ts'
import { mustOpen, sampleOperation, sampleSite } from './sample.ts'

function storeFile(): string {
  return join(scratchFolder(), 'console.db')
}

const log = (text: string): KitEvent => ({ kind: 'log', at: 1, level: 'info', text })
const progress = (done: number): KitEvent => ({ kind: 'progress', at: 1, step: 'copy', done, total: 9, unit: 'bytes' })

test('site names are unique regardless of case', () => {
  const store = mustOpen(storeFile())
  expect(store.sites.insert(sampleSite('Öl-Depot')).ok).toBe(true)
  const twin = store.sites.insert(sampleSite('öl-dEPOT'))
  expect(twin.ok ? '' : twin.error.code).toBe('name-taken')
  const other = sampleSite('Other')
  store.sites.insert(other)
  const renamed = store.sites.update({ ...other, name: 'ÖL-DEPOT' })
  expect(renamed.ok ? '' : renamed.error.code).toBe('name-taken')
  expect(store.sites.update({ ...other, name: 'OTHER', colour: 'red' }).ok).toBe(true)
  expect(store.sites.byName('other')).toMatchObject({ name: 'OTHER', colour: 'red', target: other.target })
  store.close()
})

test.each(['', ' x', '-x', 'a\nb', 'a\u202eb', 'x'.repeat(81)])('%j is no site name', (name) => {
  expect(siteName.safeParse(name).success).toBe(false)
})

test('an operation is found by either id, and ends only once', () => {
  const store = mustOpen(storeFile())
  const site = sampleSite('Depot')
  store.sites.insert(site)
  const operation = sampleOperation(site.id)
  store.operations.insert(operation)
  expect(store.operations.unfinished().map(({ state }) => state)).toEqual(['queued'])
  expect(store.operations.starting(operation.id)).toBe(true)
  expect(store.operations.starting(operation.id)).toBe(false)
  store.operations.running(operation.id, '20260101T000000Z-database-abcdef')
  expect(store.operations.find(site.id, '20260101T000000Z-database-abcdef')?.id).toBe(operation.id)
  expect(store.operations.find('another site', operation.id)).toBeNull()
  const outcome = {
    outcome: 'succeeded',
    code: 'ok',
    message: 'Done.',
    unchanged: '',
    next: '',
    data: { n: 1 },
  } as const
  store.operations.ended(operation.id, 5, outcome)
  store.operations.ended(operation.id, 6, { ...outcome, outcome: 'failed', code: 'internal' })
  store.operations.lost(operation.id)
  expect(store.operations.byId(operation.id)).toMatchObject({
    state: 'ended',
    outcome: 'succeeded',
    endedAt: 5,
    data: { n: 1 },
  })
  store.close()
})

test('events keep their order and offset, only the newest progress, and a limit', () => {
  const store = mustOpen(storeFile())
  const site = sampleSite('Depot')
  store.sites.insert(site)
  const { id, ...rest } = sampleOperation(site.id)
  store.operations.insert({ id, ...rest })
  store.events.record(id, log('a'), 10)
  store.events.record(id, progress(1), 20)
  store.events.record(id, progress(2), 30)
  store.events.record(id, log('b'), 40)
  expect(store.events.record(id, log('heard again'), 15)).toBe(false)
  expect(store.events.record(id, log('heard again'), 40)).toBe(false)
  expect(store.operations.byId(id)?.eventOffset).toBe(40)
  expect(store.events.list(id)).toMatchObject([log('a'), progress(2), log('b')])
  for (let number = 0; number < 2100; number += 1) store.events.record(id, log(String(number)), 41 + number)
  const events = store.events.list(id)
  expect(events).toHaveLength(2000)
  expect(events.at(-1)).toMatchObject(log('2099'))
  store.sites.remove(site.id)
  expect(store.events.list(id)).toEqual([])
  store.close()
}, 30_000)

const facts = { at: 1, who: 'ada@desk', site: 'Depot', operation: '', outcome: 'succeeded', reason: '', detail: '{}' }

test('the audit cannot be changed through SQL, and other changes are detected', () => {
  const file = storeFile()
  const store = mustOpen(file)
  for (const action of ['site added', 'backup', 'restore']) store.audit.append({ ...facts, action })
  expect(store.audit.verify()).toMatchObject({ intact: true, entries: 3 })
  store.close()
  const opened = openStoreDatabase(file)
  if (!opened.ok) throw new Error(opened.error.message)
  const db = opened.value
  expect(() => db.exec(`UPDATE audit SET who = 'eve' WHERE seq = 2`)).toThrow('append-only')
  expect(() => db.exec('DELETE FROM audit WHERE seq = 2')).toThrow('append-only')
  const tamper = (sql: string) => {
    db.exec('SAVEPOINT before; DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted')
    db.exec(sql)
    db.exec('RELEASE before')
    const again = mustOpen(file)
    const verdict = again.audit.verify()
    again.close()
    return verdict
  }
  expect(tamper(`UPDATE audit SET who = 'eve' WHERE seq = 2`)).toMatchObject({ intact: false, seq: 2 })
  db.exec(`UPDATE audit SET who = 'ada@desk' WHERE seq = 2; CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT 1; END;
           CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT 1; END`)
  expect(tamper('DELETE FROM audit WHERE seq = 2')).toMatchObject({ intact: false, seq: 2 })
  db.close()
})
