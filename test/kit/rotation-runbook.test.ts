/**
 * The runbook's own maintenance script beside ours, on the same history: what it deletes wrongly. Its scripts are not a part of this
 * project: RUNBOOK_DIR names their folder.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, judge, nameOf, put } from '../support/kit/history.ts'
import { missing } from '../support/prerequisites.ts'
import { ScratchSite } from '../support/scratch-site.ts'

const { RUNBOOK_DIR: runbook = '' } = process.env
const lacks = runbook === '' ? 'RUNBOOK_DIR is not set' : missing({ root: true, programs: ['unshare', 'mount'] })

/** Runs the runbook's script with this site in its place, which only the script sees. */
function maintain(site: ScratchSite): void {
  const script = join(site.folder, 'maintain_backups.sh')
  copyFileSync(join(runbook, 'maintain_backups.sh'), script)
  const there = 'mount -t tmpfs none /opt && mkdir /opt/cvd && mount --bind "$1" /opt/cvd && bash "$2" || true'
  execFileSync('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', there, 'bash', site.root, script], {
    stdio: 'ignore',
  })
}

interface Past {
  readonly kept: readonly string[]
  readonly gone: readonly string[]
}

const written = (path: string, ago: number) => {
  const at = (Date.now() - ago) / 1000
  utimesSync(path, at, at)
  return path
}

describe.skipIf(lacks !== '')(`the runbook's maintenance${lacks && ` (${lacks})`}`, () => {
  it.each<[string, (site: ScratchSite) => Past | Promise<Past>, 'deletes' | 'keeps']>([
    [
      'H13: the only backup that can be read, when all newer ones are damaged',
      (site) => {
        const good = written(put(site, nameOf.database(40 * DAY)), 40 * DAY)
        judge(site, 'verified', good)
        judge(site, 'failed', ...[1, 3, 5].map((hours) => put(site, nameOf.database(hours * HOUR))))
        return { kept: [good], gone: [] }
      },
      'deletes',
    ],
    [
      'H13: the good ones, when 200 damaged ones are newer',
      (site) => {
        const good = [201, 202].map((hours) => written(put(site, nameOf.database(hours * HOUR)), hours * HOUR))
        const damaged = [...Array(200).keys()].map((hours) => put(site, nameOf.database(HOUR / 2 + hours * HOUR)))
        judge(site, 'verified', ...good)
        judge(site, 'failed', ...damaged)
        return { kept: good, gone: [] }
      },
      'deletes',
    ],
    [
      'what somebody laid aside: on hold, or in a folder of its own',
      async (site) => {
        const held = written(put(site, nameOf.database(50 * DAY)), 50 * DAY)
        const aside = written(put(site, 'before-the-move/customers.db.gz'), 90 * DAY)
        judge(site, 'verified', put(site, nameOf.database(HOUR)))
        await site.run(['hold', held])
        return { kept: [held, aside], gone: [] }
      },
      'deletes',
    ],
    [
      'for ever what was copied: its time of modification is that of the copy',
      (site) => {
        const copied = put(site, nameOf.database(400 * DAY))
        judge(site, 'verified', put(site, nameOf.database(HOUR)), copied)
        return { kept: [], gone: [copied] }
      },
      'keeps',
    ],
  ])('%s', async (_, past, does) => {
    for (const ours of [true, false]) {
      const site = new ScratchSite()
      try {
        const { kept, gone } = await past(site)
        if (ours) await site.run(['rotate'])
        else maintain(site)
        expect(kept.map((path) => existsSync(path))).toEqual(kept.map(() => ours || does === 'keeps'))
        expect(gone.map((path) => existsSync(path))).toEqual(gone.map(() => !ours))
      } finally {
        site.remove()
      }
    }
  })
})
