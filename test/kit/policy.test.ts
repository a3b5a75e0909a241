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
})
