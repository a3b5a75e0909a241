import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { scratchFolder } from '../support/folder.ts'
import { mustOpen } from './sample.ts'

const script = fileURLToPath(new URL('write-journal.ts', import.meta.url))

/** Has the journal written up to a step, and kills the writer as soon as it reports that step. */
async function killAfter(file: string, step: string): Promise<void> {
  const child = spawn(process.execPath, [script, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === step) break
    child.stdin.write('next\n')
  }
  child.kill('SIGKILL')
  const [, signal] = await exit
  expect(signal).toBe('SIGKILL')
}

test.each([
  ['site', []],
  ['queued', [{ state: 'queued', remoteOperation: null, eventOffset: 0 }]],
  ['starting', [{ state: 'starting', remoteOperation: null }]],
  ['running', [{ state: 'running', remoteOperation: '20260101T000000Z-database-abcdef', eventOffset: 0 }]],
  ['event', [{ state: 'running', eventOffset: 77 }]],
  ['ended', []],
])('killed after %s: the next console finds exactly that', async (step, unfinished) => {
  const file = join(scratchFolder(), 'console.db')
  await killAfter(file, step)
  const store = mustOpen(file)
  expect(store.sites.list()).toHaveLength(1)
  expect(store.operations.unfinished()).toMatchObject(unfinished)
  const [site] = store.sites.list()
  expect(store.operations.ofSite(site?.id ?? '', 9)).toHaveLength(step === 'site' ? 0 : 1)
  store.close()
})
