/** A long history costs nothing: neither processes nor processor time of `inspect` and `operations` grow with it. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { missing } from '../support/prerequisites.ts'
import { ScratchSite } from '../support/scratch-site.ts'

/** What a hundred thousand backups and ten thousand operations leave: all of these files have gone. */
const HISTORY = `
  BEGIN;
  CREATE TEMP TABLE n (i INTEGER PRIMARY KEY);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO temp.n SELECT i FROM n;
  INSERT INTO backup SELECT '/opt/cvd/backups/cvd_auto_' || i || '.db.gz', i, '1700000000.' || i, 'database', 'scheduled', 1600000000000 + i FROM temp.n;
  INSERT INTO verdict (path, size, modified, verdict, at, basis, sha256, reason)
    SELECT path, size, modified, 'verified', 1600000000000, 'fingerprint', hex(randomblob(32)), 'Equal%20to%20its%20fingerprint' FROM backup, (SELECT 1 UNION ALL SELECT 2);
  INSERT INTO fingerprint SELECT 'cvd_auto_' || i || '.db.gz', '/opt/cvd/backups/cvd_auto_' || i || '.db.gz', '', hex(randomblob(32)), i, i FROM temp.n;
  INSERT INTO hold SELECT path, 5, 'me', 'why' FROM backup LIMIT 5000;
  INSERT INTO operation SELECT '20200101T000000Z-verify-' || printf('%06x', i), 'verify', 5, 6, 'me', '', 'succeeded', 'ok', 'Done.', '', '', '', ''
    FROM temp.n WHERE i <= 10000;
  COMMIT;`

let few: ScratchSite
let many: ScratchSite
beforeAll(async () => {
  few = new ScratchSite()
  many = new ScratchSite()
  for (const site of [few, many]) {
    const backups = Array.from({ length: 10 }, (_, turn) => site.backup(`cvd_backup_2026011${turn}_120000.db.gz`))
    for (const backup of backups) site.fingerprint(backup)
    expect((await site.run(['verify', '--all'])).result.outcome).toBe('succeeded')
    expect((await site.run(['hold', backups[0] ?? ''])).result.outcome).toBe('succeeded')
  }
  many.sql(join(many.state, 'state.db'), HISTORY)
}, 120_000)
afterAll(() => {
  few.remove()
  many.remove()
})

const lacks = missing({ programs: ['unshare'] })
describe.skipIf(lacks)(
  `a hundred thousand backups and ten thousand operations in the history${lacks && ` (skipped: lacks ${lacks})`}`,
  () => {
    /** In a namespace of its own, the last PID shows how many processes there were; `times` sums their processor time. */
    function costOf(site: ScratchSite, command: string) {
      const user = process.getuid?.() === 0 ? '' : '--user --map-root-user'
      const text = `source <(sed '$d' "$KIT"); KIT_SHA256=test KIT_FILE=$KIT ROOT_OPTION=$SITE_ROOT EVENTS_FD=1; policy_load; services_load
      read -r before </proc/sys/kernel/ns_last_pid
      (${command}) >"$STATE/answer"
      read -r after </proc/sys/kernel/ns_last_pid; echo "$((after - before))"; times`
      writeFileSync(join(site.folder, 'count'), text)
      const run = () => {
        const out = site.library(
          `export SITE_ROOT KIT; unshare ${user} --pid --fork --mount-proc /bin/bash --noprofile --norc "$1"`,
          [join(site.folder, 'count')],
        )
        const seconds = Array.from(
          out.matchAll(/(\d+)m([\d.]+)s/g),
          ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
        )
        return { processes: Number(out.split('\n')[0]), seconds: seconds.reduce((sum, one) => sum + one, 0) }
      }
      const runs = Array.from({ length: 5 }, run)
      return {
        processes: Math.min(...runs.map(({ processes }) => processes)),
        seconds: Math.min(...runs.map(({ seconds }) => seconds)),
        answer: JSON.parse(execFileSync('tail', ['-n', '1', join(site.state, 'answer')], { encoding: 'utf8' })),
      }
    }

    it.each([
      ['inspect', 'run_inspect'],
      ['operations', 'run_operations --limit 50'],
      ['show', 'run_show cvd_backup_20260110_120000.db.gz'],
    ])('cost %s nothing', (command, call) => {
      const [small, large] = [costOf(few, call), costOf(many, call)]
      process.stdout.write(
        `${command}: ${small.seconds} s, with the history ${large.seconds} s; ${small.processes} processes\n`,
      )
      expect(large.answer.outcome).toBe('succeeded')
      if (command === 'inspect') {
        expect(large.answer.data.backups).toHaveLength(10)
        expect(large.answer.data.backups.every(({ verdict }: { verdict: string }) => verdict === 'verified')).toBe(true)
      }
      expect(large.processes).toBe(small.processes)
      expect(large.seconds).toBeLessThan(small.seconds * 1.5 + 0.02)
    })
  },
)
