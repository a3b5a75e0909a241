/**
 * The runbook's own monitoring script beside ours, on the same site: what it misses, and what it repeats for ever. Its scripts are not a part
 * of this project: RUNBOOK_DIR names their folder.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AlertSite, alertSite } from '../support/kit/alert-site.ts'
import { DAY, HOUR, put, stampOf } from '../support/kit/history.ts'
import { missing } from '../support/prerequisites.ts'

const { RUNBOOK_DIR: runbook = '' } = process.env
const lacks = runbook === '' ? 'RUNBOOK_DIR is not set' : missing({ root: true, programs: ['unshare', 'mount'] })

/** Runs the runbook's script with this site in its place, which only the script sees; returns the subjects of the mails that it sends. */
function runbookMails({ site }: AlertSite): string[] {
  const script = join(site.folder, 'monitor_backups.sh')
  const mails = join(site.folder, 'mails')
  copyFileSync(join(runbook, 'monitor_backups.sh'), script)
  rmSync(mails, { force: true })
  const mail = join(site.folder, 'mail')
  writeFileSync(mail, `#!/bin/sh\ncat >/dev/null\nprintf '%s\\n' "$2" >>'${mails}'\n`)
  chmodSync(mail, 0o755)
  const there =
    'mount -t tmpfs none /opt && mkdir /opt/cvd && mount --bind "$1" /opt/cvd && PATH="$3:$PATH" bash "$2" || true'
  execFileSync(
    'unshare',
    ['--mount', '--propagation', 'private', 'bash', '-c', there, 'bash', site.root, script, site.folder],
    {
      stdio: 'ignore',
    },
  )
  return existsSync(mails) ? readFileSync(mails, 'utf8').trimEnd().split('\n') : []
}

const written = (path: string, ago: number) => utimesSync(path, (Date.now() - ago) / 1000, (Date.now() - ago) / 1000)
const large = (path: string) => writeFileSync(path, Buffer.alloc(2_000_000, 'x'))

describe.skipIf(lacks !== '')(`the runbook's monitoring${lacks && ` (${lacks})`}`, () => {
  it.each<[string, (one: AlertSite) => void, string[], string[]]>([
    [
      'does not see that the newest backup is old when its file was touched or copied',
      (one) => one.backup(3 * DAY),
      [],
      ['backup-old:database'],
    ],
    [
      'does not see that the newest backup is damaged',
      (one) => one.backup(HOUR, 'failed'),
      [],
      ['no-backup:database', 'verification-failed:database'],
    ],
    [
      'does not look at the newest backup when a person made it',
      (one) => {
        large(one.backup(3 * HOUR, ''))
        put(one.site, `cvd_backup_${stampOf(HOUR)}.db.gz`)
      },
      [],
      ['backup-small'],
    ],
    [
      'does not say that there are errors when there is no recent backup either',
      (one) => {
        written(one.backup(9 * HOUR), 9 * HOUR)
        one.log('ERROR: the disk is full')
      },
      ['CVD Backup Alert - No Recent Backup'],
      ['backup-old:database', 'log-errors:backup.log'],
    ],
    [
      'does not look at the logs of the other scripts, nor at whether the site is up',
      (one) => {
        one.backup(HOUR)
        one.log('ERROR: half of it', Date.now(), 'system_backup.log')
        one.health = 502
      },
      [],
      ['health-failing', 'log-errors:system_backup.log'],
    ],
  ])('%s', async (_, past, theirs, ours) => {
    const one = await alertSite()
    for (const file of one.site.library('printf "%s\\n" "$BACKUPS"/*.gz').trim().split('\n')) rmSync(file)
    past(one)
    // Where its size is not what this is about, every backup is large enough for the runbook.
    if (!ours.includes('backup-small'))
      for (const file of one.site.library('printf "%s\\n" "$BACKUPS"/*.gz').trim().split('\n')) {
        const before = one.site.library('stat -c %Y -- "$1"', [file]).trim()
        one.site.library('truncate -s 2M -- "$1"; touch -d "@$2" -- "$1"', [file, before])
        const verdict = ours.includes('verification-failed:database') ? 'failed' : 'verified'
        one.judge(verdict, Date.now(), file)
      }
    else await one.must('policy', 'alert_min_size=1048576')
    expect(runbookMails(one)).toEqual(theirs)
    expect(await one.look()).toEqual(ours)
  })

  it('H14: sends a mail about one old error each time it looks; ours tells once, until it is acknowledged', async () => {
    const one = await alertSite()
    await one.listen()
    for (const file of one.site.library('printf "%s\\n" "$BACKUPS"/*.gz').trim().split('\n')) large(file)
    one.log('ERROR: long ago', Date.now() - 5 * HOUR)
    for (let turn = 0; turn < 3; turn++) {
      expect(runbookMails(one)).toEqual(['CVD Backup Alert - Backup Errors'])
      await one.monitor()
    }
    expect(one.told()).toEqual([['new log-errors:backup.log']])
    await one.acknowledge('log-errors:backup.log')
    await one.monitor()
    await one.monitor()
    expect(one.told()).toEqual([['cleared log-errors:backup.log']])
    expect(runbookMails(one)).toEqual(['CVD Backup Alert - Backup Errors'])
  })
})
