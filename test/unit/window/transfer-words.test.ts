/** What a window says about a transfer: how far it is, how fast, and what is kept when it did not succeed. */
import { describe, expect, test } from 'vitest'
import { Speed } from '../../../src-main/app/speed.ts'
import { transferFailure } from '../../../src-main/app/transfer-words.ts'
import { runningWords, shortWords } from '../../../src-renderer/shared/transfer-words.ts'
import type { Transfer } from '../../../src-shared/contract/transfers.ts'

const transfer: Transfer = {
  ...{ id: 't', site: 's', siteName: 'Depot', siteColour: 'teal', direction: 'download', name: 'x.db', path: '/x.db' },
  ...{ state: 'running', phase: 'transferring', done: 12_400_000, total: 188_000_000, speed: 8_200_000 },
  ...{ reconnecting: false, outcome: null, failure: null, repeatable: true, sha256: null, basis: null, file: '' },
  startedAt: 0,
}

test('a running transfer says bytes, speed and what is left', () => {
  expect(runningWords(transfer)).toBe('Downloading, 12.4 MB of 188 MB, 8.2 MB/s, 22.0 s left')
  expect(runningWords({ ...transfer, speed: null })).toBe('Downloading, 12.4 MB of 188 MB')
  expect(runningWords({ ...transfer, speed: 0 })).toBe('Downloading, 12.4 MB of 188 MB, 0 B/s')
  expect(runningWords({ ...transfer, phase: 'connecting', total: 0 })).toBe('Connecting to the server')
  expect(runningWords({ ...transfer, direction: 'upload', phase: 'verifying' })).toBe('The server reads it back')
  expect(runningWords({ ...transfer, reconnecting: true })).toContain('12.4 MB of 188 MB are kept')
})

test('where there is little room, it says how far it is and what is left', () => {
  expect(shortWords(transfer)).toBe('6 %, 22.0 s left')
  expect(shortWords({ ...transfer, speed: null })).toBe('6 %')
  expect(shortWords({ ...transfer, phase: 'verifying' })).toBe('Verifying what arrived')
  expect(shortWords({ ...transfer, reconnecting: true })).toBe('Reconnecting')
})

describe('a speed', () => {
  let now = 0
  const made = () => {
    now = 0
    return new Speed(() => now)
  }
  const move = (speed: Speed, at: number, done: number) => {
    now = at
    speed.moved(done)
  }

  test('is that of the last seconds, and unknown before', () => {
    const speed = made()
    move(speed, 0, 0)
    move(speed, 500, 500)
    expect(speed.value).toBeNull()
    move(speed, 1000, 1000)
    expect(speed.value).toBe(1000)
    for (let at = 1250; at <= 8000; at += 250) move(speed, at, 1000 + (at - 1000) * 3)
    expect(speed.value).toBe(3000)
  })

  test('falls while nothing moves, and begins anew further back', () => {
    const speed = made()
    move(speed, 0, 0)
    move(speed, 1000, 1000)
    now = 4000
    expect(speed.value).toBe(250)
    move(speed, 4500, 600)
    expect(speed.value).toBeNull()
    move(speed, 5500, 1600)
    expect(speed.value).toBe(1000)
  })
})

test('a failure says what is kept and what to do, without words of the command line', () => {
  const lost = { code: 'link-lost', message: 'The connection was lost.', next: 'Run the same command again.' }
  expect(transferFailure(lost, transfer)).toMatchObject({
    unchanged: 'What has arrived is kept (12.4 MB).',
    next: 'Try again: it goes on where it stopped.',
  })
  expect(transferFailure(lost, { ...transfer, direction: 'upload' }).unchanged).toContain('kept on the server')
  const taken = { code: 'name-taken', message: 'x exists already.', next: 'Choose another folder with --to.' }
  for (const direction of ['download', 'upload'] as const) {
    expect(transferFailure(taken, { ...transfer, direction }).next).not.toMatch(/--/)
  }
  const kit = { code: 'integrity', message: 'x', unchanged: 'no backup was added' }
  expect(transferFailure(kit, transfer).unchanged).toBe('No backup was added.')
})
