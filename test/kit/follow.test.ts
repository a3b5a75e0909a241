import { statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

const id = '20260101T000000Z-verify-0a1b2c'

describe('the state of an operation', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
    site.library(
      `state_create; dir=$STATE/operations/$1; mkdir "$dir"; : >"$dir/alive"
       printf 'boot=%s\\nstartedAt=%s\\n' "$(</proc/sys/kernel/random/boot_id)" "$(date +%s%3N)" >"$dir/about"`,
      [id],
    )
  })
  afterEach(() => site.remove())

  const state = (before = '') =>
    site.library(`dir=$STATE/operations/$1; ${before}\noperation_state "$1"; printf %s "$REPLY"`, [id])

  it('is running while its worker lives or is about to begin', () => {
    expect(state()).toBe('running')
    expect(state('exec 7<"$dir/alive"; flock 7; : >"$dir/pid"')).toBe('running')
  })

  it('is interrupted when its worker has gone without an outcome, and ended when there is one', () => {
    expect(state(': >"$dir/pid"')).toBe('interrupted')
    expect(state(': >"$dir/outcome"')).toBe('ended')
  })

  it('is not interrupted if its worker begins or ends during the check', () => {
    expect(state('flock() { : >"$dir/pid"; }')).toBe('running')
    expect(state('flock() { : >"$dir/outcome"; }')).toBe('ended')
  })

  it('is reported completely even if the disk filled up while the result was recorded', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    const { events, result } = await site.run(['verify', '--all'])
    expect(result.outcome).toBe('succeeded')
    const operation = events[0]?.kind === 'hello' ? (events[0].operation ?? '') : ''
    const file = join(site.state, 'operations', operation, 'events')
    truncateSync(file, statSync(file).size - 10)
    expect((await site.run(['follow', operation])).result).toMatchObject({ outcome: 'succeeded', code: 'ok' })
  })
})
