// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/** A run of the schedule that finds somebody else at work. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lock, quick, type ScheduleSite, scheduleSite } from '../support/kit/schedule-site.ts'
import { waitUntil } from '../support/wait.ts'

const root = process.getuid?.() === 0

describe.runIf(root)('a run that finds the site busy', () => {
  /** Somebody backs the configuration up until `free` is called. */
  async function busy(wait: number): Promise<{ one: ScheduleSite; free: () => Promise<void>; waiting: () => boolean }> {
    const one = scheduleSite({
      instead: `${quick}
        run_config() { lock_site; : >"$STATE/held"; while [[ -e $STATE/held ]]; do sleep 0.05; done; succeed done null; }`,
    })
    await one.must('policy', `root=${one.site.root}`, `schedule_wait=${wait}`)
    await one.must('timers', 'install')
    const other = one.run('--who', 'a person', 'config')
    const held = join(one.site.state, 'held')
    await waitUntil('the other holds the lock', () => existsSync(held))
    const free = async () => {
      rmSync(held)
      await other
    }
    const folder = join(one.site.state, 'operations')
    const waiting = () =>
      readdirSync(folder).some((id) =>
        readFileSync(join(folder, id, 'readable'), 'utf8').includes('this one waits for it'),
      )
    return { one, free, waiting }
  }

  it('waits for it, and then runs', async () => {
    const { one, free, waiting } = await busy(60)
    const run = one.run('scheduled', 'database')
    await waitUntil('the run waits', waiting)
    // The same kind is not begun a second time.
    expect((await one.run('scheduled', 'database')).result.code).toBe('busy')
    expect((await one.goOff('database')).stdout).toContain('is at work already')
    await free()
    expect((await run).result).toMatchObject({ outcome: 'succeeded', message: 'done' })
    expect((await one.report()).runs).toMatchObject([{ outcome: 'succeeded' }])
  })

  it('is skipped when that takes too long, and says because of whom', async () => {
    const { one, free } = await busy(1)
    const { result } = await one.run('scheduled', 'database')
    expect(result).toMatchObject({
      outcome: 'succeeded',
      message: expect.stringMatching(/^Skipped: .*command=config .*who=a person/),
    })
    expect((await one.report()).runs).toMatchObject([{ outcome: 'skipped', code: 'busy' }])
    await free()
  })

  it('fails, and is not just skipped, when a program keeps the data folder locked', async () => {
    const one = scheduleSite({ instead: quick })
    await one.must('policy', `root=${one.site.root}`, 'schedule_wait=1')
    await one.must('timers', 'install')
    const program = await lock(join(one.site.root, 'data'))
    expect((await one.run('scheduled', 'database')).result).toMatchObject({ outcome: 'failed', code: 'busy' })
    await program.free()
    // Monitoring has looked at once.
    const runs = (await one.report()).runs.filter(({ kind }) => kind === 'database')
    expect(runs).toMatchObject([{ outcome: 'failed', code: 'busy' }])
  })

  it('does not give up because somebody looks for a moment if it is at work', async () => {
    const one = scheduleSite({ instead: quick })
    await one.install()
    await one.must('scheduled', 'database')
    const look = await lock(join(one.site.state, 'runs/database'), '-s')
    let over = false
    const run = one.run('scheduled', 'database').finally(() => {
      over = true
    })
    await waitUntil('it waits, or is over', () => over || look.awaited())
    await look.free()
    expect((await run).result).toMatchObject({ outcome: 'succeeded', message: 'done' })
  })

  it('can be cancelled while it waits', async () => {
    const { one, free, waiting } = await busy(60)
    const run = one.run('scheduled', 'database')
    await waitUntil('the run waits', waiting)
    const id = readdirSync(join(one.site.state, 'operations')).find((name) => name.includes('-database-')) ?? ''
    await one.must('cancel', id)
    expect((await run).result).toMatchObject({ outcome: 'failed', code: 'cancelled' })
    expect((await one.report()).runs).toMatchObject([{ outcome: 'cancelled', operation: id }])
    await free()
  })
})
