/** The list of operations, whatever their number, and which of them are kept for how long. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { operationEntry } from '../../src-shared/domain/kit-site.ts'
import { missing } from '../support/prerequisites.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const operationList = z.object({ operations: z.array(operationEntry) })
let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite()
  mkdirSync(join(site.state, 'operations'), { recursive: true, mode: 0o700 })
})
afterEach(() => site.remove())

const DAY = 86_400_000
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
const folder = (id: string) => join(site.state, 'operations', id)
const kept = () => readdirSync(join(site.state, 'operations')).sort()

interface Fake {
  readonly at?: number
  readonly command?: string
  readonly about?: readonly string[]
  readonly startedIn?: string
  readonly outcome?: string | null
  readonly journal?: string
}
let made = 0
function operation({
  at = Date.now(),
  command = 'verify',
  about = [],
  startedIn = 'another',
  outcome = 'succeeded',
  journal,
}: Fake = {}): string {
  made += 1
  const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const id = `${time}-${command}-${made.toString(16).padStart(6, '0')}`
  mkdirSync(folder(id))
  const lines = [
    `command=${command}`,
    `startedAt=${at}`,
    `boot=${startedIn}`,
    'root=',
    'who=me',
    'reason=why',
    ...about,
  ]
  writeFileSync(join(folder(id), 'about'), `${lines.join('\n')}\n`)
  writeFileSync(join(folder(id), 'alive'), '')
  if (outcome !== null) {
    writeFileSync(join(folder(id), 'outcome'), `outcome=${outcome}\ncode=ok\nendedAt=${at + 5}\nmessage=It is done.\n`)
  }
  if (journal !== undefined) writeFileSync(join(folder(id), 'journal'), journal)
  return id
}
const list = async (...args: string[]) => (await site.ask(['operations', ...args], operationList)).operations

describe('operations', () => {
  it('lists each one with its state, newest first', async () => {
    const at = Date.now()
    const safety = `${site.database}.pre-restore.20260101_000000`
    writeFileSync(safety, '')
    const ended = operation({
      at: at - 4000,
      command: 'restore',
      about: ['reason=a "quote", a \\ and \x1b[31m', 'token=abc'],
      journal: `format=2\nkit=x\npart=database\nbackup=/b/x%20y.db\nphase=staged\nphase=swap\ttorn\nphase=committed\nsafety=${safety}\n`,
    })
    const cutOff = operation({ at: at - 3000, command: 'restore', journal: `phase=committed\nsafety=${site.database}` })
    const other = operation({ at: at - 2000, outcome: null })
    const dead = operation({ at: at - 1000, outcome: null, startedIn: boot })
    writeFileSync(join(folder(dead), 'pid'), '1\n')
    const young = operation({ at, outcome: null, startedIn: boot })
    const found = await list()
    expect(found.map(({ id, state, undoable }) => [id, state, undoable])).toEqual([
      [young, 'running', false],
      [dead, 'interrupted', false],
      [other, 'interrupted', false],
      [cutOff, 'ended', false],
      [ended, 'ended', true],
    ])
    expect(found.at(-1)).toEqual({
      id: ended,
      command: 'restore',
      state: 'ended',
      startedAt: at - 4000,
      endedAt: at - 3995,
      who: 'me',
      reason: 'a "quote", a \\ and \x1b[31m',
      outcome: 'succeeded',
      code: 'ok',
      message: 'It is done.',
      phase: 'committed',
      backup: '/b/x%20y.db',
      undoable: true,
      token: 'abc',
      part: 'database',
    })
  })

  it('lists only those requested: by number, by id, by token', async () => {
    const at = Date.now()
    const ids = [0, 1, 2, 3].map((turn) => operation({ at: at + turn * 1000, about: [`token=t${turn}`] }))
    const listed = async (...args: string[]) => (await list(...args)).map(({ id }) => id)
    expect(await listed('--limit', '2')).toEqual([ids[3], ids[2]])
    expect(await listed('--limit', '0')).toEqual([])
    expect(await listed('--id', ids[1] ?? '')).toEqual([ids[1]])
    expect(await listed('--id', '20260101T000000Z-verify-ffffff')).toEqual([])
    expect(await listed('--id', '../x')).toEqual([])
    expect(await listed('--token', 't0')).toEqual([ids[0]])
    expect(await listed('--token', 'nobody')).toEqual([])
    expect((await site.run(['operations', '--limit', 'x'])).result.code).toBe('usage')
    expect((await site.run(['operations', '--id'])).result.code).toBe('usage')
  })

  const lacks = missing({ programs: ['unshare'] })
  it.skipIf(lacks)(
    `of ten thousand cost as many processes as of ten${lacks && ` (skipped: lacks ${lacks})`}`,
    async () => {
      // In a namespace of its own, the last PID shows how many processes there were.
      const count = (limit: number) => {
        const user = process.getuid?.() === 0 ? '' : '--user --map-root-user'
        const kit = `source <(sed '$d' "$KIT"); KIT_SHA256=test; EVENTS_FD=1
        read -r before </proc/sys/kernel/ns_last_pid
        (run_operations --limit ${limit}) >"$STATE/answer"
        read -r after </proc/sys/kernel/ns_last_pid; echo "$((after - before))"`
        writeFileSync(join(site.folder, 'count'), kit)
        const text = site.library(
          `KIT=$KIT unshare ${user} --pid --fork --mount-proc /bin/bash --noprofile --norc "$1"`,
          [join(site.folder, 'count')],
        )
        const answer = readFileSync(join(site.state, 'answer'), 'utf8').trim().split('\n').at(-1) ?? ''
        const { data } = z.object({ data: operationList }).parse(JSON.parse(answer))
        return { processes: Number(text), listed: data.operations.length }
      }
      for (let turn = 0; turn < 10; turn += 1)
        operation({ outcome: turn % 2 ? 'succeeded' : null, journal: 'phase=staged\n' })
      const few = count(100_000)
      expect(few.listed).toBe(10)
      for (let turn = 10; turn < 10_000; turn += 1) {
        operation({ at: Date.now() - turn * 1000, outcome: turn % 2 ? 'succeeded' : null, journal: 'phase=staged\n' })
      }
      const many = count(100_000)
      expect(many.listed).toBe(10_000)
      expect(many.processes).toBe(few.processes)
      expect(few.processes).toBeLessThan(15)
    },
    120_000,
  )
})

describe('old operations', () => {
  const prune = (before = '') => site.library(`${before}\noperations_prune`)
  const old = (number: number, more: Fake = {}) =>
    Array.from({ length: number }, (_, turn) => operation({ at: Date.now() - 200 * DAY + turn * 1000, ...more }))

  it('are pruned beyond a thousand and ninety days, unless unfinished or undoable', () => {
    const safety = `${site.database}.pre-restore.20260101_000000`
    writeFileSync(safety, '')
    const [undoable] = old(1, { command: 'restore', journal: `safety=${safety}\n` })
    const [unfinished] = old(1, { command: 'restore', outcome: 'failed', journal: 'phase=staged\n' })
    const [interrupted] = old(1, { outcome: null })
    writeFileSync(join(site.state, 'unfinished'), `${unfinished}\n`)
    const gone = old(30, { command: 'restore', journal: `safety=${safety}.gone\n` })
    const ninety = Array.from({ length: 10 }, (_, turn) => operation({ at: Date.now() - 89 * DAY + turn * 1000 }))
    const newest = Array.from({ length: 1000 }, (_, turn) => operation({ at: Date.now() - turn * 1000 }))
    prune()
    expect(kept()).toEqual([undoable, unfinished, interrupted, ...ninety, ...newest].sort())
    expect(kept()).not.toContain(gone[0])
  }, 60_000)

  it('are kept if among the newest thousand, however old', () => {
    const ids = old(1030)
    prune()
    expect(kept()).toEqual(ids.slice(30))
  }, 60_000)

  it('stay while the disk with the safety copies may be unmounted', () => {
    const missingDisk = old(1030, {
      command: 'restore',
      journal: 'safety=/nowhere/cvd.db.pre-restore.20260101_000000\n',
    })
    prune()
    expect(kept()).toEqual(missingDisk)
  }, 60_000)

  it('are complete or gone after any interruption; leftovers go with the next batch', () => {
    const ids = old(1030)
    expect(() => prune('rm() { kill -KILL "$BASHPID"; }')).toThrow()
    expect(kept()).toEqual(['.old', ...ids.slice(30)])
    const more = old(30, { at: Date.now() })
    prune()
    expect(kept()).toEqual([...ids.slice(60), ...more].sort())
  }, 60_000)

  it('are removed by later operations', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    old(1030)
    expect((await site.run(['verify', '--all'])).result.outcome).toBe('succeeded')
    expect(kept()).toHaveLength(1000)
  }, 60_000)
})
