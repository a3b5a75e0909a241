/** Rotation that is killed, cancelled or interfered with: file and record are right, and nothing else is deleted. */
import { existsSync, linkSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { operationEntry } from '../../src-shared/domain/kit-site.ts'
import {
  DAY,
  deletionsOf,
  HOUR,
  judge,
  nameOf,
  old,
  put,
  rotate,
  siteOf,
  stampOf,
  there,
} from '../support/kit/history.ts'
import { ORDINARY, type ScratchSite } from '../support/scratch-site.ts'

describe.concurrent('between the decision and the deletion', () => {
  /** Bash text that does WHAT before the first batch. */
  const meanwhile = (what: string) =>
    `eval "$(declare -f rotate_batch | sed 's/^rotate_batch/real_batch/')"; rotate_batch() { ${what}; real_batch "$@"; }`

  it('a hold counts', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const instead = `rotate_leave_used() { state_write state_record hold '${due}' 5 me why; }`
    const { result } = await site.run(['rotate'], { instead })
    expect(result).toMatchObject({ outcome: 'succeeded', message: expect.stringContaining('it is on hold now') })
    expect(existsSync(due)).toBe(true)
    expect(deletionsOf(site)).toEqual([])
  })

  it('a hold that comes after the intention was recorded counts', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const instead = `failpoint() { [[ $1 != rotate-intended ]] || state_write state_record hold '${due}' 5 me why; }`
    const { result } = await site.run(['rotate'], { instead })
    expect(result).toMatchObject({ outcome: 'succeeded', message: expect.stringContaining('it is on hold now') })
    expect(existsSync(due)).toBe(true)
    expect(deletionsOf(site)).toEqual([])
  })

  it('hold does not say "Held" of a backup that is being deleted, or was', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const before = join(site.folder, 'second-name')
    linkSync(due, before)
    // Rotation has looked at the holds, and deletes; hold comes before and after the deletion.
    const hold = `/bin/bash --noprofile --norc '${site.kit}' --root '${site.root}' hold '${due}' >>'${site.folder}/said' 2>&1`
    const instead = `eval "$(declare -f rotate_leave_held | sed 's/^rotate_leave_held/real_leave_held/')"
      rotate_leave_held() { real_leave_held "$@"; (drop_descriptors; ${hold}); }
      failpoint() { [[ $1 != rotate-deleted ]] || { ln '${before}' '${due}'; (drop_descriptors; ${hold}); rm '${due}'; }; }`
    const { result } = await site.run(['rotate'], { instead })
    expect(result).toMatchObject({ outcome: 'succeeded', message: expect.stringContaining('1 backup was deleted') })
    const said = readFileSync(join(site.folder, 'said'), 'utf8')
    expect(said.match(/Rotation is deleting it at this moment/g)).toHaveLength(2)
    expect(said).not.toContain('Held')
    const holds = `SELECT count(*) FROM hold;`
    expect(site.sql(join(site.state, 'state.db'), holds)).toBe('0\n')

    // Found, and deleted before the mark was there.
    put(site, due)
    const gone = await site.run(['hold', due], { instead: `state_writable() { rm '${due}'; }` })
    expect(gone.result).toMatchObject({ code: 'not-found', message: 'It was deleted a moment ago.' })
    expect(site.sql(join(site.state, 'state.db'), holds)).toBe('0\n')
  })

  it('hold counts after rotation was killed with the intention recorded', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    writeFileSync(join(site.state, 'failpoint'), 'rotate-intended kill\n')
    await site.run(['rotate'])
    expect((await site.run(['hold', due])).result.message).toBe('Held: rotation will not delete it.')
    await rotate(site)
    expect(existsSync(due)).toBe(true)
    expect(deletionsOf(site)).toEqual([])
  })

  it('a link that takes the place of the file, or of its folder, is not followed', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const archive = put(site, nameOf.application(40 * DAY))
    judge(site, 'verified', archive, put(site, nameOf.application(HOUR)))
    const target = put(site, join(site.root, 'config', basename(archive)))
    const secret = put(site, join(site.root, 'config/secret'))
    const swap = `mv '${join(site.backups, 'app')}' '${site.root}/away'; ln -s ../config '${join(site.backups, 'app')}'; ln -sf '${secret}' '${due}'`
    const { result } = await site.run(['rotate'], { instead: meanwhile(swap) })
    expect(result.code).toBe('checks-failed')
    expect(result.message).toContain('its folder is a link or gone')
    expect(result.message).toContain('it has changed')
    expect(there(target, secret, join(site.root, 'away', basename(archive)))).toEqual([true, true, true])
  })

  it('what cannot be recorded is not deleted', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const full = `eval "$(declare -f state_change | sed 's/^state_change/real_change/')"
      state_change() { [[ $1 != "$ROTATION_INTEND" ]] || { STATE_CODE=no-space STATE_PROBLEM='The disk is full.'; return 1; }; real_change "$@"; }`
    const { result } = await site.run(['rotate'], { instead: full })
    expect(result).toMatchObject({ outcome: 'failed', code: 'no-space' })
    expect(existsSync(due)).toBe(true)
  })

  it('a cancel ends it, and the report says what was deleted', async (test) => {
    const site = siteOf(test)
    const { due } = old(site)
    const { result } = await site.run(['rotate'], { instead: meanwhile('CANCEL_ASKED=me') })
    expect(result).toMatchObject({ outcome: 'cancelled', unchanged: 'backups deleted before that: 0' })
    expect(existsSync(due)).toBe(true)
  })
})

describe.concurrent('rotation that is killed', () => {
  const states = async (test: TestContext, kill: { instead: string } | { failpoint: string }) => {
    const site = siteOf(test)
    const { due } = old(site)
    put(site, `${due}.sha256`)
    if ('failpoint' in kill) writeFileSync(join(site.state, 'failpoint'), `${kill.failpoint} kill\n`)
    const { result } = await site.run(['rotate'], 'instead' in kill ? kill : {})
    expect(result).toMatchObject({ outcome: 'unknown', code: 'interrupted' })
    return { site, due }
  }
  const after = async (site: ScratchSite, due: string) => {
    await site.run(['rotate'])
    expect(there(due, `${due}.sha256`)).toEqual([false, false])
    expect(deletionsOf(site)).toEqual([{ path: due, reason: 'too-old', companions: `${due}.sha256`, done: true }])
    expect(site.sql(join(site.state, 'state.db'), `SELECT count(*) FROM verdict WHERE path = '${due}';`)).toBe('0\n')
    const list = z.object({ operations: z.array(operationEntry) })
    expect((await site.ask(['operations'], list)).operations[0]).toMatchObject({
      command: 'rotate',
      outcome: 'succeeded',
    })
  }

  it.each([
    ['before it recorded what it intends', { instead: 'rotation_intended() { kill -KILL $$; }' }, true],
    ['before it deleted anything', { failpoint: 'rotate-intended' }, true],
    ['when the file was deleted, and its companion was not', { instead: 'rotate_finish() { kill -KILL $$; }' }, false],
    ['before it recorded what was deleted', { failpoint: 'rotate-deleted' }, false],
  ])('%s: file and record are right after the next one', async (_, kill, stays) => {
    const test = { onTestFinished: (end: () => void) => ends.push(end) } as unknown as TestContext
    const ends: (() => void)[] = []
    try {
      const { site, due } = await states(test, kill)
      expect(existsSync(due)).toBe(stays)
      await after(site, due)
    } finally {
      for (const end of ends) end()
    }
  })

  it('does not delete a companion whose name another backup has taken meanwhile', async (test) => {
    // Made before the other one is deleted, so that it has an inode of its own.
    const instead = 'rotate_remove() { : >./next; rm "./$1"; }; rotate_finish() { kill -KILL $$; }'
    const { site, due } = await states(test, { instead })
    renameSync(put(site, 'next', 'another backup of that name'), due)
    await site.run(['hold', due])
    await site.run(['rotate'])
    expect(there(due, `${due}.sha256`)).toEqual([true, true])
    expect(deletionsOf(site)).toMatchObject([{ path: due, done: true }])
  })

  it('does not record a backup as deleted that was touched after the kill', async (test) => {
    const { site, due } = await states(test, { failpoint: 'rotate-intended' })
    utimesSync(due, new Date(), new Date())
    await site.run(['hold', due])
    const { remaining } = await rotate(site)
    expect(remaining).toEqual([])
    expect(existsSync(due)).toBe(true)
    expect(deletionsOf(site)).toEqual([])
    expect(readFileSync(join(site.state, 'audit'), 'utf8')).not.toContain('"rotated"')
  })

  it('in the middle of a folder leaves no half of a safety copy', async (test) => {
    const site = siteOf(test)
    judge(site, 'verified', put(site, nameOf.application(HOUR)))
    const [last, due] = [20, 30].map((ago) => join(site.root, `app.pre-restore.${stampOf(ago * DAY)}`)) as [
      string,
      string,
    ]
    for (const path of [last, due]) put(site, join(path, 'app.py'))
    await site.run(['rotate'], { instead: 'rotate_finish() { kill -KILL $$; }' })
    expect(there(due, join(site.root, `.${basename(due)}.deleting`))).toEqual([false, true])
    await rotate(site)
    expect(there(last, due, join(site.root, `.${basename(due)}.deleting`))).toEqual([true, false, false])
    expect(deletionsOf(site)).toMatchObject([{ path: due, done: true }])
  })
})

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  it("deletes with the owner's rights, and says what it could not delete", async (test) => {
    const site = siteOf(test, { owner: ORDINARY })
    const { due } = old(site)
    const closed = put(site, nameOf.application(40 * DAY))
    judge(site, 'verified', closed, put(site, nameOf.application(HOUR)))
    site.library('chown "$1" "$BACKUPS"; chown 0:0 "$BACKUPS/app"; chmod 755 "$BACKUPS/app"', [String(ORDINARY)])
    const { result, exitCode } = await site.run(['rotate'])
    expect([result.outcome, result.code, exitCode]).toEqual(['failed', 'checks-failed', 4])
    expect(result.message).toContain(`${basename(closed)}: this folder cannot be written`)
    expect(there(due, closed)).toEqual([false, true])
    expect(deletionsOf(site)).toMatchObject([{ path: due, done: true }])
  })
})
