/** What people hear of at once, and also where monitoring cannot tell them. */
import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { alertSite, MINUTE } from '../support/kit/alert-site.ts'

const root = process.getuid?.() === 0

describe.runIf(root)('people hear at once', () => {
  it('of a run that failed, and not only when monitoring looks next', async () => {
    const one = await alertSite('run_config() { fail internal "It is broken." "" ""; }')
    await one.listen()
    expect((await one.run('scheduled', 'config')).result.code).toBe('internal')
    expect(one.told(/run-failed/)).toEqual([['new run-failed:config']])
  })

  it('of monitoring that failed, though nothing could be recorded, and not again with each look', async () => {
    const one = await alertSite('run_monitor() { fail no-space "There is no room." "" ""; }')
    await one.listen()
    expect((await one.run('scheduled', 'monitor')).result.code).toBe('no-space')
    expect(one.told()).toEqual([['new monitoring-failed']])
    await one.run('scheduled', 'monitor')
    expect(one.told()).toEqual([])
  })

  it('of an operation that could not even begin, for want of room', async () => {
    const one = await alertSite('printf() { [[ "$*" != *command=monitor* ]] && builtin printf "$@"; }')
    await one.listen()
    expect((await one.run('scheduled', 'monitor')).result).toMatchObject({ outcome: 'failed', code: 'no-space' })
    expect(one.told()).toEqual([['new monitoring-failed']])
    const folder = join(one.site.state, 'operations')
    expect(readdirSync(folder).filter((name) => name.startsWith('.new-'))).toEqual([])
  })

  it('of an installed kit that others can write, although nothing runs with it', async () => {
    const one = await alertSite()
    await one.listen()
    chmodSync(join(one.site.state, 'installed'), 0o770)
    expect((await one.goOff('config')).code).not.toBe(0)
    expect(one.told()).toEqual([['new kit-changed']])
    await one.goOff('monitor')
    expect(one.told()).toEqual([])
  })

  it('of a backup that fails the verification that a person asked for', async () => {
    const one = await alertSite()
    const path = one.backup(90 * MINUTE, '')
    await one.listen()
    expect((await one.run('verify', path)).result).toMatchObject({ code: 'integrity' })
    expect(one.told(/damaged/)).toEqual([[`new backup-damaged:${path}`]])
  })

  it('of a damaged backup, whatever was verified since', async () => {
    const one = await alertSite()
    const path = one.backup(90 * MINUTE, 'failed')
    await one.must('monitor')
    expect((await one.alerts()).open.map(({ id }) => id)).toContain(`backup-damaged:${path}`)
    expect((await one.alerts()).open.map(({ id }) => id)).not.toContain('verification-failed:database')
  })
})
