/** Rows for tests of the store. */
import { randomUUID } from 'node:crypto'
import type { NewJournalEntry } from '../../src-main/store/operations.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { openStore, type Store } from '../../src-main/store/store.ts'

export function sampleSite(name: string): Site {
  return {
    id: randomUUID(),
    name,
    colour: 'teal',
    target: { host: 'cvd.example.org', port: 22, user: 'root', auth: { method: 'agent' }, jumps: [] },
    sudo: 'none',
    root: '/opt/cvd',
    hostName: 'cvd',
    machineId: '0123456789abcdef0123456789abcdef',
    createdAt: 1_780_000_000_000,
    updatedAt: 1_780_000_000_000,
  }
}

export function sampleOperation(siteId: string): NewJournalEntry {
  const request = ['database']
  return { id: randomUUID(), siteId, command: 'database', request, who: 'ada@desk', reason: '', createdAt: Date.now() }
}

export function mustOpen(file: string): Store {
  const opened = openStore(file)
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}
