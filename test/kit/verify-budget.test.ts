/** A verification with a budget: the newest five of each kind, then the oldest verdicts, for so many minutes. */
import { basename } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

interface Report {
  readonly backups: readonly { readonly path: string; readonly verdict: string }[]
  readonly left: number
}

describe('a verification with a budget', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
    for (let day = 1; day <= 8; day++) site.backup(`cvd_backup_2026010${day}_120000.db.gz`)
  })
  afterEach(() => site.remove())
  const days = ({ backups }: Report) => backups.map(({ path }) => Number(/_2026010(\d)_/.exec(basename(path))?.[1]))
  const verify = async (minutes: string, instead = '') => {
    const { result, stderr } = await site.run(['verify', '--budget', minutes], { instead })
    expect([result.outcome, stderr]).toEqual(['succeeded', ''])
    return { ...(result.data as unknown as Report), message: result.message }
  }

  it('reads the newest five, then what was never verified, newest first, then the oldest verdict', async () => {
    const none = await verify('0')
    expect([days(none), none.left, none.message]).toEqual([
      [8, 7, 6, 5, 4],
      3,
      'Verified: 5 of 5; left for the next time: 3.',
    ])
    const all = await verify('1')
    expect([days(all), all.left]).toEqual([[8, 7, 6, 5, 4, 3, 2, 1], 0])
    await site.run(['verify', 'cvd_backup_20260103_120000.db.gz'])
    const again = await verify('1')
    expect(days(again).slice(5)).toEqual([2, 1, 3])
    // A kind that the schedule does not make has no newest five.
    await site.run(['policy', 'schedule_database=off'])
    expect(days(await verify('1')).length).toBe(8)
    expect((await site.run(['verify', '--budget', '1441'])).exitCode).toBe(2)
  })

  it('stops before the next one when the time is over, and goes on there the next time', async () => {
    // Each takes 20 minutes, by the clock.
    const slow = `eval "true_$(declare -f uptime_ms)"; eval "true_$(declare -f verify_one)"; PASSED=0
      uptime_ms() { true_uptime_ms; REPLY=$((REPLY + PASSED)); }
      verify_one() { true_verify_one "$@"; local REPLY_WAS=$REPLY; PASSED=$((PASSED + 1200000)); REPLY=$REPLY_WAS; }`
    const first = await verify('30', slow)
    expect([days(first), first.left]).toEqual([[8, 7, 6, 5, 4, 3, 2], 1])
    const second = await verify('1', slow)
    expect([days(second).slice(5), second.left]).toEqual([[1], 2])
  })

  it('reads at least one beyond the newest, however slow it is, and no more than fit by the pace of before', async () => {
    const said = site.library(
      `state_create; VERIFY_BUDGET=60000
       list=$(backup_list)
       { state_row site 1795749645000 60000 1; printf '%s\\n' "$list" | verify_rows; } | verify_ask | cut -f1 | sort | uniq -c
       state_ready; state_change "$PACE_ADD" state_record pace 5000 1000; verify_pace; echo "pace $REPLY"`,
    )
    expect(said.trim().split(/\s*\n\s*/)).toEqual(['1 budget', '2 later', '5 newest', '1 whole', 'pace 5000'])
  })
})
