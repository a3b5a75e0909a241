/** The rule of verification, over many nights: all history is read in time, and no night takes longer than its budget. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { verificationRule } from '../../src-main/kit/rules.ts'
import { runRule } from '../../src-main/store/rules.ts'
import { insertsOf, numbers } from '../support/random-retention.ts'

const DAY = 86_400_000
const MINUTE = 60_000
const PACE = 1_000_000 // bytes a second

interface Backup {
  readonly path: string
  readonly kind: string
  readonly size: number
  readonly taken_at: number
  readonly usable: number
  judged_at: number | null
}

const tablesOf = (backups: readonly Backup[], now: number, minutes: number, pace: number | null, site = 0) => ({
  verification_site: [{ site, now, budget: minutes * MINUTE, pace }],
  verification_backup: backups.map((one) => ({ ...one, site, scheduled: Number(one.kind !== 'systemd') })),
})
const choose = (backups: readonly Backup[], now: number, minutes: number) =>
  runRule(verificationRule(), tablesOf(backups, now, minutes, PACE)).map(({ path, turn }) => ({
    path: String(path),
    turn,
  }))
const seconds = (chosen: readonly Backup[]) => chosen.reduce((sum, { size }) => sum + size / PACE, 0)

/** A site at which backups are made and deleted every day. `share`: how much of the budget the whole history takes in the days allowed. */
function nights(seed: number, share: number, count: number, within: number) {
  const random = numbers(seed)
  const minutes = 1 + Math.floor(random() * 60)
  const kept = 10 + Math.floor(random() * 30)
  const kinds = random() < 0.5 ? ['database'] : ['database', 'application', 'system']
  // One that does not fit ends a night: so the largest is small beside the budget.
  const mean = (share * (within - 1) * minutes * 60 * PACE) / (kept * kinds.length)
  const size = () => Math.floor(Math.min(mean * (0.5 + random()), (minutes * 60 * PACE) / (share > 1 ? 1 : 10)))
  let backups: Backup[] = []
  const made = (day: number, late: boolean) =>
    kinds.map((kind) => ({
      path: `/${kind}/${day}${late ? '-late' : ''}`,
      kind,
      size: size(),
      taken_at: day * DAY,
      usable: 1,
      judged_at: null,
    }))
  const oldest: number[] = []
  const used: number[] = []
  for (let day = 0; day < count; day++) {
    backups = [...backups, ...made(day, false)].filter(({ taken_at }) => taken_at > (day - kept) * DAY)
    const now = day * DAY + DAY / 2
    const chosen = choose(backups, now, minutes)
    const byPath = new Map(backups.map((one) => [one.path, one]))
    const read = (turn: string) => chosen.flatMap((one) => (one.turn === turn ? (byPath.get(one.path) ?? []) : []))
    used.push(seconds(read('budget')) / 60 / minutes)
    for (const one of [...read('newest'), ...read('budget')]) one.judged_at = now
    oldest.push(Math.max(...backups.map((one) => (now - (one.judged_at ?? one.taken_at)) / DAY)))
  }
  return { oldest, used }
}

describe('over 40 sites and 90 nights each', () => {
  it.each([7, 30])('everything is read within %i days where the budget is large enough', (within) => {
    for (let seed = 0; seed < 20; seed++) {
      const { oldest, used } = nights(seed, 0.6, 90, within)
      expect([seed, Math.max(...oldest) <= within]).toEqual([seed, true])
      expect(Math.max(...used)).toBeLessThanOrEqual(1)
    }
  })

  it('not everything is, where it is far too small, and the rule does what it can', () => {
    const late = [...Array(10).keys()].filter((seed) => Math.max(...nights(seed, 6, 40, 7).oldest) > 7)
    expect(late.length).toBeGreaterThan(3)
  })
})

describe('one night', () => {
  const backup = (path: string, days: number, judged: number | null, more: Partial<Backup> = {}): Backup => ({
    ...{
      path,
      kind: 'database',
      size: 60 * PACE,
      taken_at: -days * DAY,
      usable: 1,
      judged_at: judged === null ? null : -judged * DAY,
    },
    ...more,
  })
  const newest = [1, 2, 3, 4, 5].map((days) => backup(`/new/${days}`, days, 0))
  const beyond = (minutes: number, ...backups: Backup[]) =>
    choose([...newest, ...backups], 0, minutes).flatMap(({ path, turn }) => (turn === 'budget' ? path : []))

  it('begins with what was never verified, or in the future', () => {
    const backups = [backup('/old', 9, 8), backup('/never', 6, null), backup('/future', 7, -1), backup('/recent', 8, 1)]
    expect(beyond(4, ...backups)).toEqual(['/never', '/future', '/old', '/recent'])
    expect(beyond(2, ...backups)).toEqual(['/never', '/future'])
    expect(beyond(0, ...backups)).toEqual([])
  })

  it('reads one that is larger than the budget, instead of never', () => {
    const huge = backup('/huge', 9, null, { size: 1e15 })
    expect(beyond(1, huge, backup('/small', 8, 3))).toEqual(['/huge'])
    expect(beyond(2, backup('/first', 8, null), huge, backup('/small', 8, 3))).toEqual(['/first'])
  })

  it('takes the newest five of each kind that the schedule makes, of those that a restore could use', () => {
    const turns = choose(
      [
        ...newest,
        backup('/useless', 0, null, { usable: 0 }),
        backup('/unit', 0, 1, { kind: 'systemd' }),
        backup('/app', 40, 30, { kind: 'application' }),
      ],
      0,
      0,
    )
    expect(turns.filter(({ turn }) => turn === 'newest').map(({ path }) => path)).toEqual([
      ...['/app', '/new/1', '/new/2', '/new/3', '/new/4', '/new/5'],
    ])
  })
})

it('is the same by the sqlite3 program', () => {
  const random = numbers(5)
  const sites = [...Array(300).keys()].map((site) => {
    const backups = [...Array(Math.floor(random() * 25)).keys()].map(
      (n): Backup => ({
        ...{
          path: `/${n}`,
          kind: ['database', 'systemd', 'system'][Math.floor(random() * 3)] ?? '',
          size: Math.floor(random() * 1e9),
        },
        ...{ taken_at: Math.floor(random() * 20) * DAY, usable: Number(random() < 0.9) },
        judged_at: random() < 0.3 ? null : Math.floor(random() * 22) * DAY,
      }),
    )
    return tablesOf(
      backups,
      20 * DAY,
      Math.floor(random() * 30),
      random() < 0.3 ? null : Math.floor(random() * 1e7),
      site,
    )
  })
  const data = {
    verification_site: sites.flatMap((one) => one.verification_site),
    verification_backup: sites.flatMap((one) => one.verification_backup),
  }
  const { tables, select } = verificationRule()
  const text = execFileSync('sqlite3', ['-batch', '-bail', ':memory:'], {
    input: `${tables}\n${insertsOf(data)}${select}`,
    encoding: 'utf8',
  })
  const ours = runRule({ tables, select }, data).map((row) => Object.values(row).join('|'))
  expect(ours.length).toBe(data.verification_backup.length)
  expect(text.trimEnd().split('\n')).toEqual(ours)
})
