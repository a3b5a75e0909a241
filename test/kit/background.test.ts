/** The kit's background processes, and how it waits for them. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { verification } from '../../src-shared/domain/kit-backups.ts'
import { restorePlan } from '../../src-shared/domain/kit-restore.ts'
import { ORDINARY, ScratchSite, withInstead } from '../support/scratch-site.ts'

describe('background processes', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  /** Bash text: two processes. The first has ended, and its PID is reused; the second takes the given seconds. */
  const reused = (
    seconds: number,
  ) => `in_background false; first=$REPLY; in_background command sleep ${seconds}; second=$REPLY; asked=0
    kill() {
      if [[ $* == "-0 $first" ]]; then ((asked++ == 0)) && return 1; ((asked < 100)) || { echo stranger; exit; }; return 0; fi
      [[ $* != *"$first"* ]] || echo "signal to a stranger"
      builtin kill "$@"
    }`

  it('are over when they have ended, even if another process has reused a PID', () => {
    expect(site.library(`${reused(0.3)}; watch nothing '' "$first" "$second"; echo "status $?"`)).toBe('status 1\n')
  })

  it('run a complete kit, even if another operation is just storing it', () => {
    // The other one has written a part when the first is done, and waits for it.
    const other = `cp() {
        if [[ -e $STATE/first ]]; then
          head -c 100 "$2" >"$3"; : >"$STATE/part"; until [[ -e $STATE/done ]]; do sleep 0.05; done; command cp "$@"; return
        fi
        : >"$STATE/first"; command cp "$@"
        store_kit "$kit" & until [[ -e $STATE/part ]]; do sleep 0.05; done
      }`
    const output = site.library(
      `state_create; KIT_FILE=$KIT; kit_identity; stored=$STATE/kit/$KIT_SHA256/cvd-backup; ${other}
       store_kit "$stored"; cmp "$KIT" "$stored" && echo whole; : >"$STATE/done"; wait; cmp "$KIT" "$stored" && echo whole
       ls "$STATE/kit/$KIT_SHA256"`,
    )
    expect(output).toBe('whole\nwhole\ncvd-backup\n')
  })

  it('are ended on request, and no other process is', () => {
    const cancel = 'cancel_asked() { ((asked > 0 && ++turns > 2)); }; heed_cancel() { echo cancelled; exit; }; turns=0'
    expect(site.library(`${reused(60)}; ${cancel}; watch nothing '' "$first" "$second"`)).toBe('cancelled\n')
  })
})

describe('what works on foreign data and does not come to its end', () => {
  const name = 'cvd_backup_20260110_120000.db.gz'
  const owners = process.getuid?.() === 0 ? [undefined, ORDINARY] : [undefined]
  const siteOf = (owner: number | undefined, finished: (end: () => void) => void) => {
    const site = new ScratchSite(owner === undefined ? {} : { owner })
    finished(() => site.remove())
    site.backup(name)
    return site
  }

  it('is ended with everything that it started, and that is said', ({ onTestFinished }) => {
    const site = siteOf(undefined, onTestFinished)
    const text = `many() { sleep 60 & sleep 60; }; WATCH_SECONDS=1; in_background many; pid=$REPLY
      watch nothing '' "$pid"; echo "$?"; kill -0 -- "-$pid" 2>/dev/null || echo gone`
    expect(site.library(text)).toBe('142\ngone\n')
  })

  it.for(owners)('makes a backup neither failed nor verified (owner %s)', async (owner, { onTestFinished }) => {
    const site = siteOf(owner, onTestFinished)
    const instead = 'WATCH_SECONDS=1; backup_send() { setsid sleep 3 & sleep 60; }'
    const report = z.object({ backups: z.array(verification) })
    const [first] = (await site.ask(['verify', name], report, { instead })).backups
    expect(first).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('longer than 1 second') })
  })

  it.for(owners)(
    'makes a plan say that nothing was compared, and why (owner %s)',
    async (owner, { onTestFinished }) => {
      const site = siteOf(owner, onTestFinished)
      const instead = 'WATCH_SECONDS=6; compare_say() { sleep 60; }'
      const { comparison, tables } = await site.ask(['plan', 'restore', 'database', name], restorePlan, { instead })
      expect(comparison).toEqual({ known: false, reason: 'the comparison took too long and was stopped' })
      expect(tables).toEqual([])
    },
  )

  it('does not make a backup damaged whose sidecar could not be folded in', ({ onTestFinished }) => {
    const site = siteOf(undefined, onTestFinished)
    const changed = (instead: string) => {
      const file = join(site.folder, 'changed')
      writeFileSync(file, withInstead(readFileSync(site.kit, 'utf8'), instead))
      return file
    }
    const stopped = (instead: string) =>
      site.library(
        `KIT_FILE=${changed(instead)}
         cp "$DATABASE_FILE" "$BACKUPS/a.db"; printf x >"$BACKUPS/a.db-wal"; state_create; live_look; enter_scratch
         WATCH_SECONDS=3
         ${instead}
         extract_backup "$BACKUPS/a.db" database nothing; echo "$EXTRACT_CODE"; leave_work_dir`,
      )
    expect(stopped('')).toBe('ok\n')
    expect(stopped('database_fold() { sleep 60; }')).toBe('internal\n')
    expect(stopped('database_fold() { kill -KILL "$BASHPID"; }')).toBe('internal\n')
  })
})

/** A sqlite3 whose copy of the live database never ends; it writes its process to `copies`. */
const slow = `#!/bin/bash
  if [[ " $* " == *' -bail '*' -readonly '* ]]; then echo "$$" >"\${0%/*}/copies"; exec sleep 60; fi
  PATH=/usr/bin:/bin exec sqlite3 "$@"`

it('a copy that blocks the application ends at its limit', async ({ onTestFinished }) => {
  const site = new ScratchSite({ programs: { sqlite3: slow } })
  onTestFinished(() => site.remove())
  await site.run(['policy', 'writer_block_limit=1'])
  const { result } = await site.run(['database'])
  expect([result.code, result.message]).toEqual(['block-limit', expect.stringContaining('stopped after 1 s')])
})

it.for(process.getuid?.() === 0 ? [undefined, ORDINARY] : [undefined])(
  'a copy that blocks the application ends when it is cancelled (owner %s)',
  (owner, { onTestFinished }) => {
    const site = new ScratchSite({ programs: { sqlite3: slow }, ...(owner === undefined ? {} : { owner }) })
    onTestFinished(() => site.remove())
    const copies = join(site.folder, 'programs/copies')
    writeFileSync(copies, '')
    chmodSync(copies, 0o666)
    const said = site.library(
      `live_look; state_create; enter_work_dir "$BACKUPS"; cancel_asked() { [[ -s '${copies}' ]]; }
       heed_cancel() { kill -0 "$(<'${copies}')" 2>/dev/null && echo 'still copies'; echo cancelled; leave_work_dir; exit; }
       in_background database_copy_by_owner; watch nothing '' "$REPLY"; echo "$?"; cat copy.log`,
    )
    expect(said).toBe('cancelled\n')
  },
)
