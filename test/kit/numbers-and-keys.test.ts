/** Foreign input: numbers that bash would misread, and lines without a key. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toEarlierState } from '../support/kit/earlier-state.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const name = 'cvd_backup_20260110_120000.db.gz'
const hostile = ['', '=', '=x', '] =x', 'x[$(touch pwned)]=1', '$(touch pwned)=1', '*=1', "'=1", 'a b=1']

describe.concurrent('a number with a leading 0', () => {
  // The owner of the data answers in these functions, and may answer anything.
  const answers = {
    'in what the owner says of the database':
      'live_facts() { printf "%s\\n" size=09 wal=08 rollback=00 header=yes pageSize=0512 journal=wal userVersion=-08 state=there; }',
    'in what the owner lists':
      'folders_listed() { printf "09\\t0189.5\\t7\\t%s\\n010\\t08\\t8\\t%s\\n" "$BACKUPS/a.db.gz" "$BACKUPS/cvd_backup_20260110_120000.db.gz"; }',
    'in the rows that the owner counts':
      'look_tables() { printf "rows=%s\\t%s\\n" users 08 devices 007; printf "version=-08\\n"; }',
    'in what the owner says of the health': 'look_health() { printf "health=099 0123 - x\\n"; }',
  }
  it.for(Object.entries(answers))('%s spoils no answer', async ([, instead], { onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    site.backup(name)
    const { result, stderr } = await site.run(['inspect'], { instead })
    expect(result).toMatchObject({ outcome: 'succeeded', data: { database: { present: expect.anything() } } })
    expect(stderr).toBe('')
  })

  it('never occurs in the facts about an archive, a database and its rows', async ({ onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    const instead = `eval "true_$(declare -f database_check_say)"
      database_check_say() { true_database_check_say "$1" | sed 's/^fk=/fk=08/; s/^size=/size=0/; s/\\(^table\\t[^\\t]*\\t\\)/\\108/'; }`
    const { result, stderr } = await site.run(['verify', site.backup(name)], { instead })
    expect(result).toMatchObject({ outcome: 'succeeded', data: { backups: [{ evidence: { rows: 0 } }] } })
    expect(stderr).toBe('')
  })

  it('is not reported for a file dated before 1970 or in its first second', async ({ onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    utimesSync(site.backup('a.db.gz'), 0, 0.5)
    utimesSync(site.backup('b.db.gz'), 0, new Date(-9000))
    const { result } = await site.run(['inspect'])
    const { backups } = result.data as { backups: readonly { path: string; modifiedAt: number }[] }
    expect(backups.map(({ modifiedAt }) => modifiedAt).sort()).toEqual([0, 500])
  })

  it('is read as decimal in an offset to follow from', async ({ onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    site.backup(name)
    await site.run(['verify', name])
    const [id = ''] = readdirSync(join(site.state, 'operations'))
    const events = readFileSync(join(site.state, 'operations', id, 'events'), 'utf8')
    const from = events.indexOf('\n') + 1
    expect(site.library('EVENTS_FD=1; run_follow "$1" --from "$2"', [id, `0${from}`])).toBe(events.slice(from))
  })
})

describe.concurrent('a key that is empty or a command', () => {
  it.for(hostile)('is no setting: %j', async (setting, { onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    for (const words of [[setting], ['--try', setting]]) {
      const { result, stderr } = await site.run(['policy', ...words])
      expect([result.code, stderr]).toEqual(['usage', ''])
    }
  })

  it("is ignored in the policy, in the lock's holder file and in a fingerprint", async ({ onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    const path = site.backup(name)
    mkdirSync(site.state, { recursive: true, mode: 0o711 })
    site.fingerprint(path)
    toEarlierState(site, [path])
    const lines = `${hostile.join('\n')}\n`
    writeFileSync(join(site.state, 'policy'), `${lines}busy_timeout=1234\n${lines}`)
    writeFileSync(join(site.state, 'lock.holder'), `${lines}who=me\n`)
    appendFileSync(join(site.state, 'fingerprints', name), lines)
    for (const words of [['inspect'], ['show', name], ['verify', name], ['policy']]) {
      const { result, stderr } = await site.run(words)
      expect([words[0], result.outcome, stderr]).toEqual([words[0], 'succeeded', ''])
    }
    expect((await site.run(['policy'])).result.data).toMatchObject({ policy: { busy_timeout: '1234' } })
    expect(readdirSync(site.root).includes('pwned')).toBe(false)
  })
})
