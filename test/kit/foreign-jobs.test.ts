// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash, and crontabs
/** The jobs of others that back a site up: found wherever they are, replaced so that nothing runs twice, and put back byte for byte. */
import { execFileSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodePath, showPath } from '../../src-shared/domain/backup-path.ts'
import { type ScheduleSite, scheduleSite } from '../support/kit/schedule-site.ts'
import { ORDINARY } from '../support/scratch-site.ts'
import { waitUntil } from '../support/wait.ts'

const root = process.getuid?.() === 0
const HOST = execFileSync('hostname', { encoding: 'utf8' }).trim()

let crontab = ''
function schedule(): ScheduleSite {
  const one = scheduleSite()
  crontab = texts.replaceAll('/opt/cvd', one.site.root)
  return one
}

const texts = `# m h dom mon dow command
MAILTO=ops@example.org
SCRIPTS=/opt/cvd/scripts/backup_database_auto.sh
0 */2 * * * /opt/cvd/scripts/backup_database_auto.sh >/dev/null 2>&1
#0 3 * * * /opt/cvd/scripts/backup_system.sh
0 2 * * * cd /opt/cvd && ./scripts/backup_application.sh
15 4 * * * /usr/bin/certbot renew
@weekly  "/opt/cvd/scripts/backup_system.sh"
0 5 * * * /home/me/my_backup_system.sh.old
30 1 * * * sudo cvd-backup --who me database --scheduled`
const timer = '[Timer]\nOnCalendar=*:0/30\nUnit=odd.service\n'
const service = (command: string) => `[Unit]\nDescription=backup_database.sh\n[Service]\nExecStart=${command}\n`

const replace = ['--replace', '--confirm', HOST]

async function found(one: ScheduleSite): Promise<string[]> {
  const { foreign } = await one.report()
  return foreign.map(({ form, path, line, script, user }) => {
    const name = showPath(path).replace(`${one.etc}/`, '')
    return `${form} ${name}:${line} ${script} ${user}`
  })
}

it('are found in crontabs, in /etc, in scripts and in timers', async () => {
  const one = schedule()
  one.write('etc/spool/crontabs/cvdapp', crontab, 0o600)
  one.write('etc/spool/root', `0 6 * * * ${one.site.root}/scripts/verify_backups.sh\n`, 0o600)
  one.write(
    'etc/crontab',
    'SHELL=/bin/sh\n17 * * * * root cd / && run-parts /etc/cron.hourly\n@daily cvdapp /x/maintain_backups.sh\n',
  )
  one.write('etc/cron.d/monitor', `*/15 * * * * root ${one.site.root}/scripts/monitor_backups.sh`)
  one.write(
    'etc/cron.daily/cvd',
    `#!/bin/sh\n# backup_system.sh\nexec ${one.site.root}/scripts/backup_system.sh\n`,
    0o755,
  )
  one.write('etc/cron.weekly/off', `#!/bin/sh\n${one.site.root}/scripts/backup_system.sh\n`, 0o644)
  const script = one.write('cvd/backup_application.sh', '#!/bin/sh\ntrue\n', 0o755)
  symlinkSync(script, join(one.etc, 'cron.monthly/app'))
  one.write('etc/systemd/system/cvd-db.service', service(`/bin/bash ${one.site.root}/scripts/backup_database.sh`))
  one.write('etc/systemd/system/cvd-db.timer', '[Timer]\nOnCalendar=hourly\n')
  one.write('etc/systemd/system/odd.service', service(`-${one.site.root}/scripts/backup_database_auto.sh`))
  one.write('etc/systemd/system/other.timer', timer)
  one.write('etc/systemd/system/none.service', service('/bin/true'))
  one.write('etc/systemd/system/none.timer', '[Timer]\nOnCalendar=hourly\n')
  for (const name of ['cvd-db.timer', 'other.timer', 'none.timer']) one.switchOn(name)
  expect(await found(one)).toEqual([
    'crontab spool/root:1 verify_backups.sh root',
    'crontab spool/crontabs/cvdapp:4 backup_database_auto.sh cvdapp',
    'crontab spool/crontabs/cvdapp:6 backup_application.sh cvdapp',
    'crontab spool/crontabs/cvdapp:8 backup_system.sh cvdapp',
    'crontab spool/crontabs/cvdapp:10 cvd-backup cvdapp',
    'crontab crontab:3 maintain_backups.sh cvdapp',
    'crontab cron.d/monitor:1 monitor_backups.sh root',
    'script cron.daily/cvd:3 backup_system.sh root',
    'script cron.monthly/app:1 backup_application.sh root',
    'timer systemd/system/cvd-db.timer:4 backup_database.sh root',
    'timer systemd/system/other.timer:4 backup_database_auto.sh root',
  ])
})

describe.runIf(root)('are replaced', () => {
  it('so that nothing runs twice, and put back byte for byte with their modes and owners', async () => {
    const one = schedule()
    const mine = one.write(
      'etc/spool/crontabs/cvdapp',
      Buffer.concat([Buffer.from(crontab), Buffer.from([10, 35, 0, 255])]),
      0o600,
    )
    chownSync(mine, ORDINARY, ORDINARY)
    const drop = one.write('etc/cron.d/monitor', `*/15 * * * * root ${one.site.root}/scripts/monitor_backups.sh`, 0o640)
    const script = one.write('etc/cron.daily/cvd', `#!/bin/sh\nexec ${one.site.root}/scripts/backup_system.sh\n`, 0o755)
    const target = one.write('cvd/backup_application.sh', '#!/bin/sh\ntrue\n', 0o755)
    const link = join(one.etc, 'cron.monthly/app')
    symlinkSync(target, link)
    one.write('etc/systemd/system/cvd-db.service', service(`${one.site.root}/scripts/backup_database.sh`))
    one.write('etc/systemd/system/cvd-db.timer', '[Timer]\nOnCalendar=hourly\n')
    one.switchOn('cvd-db.timer')
    const state = () =>
      [mine, drop, script].map((file) => {
        const { mode, uid, gid } = statSync(file)
        return [file, readFileSync(file).toString('latin1'), mode, uid, gid]
      })
    const before = state()
    expect((await one.install()).events).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        text: expect.stringMatching(/^8 jobs of others back this site up, too/),
      }),
    )
    expect(state()).toEqual(before)
    expect((await one.run('timers', 'install', '--replace')).result.code).toBe('not-confirmed')
    expect(state()).toEqual(before)
    await one.install(...replace)
    expect(await found(one)).toEqual([])
    expect((await one.report()).replaced).toHaveLength(5)
    expect(readFileSync(mine, 'latin1')).toContain(
      "\n# cvd-backup replaced the next line: 'cvd-backup timers remove' puts it back\n#0 2 * * * cd " + one.site.root,
    )
    expect(readFileSync(mine, 'latin1')).toContain('\n15 4 * * * /usr/bin/certbot renew\n')
    expect(statSync(mine)).toMatchObject({ uid: ORDINARY, gid: ORDINARY })
    expect([statSync(mine).mode & 0o777, statSync(drop).mode & 0o777, statSync(script).mode & 0o777]).toEqual([
      0o600, 0o640, 0o644,
    ])
    expect(lstatSync(link, { throwIfNoEntry: false })).toBeUndefined()
    expect(one.isOn('cvd-db.timer')).toBe(false)
    // Once more changes nothing more.
    await one.install(...replace)
    expect((await one.report()).replaced).toHaveLength(5)
    await one.must('timers', 'remove')
    expect(state()).toEqual(before)
    expect(readlinkSync(link)).toBe(target)
    expect(one.isOn('cvd-db.timer')).toBe(true)
    expect((await one.report()).replaced).toEqual([])
  })

  it('and what somebody changed since is kept when they are put back', async () => {
    const one = schedule()
    const file = one.write('etc/spool/crontabs/cvdapp', `${crontab}\n`, 0o600)
    await one.install(...replace)
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('certbot renew', 'certbot renew --quiet').concat('@reboot echo hello\n'),
    )
    await one.must('timers', 'remove')
    expect(readFileSync(file, 'utf8')).toBe(
      `${crontab.replace('certbot renew', 'certbot renew --quiet')}\n@reboot echo hello\n`,
    )
  })

  it('but not what somebody else backs up with a script of the same name', async () => {
    const one = schedule()
    const text = `0 3 * * * /srv/shop/bin/backup_database.sh --to tape\n0 4 * * * CVD_BACKUP_STATE=/srv/shop/state cvd-backup database\n`
    const file = one.write(
      'etc/spool/crontabs/alice',
      `${text}0 2 * * * cd ${one.site.root} && ./backup_system.sh\n`,
      0o600,
    )
    await one.install(...replace)
    expect(readFileSync(file, 'utf8').startsWith(text)).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain('\n#0 2 * * *')
    expect((await one.report()).foreign).toMatchObject([
      { line: 1, problem: expect.stringContaining('may back up something else') },
    ])
  })

  it('and a comment of theirs is not made a job, when they deleted the line above it', async () => {
    const one = schedule()
    const mine = `0 3 * * * ${one.site.root}/backup_system.sh`
    const file = one.write('etc/spool/crontabs/alice', `${mine}\n#0 4 * * * /bin/true\n`, 0o600)
    await one.install(...replace)
    writeFileSync(file, readFileSync(file, 'utf8').replace(`#${mine}\n`, ''))
    await one.must('timers', 'remove')
    expect(readFileSync(file, 'utf8')).toBe('#0 4 * * * /bin/true\n')
  })

  it('and one that is gone meanwhile is named, and kept where it is', async () => {
    const one = schedule()
    const file = one.write('etc/spool/crontabs/cvdapp', crontab, 0o600)
    await one.install(...replace)
    execFileSync('rm', [file])
    const { result } = await one.run('timers', 'remove')
    expect(result.message).toContain(
      `${file}: it could not be put back; what it was is in ${one.site.state}/replaced/1`,
    )
    expect(readFileSync(join(one.site.state, 'replaced/1/original'), 'utf8')).toBe(crontab)
    expect(one.units()).toEqual([])
  })

  it.each(['replacing', 'replaced'])('and put back after a kill while it was done: %s', async (phase) => {
    const one = schedule()
    const file = one.write('etc/spool/crontabs/cvdapp', crontab, 0o600)
    await one.install()
    writeFileSync(join(one.site.state, 'failpoint'), `${phase} kill\n`)
    expect((await one.run('timers', 'install', ...replace)).result.outcome).toBe('unknown')
    expect(readFileSync(file, 'utf8') === crontab).toBe(phase === 'replacing')
    await one.must('timers', 'remove')
    expect(readFileSync(file, 'utf8')).toBe(crontab)
    expect(readdirSync(join(one.spool, 'crontabs'))).toEqual(['cvdapp'])
    expect(await one.report()).toMatchObject({
      replaced: [],
      foreign: [{ line: 4 }, { line: 6 }, { line: 8 }, { line: 10 }],
    })
  })

  it('but not while somebody changes it', async () => {
    const one = schedule()
    const file = one.write('etc/spool/crontabs/cvdapp', crontab, 0o600)
    await one.install()
    writeFileSync(join(one.site.state, 'failpoint'), 'replacing pause\n')
    const installing = one.run('timers', 'install', ...replace)
    await waitUntil('it is about to be replaced', () => existsSync(join(one.site.state, 'failpoint.reached')))
    writeFileSync(file, `${crontab}\n* * * * * true\n`)
    rmSync(join(one.site.state, 'failpoint'))
    expect((await installing).result.message).toContain('it could not be changed, or somebody was changing it')
    expect(readFileSync(file, 'utf8')).toBe(`${crontab}\n* * * * * true\n`)
    expect((await one.report()).replaced).toEqual([])
  })

  it('but not through links, in folders of others, or files of others: a person is told', async () => {
    const one = schedule()
    const line = `0 * * * * root ${one.site.root}/backup_database.sh\n`
    symlinkSync(one.write('elsewhere', line), join(one.etc, 'cron.d/link'))
    const theirs = one.write('etc/cron.d/theirs', line)
    chownSync(theirs, ORDINARY, ORDINARY)
    linkSync(one.write('second', line), join(one.etc, 'cron.d/hard'))
    // A link of somebody else is not even read.
    symlinkSync('/etc/shadow', join(one.etc, 'cron.d/shadow'))
    execFileSync('chown', ['-h', String(ORDINARY), join(one.etc, 'cron.d/shadow')])
    symlinkSync(join(one.site.folder, 'elsewhere'), join(one.spool, 'crontabs/cvdapp'))
    const { result } = await one
      .run('policy', `root=${one.site.root}`)
      .then(() => one.run('timers', 'install', ...replace))
    expect(result.code).toBe('checks-failed')
    for (const words of [
      'hard: It has another name',
      'link: It is a symbolic link',
      'theirs: It does not belong to root',
    ])
      expect(result.message).toContain(words)
    expect(result.message).not.toContain('shadow')
    for (const name of ['link', 'theirs', 'hard'])
      expect(readFileSync(join(one.etc, 'cron.d', name), 'utf8')).toBe(line)
    expect(readFileSync(join(one.site.folder, 'elsewhere'), 'utf8')).toBe(line)
    expect((await one.report()).foreign).toHaveLength(3)
  })
})

describe.runIf(root)('of somebody hostile', () => {
  it('cannot show what only root may read, by a link in the way of a link of root', async () => {
    const one = schedule()
    const secret = one.write('secret', 'password=hunter2 # used by maintain_backups.sh\n', 0o600)
    const app = join(one.site.root, 'scripts')
    execFileSync('mkdir', ['-p', app])
    symlinkSync(secret, join(app, 'maint'))
    execFileSync('chown', ['-hR', String(ORDINARY), app])
    execFileSync('chmod', ['755', secret])
    symlinkSync(join(app, 'maint'), join(one.etc, 'cron.daily/maint'))
    expect((await one.report()).foreign).toEqual([])
  })

  const evil = [
    '0 * * * * $(touch TRAP) `touch TRAP` /x/backup_database.sh',
    '0 * * * * a[$(touch TRAP)] \u001b[2J /x/backup_database.sh \\n & / " \' \t %d %n',
    `0 * * * * ${'x'.repeat(9000)} /x/backup_database.sh`,
    `0 * * * * /x/backup_database.sh ${'y'.repeat(9000)}`,
    "# cvd-backup replaced the next line: 'cvd-backup timers remove' puts it back",
    '#* * * * * root touch TRAP',
    '* * * $(id) * /x/verify_backups.sh;touch TRAP',
  ]

  it('are shown as text, run nothing, and come back as they were', async () => {
    const one = schedule()
    const trap = join(one.site.folder, 'trapped')
    const text = evil.join('\n').replaceAll('TRAP', trap).replaceAll('/x/', `${one.site.root}/`)
    const file = one.write('etc/spool/crontabs/evil', text, 0o600)
    one.write('etc/spool/crontabs/-n $(id)', text)
    one.write('etc/cron.d/$(touch trapped)\n', text)
    await one.install()
    const { foreign } = await one.report()
    expect(foreign.map(({ line }) => line)).toEqual([1, 2, 4, 7, 1, 2, 4, 7])
    expect(Math.max(...foreign.map((job) => decodePath(job.text).length))).toBeLessThanOrEqual(500)
    expect(foreign.every(({ user }) => /^[\w.-]+$/.test(user))).toBe(true)
    const shown = await one.site.asPerson('schedule')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(shown.stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
    await one.install(...replace)
    expect(readFileSync(file, 'utf8')).not.toBe(text)
    await one.must('timers', 'remove')
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(lstatSync(trap, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('cannot make root read without an end, or wait', async () => {
    const one = schedule()
    const big = one.write('etc/spool/crontabs/big', '')
    execFileSync('bash', ['-c', 'yes "0 * * * * $1/backup_database.sh" | head -c 5000000 >"$0"', big, one.site.root])
    execFileSync('mkfifo', [join(one.spool, 'crontabs/pipe')])
    const before = readFileSync(big)
    const { result } = await one
      .run('policy', `root=${one.site.root}`)
      .then(() => one.run('timers', 'install', ...replace))
    expect(result.message).toContain(`${big}: it could not be changed`)
    expect(readFileSync(big).equals(before)).toBe(true)
    expect((await one.report()).foreign).toHaveLength(50)
  })
})
