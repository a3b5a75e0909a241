/**
 * A -journal that a process left in the middle of a change. SQLite rolls the change back when the database is opened, and
 * deletes the file that the journal names as belonging to several databases, whatever it is.
 */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const root = process.getuid?.() === 0
const application = 65534
const magic = Buffer.from('d9d505f920a163d7', 'hex')

const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

/** The journal of a change to the first page of a database, which restores its current state; `names` is its other file. */
function journal(database: Buffer, names = ''): Buffer {
  const pageSize = database.readUInt16BE(16)
  const page = Buffer.from(database.subarray(0, pageSize))
  const head = Buffer.alloc(512)
  Buffer.concat([magic, numbers(1, 1, database.length / pageSize, 512, pageSize)]).copy(head)
  let sum = 1
  for (let at = pageSize - 200; at > 0; at -= 200) sum += page[at] ?? 0
  const parts = [head, numbers(1), page, numbers(sum)]
  if (names !== '') {
    const name = Buffer.from(names)
    const nameSum = name.reduce((total, byte) => total + byte, 0)
    parts.push(numbers(0x40000000 / pageSize + 1), name, numbers(name.length, nameSum), magic)
  }
  return Buffer.concat(parts)
}

describe('a leftover journal', () => {
  let site: ScratchSite
  let other: string
  beforeEach(() => {
    site = new ScratchSite()
    other = join(site.folder, 'other')
    writeFileSync(other, 'precious')
  })
  afterEach(() => site.remove())

  const leave = (database: string, names = '') =>
    writeFileSync(`${database}-journal`, journal(readFileSync(database), names))
  const giveAway = () =>
    execFileSync('chown', ['-R', `${application}:${application}`, join(site.root, 'data')]) &&
    chownSync(site.root, application, application)

  it('is rolled back before the database is copied', async () => {
    leave(site.database)
    expect((await site.run(['database'])).result).toMatchObject({ outcome: 'succeeded' })
    expect(existsSync(`${site.database}-journal`)).toBe(false)
  })

  it.runIf(root)('deletes no file that only root may delete, during a backup', async () => {
    leave(site.database, other)
    giveAway()
    await site.run(['database'])
    expect(existsSync(other)).toBe(true)
  })

  it('deletes no file, when a backup with such a journal is verified', async () => {
    const backup = site.backup('cvd_backup_20260110_120000.db')
    leave(backup, other)
    const { result } = await site.run(['verify', backup])
    expect(existsSync(other)).toBe(true)
    expect(result.message).toContain('inconclusive: 1')
  })

  it('is rolled back in the extracted copy if it names no other file', async () => {
    const backup = site.backup('cvd_backup_20260110_120000.db')
    leave(backup)
    expect((await site.run(['verify', backup])).result).toMatchObject({ outcome: 'succeeded' })
  })
})
