/** The settings of a site, which every console shares. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

describe('the policy', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  it('loses no change when several consoles edit it at once', async () => {
    const changes = { health_timeout: '31', busy_timeout: '3100', writer_block_limit: '17', health_status: '204' }
    // Each pauses between reading and writing.
    const slow = `eval "true_$(declare -f write_whole)"; write_whole() { sleep 0.3; true_write_whole "$@"; }
      flock() { [[ $1 != -w ]] || shift 2; command flock "$@"; } # and waits for the others, however long`
    const pairs = Object.entries(changes).map(([key, value]) => `${key}=${value}`)
    const answers = await Promise.all(pairs.map((pair) => site.run(['policy', pair], { instead: slow })))
    expect(answers.map(({ result }) => result.outcome)).toEqual(pairs.map(() => 'succeeded'))
    expect((await site.run(['policy'])).result.data).toMatchObject({ policy: changes })
  })

  it.each([
    ['nobody-of-here:root', "there is no user 'nobody-of-here' on this server"],
    ['root:nogroup-of-here', "there is no group 'nogroup-of-here' on this server"],
  ])('takes no owner that does not exist: %s', async (owner, words) => {
    for (const more of [[], ['--try']]) {
      const { result, exitCode } = await site.run(['policy', ...more, 'health_timeout=31', `owner=${owner}`])
      expect([result.code, result.message, exitCode]).toEqual(['usage', `policy: owner: ${words}`, 2])
    }
    expect((await site.run(['policy'])).result.data).toMatchObject({ policy: { owner: '', health_timeout: '60' } })
    expect((await site.run(['policy', 'owner=root:root'])).result.code).toBe('ok')
    expect((await site.run(['policy', 'owner='])).result.code).toBe('ok')
  })

  const refused = {
    ...{ verify_budget: ['1441', '-1', '08', '1e2', ''], verify_within: ['0', '10000', ' 3', '3d'] },
    ...{
      alert_min_size: ['1M', '-0', '1000000000000000'],
      alert_change: ['10000', '50%'],
      alert_runway: ['ten', '014'],
    },
    ...{
      alert_lock: ['0', '12345678'],
      quiet_hours: ['22-24', '7-22', '22-22', '22-07 ', 'off'],
      schedule_monitor: ['hourly', 'every 5h'],
    },
    health_timeout: ['a[$(touch HOSTILE)]', '1\n2', `1${'0'.repeat(130_000)}`],
    key_tables: ["users'; DROP TABLE users; --", 'users\tdevices', 'Geräte', 'a'.repeat(4097)],
    root: ['/opt/cvd\nservice=sshd', '/opt/\u0007', `/${'a'.repeat(100_000)}`, '../cvd'],
  }
  const accepted = {
    ...{
      verify_budget: '0',
      verify_within: '9999',
      alert_min_size: '999999999999999',
      alert_change: '0',
      alert_runway: '0',
    },
    ...{ alert_lock: '9999999', quiet_hours: '22-07', schedule_monitor: 'every 4h' },
  }

  it('refuses hostile and mistaken values, each with its key, and changes nothing', async () => {
    const before = await site.run(['policy'])
    const pairs = Object.entries(refused).flatMap(([key, values]) => values.map((value) => [key, value] as const))
    for (const [key, value] of pairs) {
      const { result, exitCode } = await site.run(['policy', 'busy_timeout=77', `${key}=${value}`])
      expect([result.code, result.message.startsWith(`policy: ${key}: `), exitCode], value.slice(0, 80)).toEqual([
        'usage',
        true,
        2,
      ])
    }
    expect((await site.run(['policy'])).result.data).toEqual(before.result.data)
    const good = Object.entries(accepted).map(([key, value]) => `${key}=${value}`)
    expect((await site.run(['policy', ...good])).result.data).toMatchObject({ policy: accepted })
  })
})
