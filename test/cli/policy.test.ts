/** The policy on the command line: values and where they come from, profiles, and a copy to another site. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { policyAnswer } from '../../src-shared/domain/kit-site.ts'
import { copiedKeys, policyProfiles } from '../../src-shared/domain/policy-profiles.ts'
import { CliSite, cliSiteLacks } from '../support/cli-site.ts'

describe.skipIf(cliSiteLacks !== '')(`the policy on the command line ${cliSiteLacks}`, () => {
  let site: CliSite
  let other: CliSite
  beforeAll(async () => {
    ;[site, other] = await Promise.all([CliSite.added(), CliSite.open()])
    const { code, result } = await site.cli.json(['site', 'add', 'Harbour', ...other.login, ...other.accept()])
    if (code !== 0) throw new Error(result.message)
  })
  afterAll(() => Promise.all([site?.[Symbol.asyncDispose](), other?.[Symbol.asyncDispose]()]))

  const policy = async (name: string, ...words: string[]) => {
    const { code, result } = await site.cli.json(['policy', name, ...words])
    return { code, message: result.message, answer: policyAnswer.parse(result.data) }
  }

  test('shows each value, whether it was set, what is wrong with it, and by whom it was changed last', async () => {
    const { code, message } = await policy('Depot', 'retention_database=days 7 most 10', '--reason', 'too many')
    expect([code, message]).toEqual([
      0,
      expect.stringMatching(/^The policy of Depot was changed\. Last changed .* by /),
    ])
    const { stdout } = await site.cli.run(['policy', 'Depot'])
    expect(stdout).toMatch(/^retention_database +days 7 most 10 +set$/m)
    expect(stdout).toMatch(/^schedule_database +every 2h +default$/m)
    expect(stdout).toMatch(/^warning: 12 a day for 7 days are more than 10 files: .* are kept for 0\.8 days\. Raise /m)
  })

  test('a change of a version that is no more is refused, and says what the other one changed', async () => {
    const { answer } = await policy('Depot')
    expect((await policy('Depot', 'backup_max_age=7200')).code).toBe(0)
    const { code, result } = await site.cli.json([
      'policy',
      'Depot',
      'backup_max_age=9000',
      '--expect',
      answer.version ?? '',
    ])
    expect([code, result.code]).toEqual([4, 'conflict'])
    expect(result.message).toContain("meanwhile: backup_max_age is now '7200'.")
    expect(result.data).toMatchObject({ policy: { backup_max_age: '7200' } })
  })

  test.each([
    [['backup_max_age']],
    [['backup_max_age=soon']],
    [['no_such_key=1']],
    [['profile']],
    [['profile', 'best']],
    [['copy']],
    [['copy', 'Depot']],
  ])('what cannot be done is refused, and changes nothing: %j', async (words) => {
    const before = readFileSync(join(site.demo.env.CVD_BACKUP_STATE ?? '', 'policy'), 'utf8')
    expect(await site.cli.json(['policy', 'Depot', ...words])).toMatchObject({ code: 2, result: { code: 'usage' } })
    expect(readFileSync(join(site.demo.env.CVD_BACKUP_STATE ?? '', 'policy'), 'utf8')).toBe(before)
  })

  test('is copied to another site without what belongs to one server', async () => {
    const before = await policy('Harbour')
    await policy('Depot', 'health_timeout=33', 'key_tables=users', 'quiet_hours=22-07')
    await policy('Depot', 'profile', 'archive')
    const { code, result } = await site.cli.json(['policy', 'Depot', 'copy', 'Harbour'])
    expect([code, result.message]).toEqual([
      0,
      'The policy of Depot was copied to 1 site, except for what belongs to one server.',
    ])
    const [depot, after] = [(await policy('Depot')).answer.policy, (await policy('Harbour')).answer.policy]
    expect(depot).toMatchObject(policyProfiles.archive)
    for (const [key, value] of Object.entries(after)) {
      const copied = copiedKeys.some((one) => one === key)
      expect([key, value]).toEqual([key, copied ? depot[key] : before.answer.policy[key]])
    }
    expect([after.quiet_hours, after.health_timeout, depot.health_timeout]).toEqual(['22-07', '60', '33'])
    const again = await site.cli.json(['policy', 'Depot', 'copy', 'Harbour'])
    expect(again.result.data).toEqual([{ site: 'Harbour', ok: true, value: { changed: [] } }])
    expect((await site.cli.json(['policy', 'Depot', 'copy', 'Harbour', 'Nowhere'])).result.code).toBe('no-such-site')
  })
})
