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
  const prune = (before = '') => site.library(`state_ready\n${before}\noperations_prune`)
  const forget = () => site.library('state_ready; state_prune')
  const ids = async () => (await list('--limit', '9999')).map(({ id }) => id).reverse()
  const old = (number: number, more: Fake = {}) =>
    Array.from({ length: number }, (_, turn) => operation({ at: Date.now() - 200 * DAY + turn * 1000, ...more }))

  it('become rows after two weeks, except the newest hundred, and those that are unfinished or undoable', async () => {
    const safety = `${site.database}.pre-restore.20260101_000000`
    writeFileSync(safety, '')
    const [undoable] = old(1, { command: 'restore', journal: `safety=${safety}\n` })
    const [unfinished] = old(1, { command: 'restore', outcome: 'failed', journal: 'phase=staged\n' })
    const [interrupted] = old(1, { outcome: null })
    writeFileSync(join(site.state, 'unfinished'), `${unfinished}\n`)
    const gone = old(30, {
      command: 'restore',
      about: ['reason=a "quote", \u00e4 % and \x1b[31m', 'token=abc'],
      journal: `part=database\nbackup=/b/x%20y.db\nphase=committed\nsafety=${safety}.gone\n`,
    })
    const weeks = Array.from({ length: 10 }, (_, turn) => operation({ at: Date.now() - 13 * DAY + turn * 1000 }))
    const newest = Array.from({ length: 100 }, (_, turn) => operation({ at: Date.now() - turn * 1000 }))
    const before = await list('--limit', '9999')
    prune()
    expect(kept()).toEqual([undoable, unfinished, interrupted, ...weeks, ...newest].sort())
    // Nothing of what is listed is lost.
    expect(await list('--limit', '9999')).toEqual(before)
    expect(await list('--id', gone[0] ?? '')).toEqual(before.filter(({ id }) => id === gone[0]))
    expect((await list('--token', 'abc', '--limit', '9999')).map(({ id }) => id)).toEqual([...gone].reverse())
    expect((await site.run(['follow', gone[0] ?? ''])).result).toMatchObject({ code: 'not-found' })
  }, 60_000)

  it('stay folders while the disk with the safety copies may be unmounted', () => {
    const missingDisk = old(130, {
      command: 'restore',
      journal: 'safety=/nowhere/cvd.db.pre-restore.20260101_000000\n',
    })
    prune()
    expect(kept()).toEqual(missingDisk)
  }, 60_000)

  it('are listed once after any interruption; leftovers go with the next batch', async () => {
    const all = old(130)
    expect(() => prune('rm() { kill -KILL "$BASHPID"; }')).toThrow()
    expect(kept()).toEqual(['.old', ...all.slice(30)])
    expect(await ids()).toEqual(all)
    const more = old(30, { at: Date.now() })
    expect(() => prune('mkdir() { [[ $2 != */.old ]] || kill -KILL "$BASHPID"; command mkdir "$@"; }')).toThrow()
    expect(kept()).toEqual([...all.slice(30), ...more].sort())
    expect(await ids()).toEqual([...all, ...more])
    prune()
    expect(kept()).toEqual([...all.slice(60), ...more].sort())
    expect(await ids()).toEqual([...all, ...more])
  }, 60_000)

  it('stay folders if they cannot be recorded', () => {
    const all = old(130)
    expect(() => prune('state_sqlite() { cat >/dev/null; return 1; }')).toThrow()
    expect(kept()).toEqual(all)
  }, 60_000)

  it('are forgotten beyond a thousand and ninety days', async () => {
    const all = [...old(1230), ...old(30, { at: Date.now() - 80 * DAY })]
    for (let turn = 0; turn < 4; turn += 1) prune()
    expect(kept()).toHaveLength(100)
    forget()
    // A thousand rows, and the folders.
    expect(await ids()).toEqual(all.slice(-1100))
    site.sql(join(site.state, 'state.db'), "UPDATE pruned SET at = 0; DELETE FROM operation WHERE id NOT LIKE '%';")
    const young = old(1100, { at: Date.now() - 80 * DAY })
    for (let turn = 0; turn < 4; turn += 1) prune()
    forget()
    expect(await ids()).toEqual([...all.slice(-30), ...young].sort())
  }, 120_000)

  it('become rows by later operations', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    old(130)
    for (const _ of [1, 2]) expect((await site.run(['verify', '--all'])).result.outcome).toBe('succeeded')
    expect(kept()).toHaveLength(100)
  }, 60_000)
})
