/** Writes the journal of one operation as the runner does, and prints each step once it is written. Waits for `next`. */
import { createInterface } from 'node:readline'
import { mustOpen, sampleOperation, sampleSite } from './sample.ts'

const store = mustOpen(process.argv[2] ?? '')
const site = sampleSite('Depot')
const operation = sampleOperation(site.id)
const log = { kind: 'log', at: 1, level: 'info', text: 'x' } as const
const outcome = { outcome: 'succeeded', code: 'ok', message: '', unchanged: '', next: '', data: null } as const
const steps: Readonly<Record<string, () => unknown>> = {
  site: () => store.sites.insert(site),
  queued: () => store.operations.insert(operation),
  starting: () => store.operations.starting(operation.id),
  running: () => store.operations.running(operation.id, '20260101T000000Z-database-abcdef'),
  event: () => store.events.record(operation.id, log, 77),
  ended: () => store.operations.ended(operation.id, 1, outcome),
}

const asked = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
for (const [name, step] of Object.entries(steps)) {
  step()
  process.stdout.write(`${name}\n`)
  await asked.next()
}
