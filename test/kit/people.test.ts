/** The kit as used by a person at the server: text instead of events. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { operationEntry } from '../../src-shared/domain/kit-site.ts'
import { WorkingSite } from '../support/kit/working-site.ts'
import { ScratchSite } from '../support/scratch-site.ts'

describe('a person at a terminal', () => {
  it('gets a list of all commands, and the usage of each', async ({ onTestFinished }) => {
    const site = new ScratchSite()
    onTestFinished(() => site.remove())
    const { stdout } = await site.asPerson('help')
    const commands =
      'inspect database verify show plan restore undo recover delete operations follow cancel policy hold release'
    for (const command of commands.split(' ')) {
      expect(stdout).toMatch(new RegExp(`^ {2}.*\\b${command} {2}`, 'm'))
      const help = await site.asPerson(command, '--help')
      expect([help.code, new RegExp(`^(.* | )?${command}\\b`).test(help.stdout), help.stderr]).toEqual([0, true, ''])
    }
    expect((await site.asPerson('nonsense')).code).toBe(2)
    expect((await site.asPerson('version')).stdout).toMatch(/^cvd-backup [0-9a-f]{64}\n$/)
  })

  it('backs up, plans, restores and reviews it all in words', async ({ onTestFinished }) => {
    const site = new WorkingSite()
    onTestFinished(() => site.remove())
    const made = await site.asPerson('database')
    expect([made.code, made.stderr]).toEqual([0, ''])
    const [, file = ''] = /The database was backed up to (\S+)\./.exec(made.stdout) ?? []
    expect(existsSync(file)).toBe(true)
    site.sql(site.database, "INSERT INTO routes VALUES (3, 'after the backup')")

    const plan = await site.asPerson('plan', 'restore', 'database', file)
    expect(plan.stdout).toContain('succeeded: A restore is possible.')
    expect((await site.asPerson('verify', file)).stdout).toContain('succeeded: Verified: 1 of 1.')
    const bare = await site.asPerson('restore', 'database', file, '--confirm', 'somewhere else', '--reason', 'trial')
    expect([bare.code, bare.stdout]).toEqual([4, expect.stringContaining('must be the name of this server')])

    const restored = await site.asPerson('restore', 'database', file, '--confirm', hostname(), '--reason', 'trial')
    expect([restored.code, restored.stderr]).toEqual([0, ''])
    expect(restored.stdout).toContain('succeeded: The database was restored from')

    const past = await site.asPerson('operations')
    for (const command of ['database', 'verify', 'restore'])
      expect(past.stdout).toMatch(new RegExp(`Z-${command}-\\w+ +ended`))
    const { operations } = await site.ask(
      ['operations', '--limit', '2'],
      z.looseObject({ operations: z.array(operationEntry) }),
    )
    expect(operations.map(({ command }) => command).sort()).toEqual(['restore', 'verify'])

    const look = await site.asPerson('inspect')
    expect(look.stdout).toMatch(/^service +cvd active/m)
    expect(look.stdout).toMatch(/^health .*: 200, \d+ ms$/m)
    expect(readFileSync(`${site.root}/logs/restore.log`, 'utf8')).toContain('Database restored from')
  })
})
