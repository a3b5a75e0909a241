/** What is known is in `state.db`: whole, on disk, and lost only loudly. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { shownBackup } from '../../src-shared/domain/kit-backups.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { missing } from '../support/prerequisites.ts'
import { ScratchSite } from '../support/scratch-site.ts'
import { waitUntil } from '../support/wait.ts'

function siteOf(test: TestContext): ScratchSite {
  const site = new ScratchSite()
  test.onTestFinished(() => site.remove())
  return site
}
const NAME = 'cvd_backup_20260110_120000.db.gz'
const database = (site: ScratchSite) => join(site.state, 'state.db')
const held = async (site: ScratchSite, backup: string) => (await site.ask(['show', backup], shownBackup)).backup.hold
const problems = async (site: ScratchSite) =>
  (await site.ask(['inspect'], inspection)).problems.filter(({ code }) => code === 'records-lost')

describe.concurrent('a hold', () => {
  it('is in one file of root, with a version and a mark of its own', async (test) => {
    const site = siteOf(test)
    await site.run(['hold', site.backup(NAME)])
    expect(statSync(database(site)).mode & 0o777).toBe(0o600)
    const facts = 'PRAGMA user_version; PRAGMA application_id; PRAGMA journal_mode; PRAGMA integrity_check;'
    expect(site.sql(database(site), facts)).toBe('1\n1129727042\ndelete\nok\n')
  })

  it('is not reported if it cannot be read back', async (test) => {
    const site = siteOf(test)
    const backup = site.backup(NAME)
    const lost = await site.run(['hold', backup], { instead: 'state_change() { :; }' })
    expect(lost.result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(await held(site, backup)).toBe(false)
    expect(existsSync(join(site.state, 'audit'))).toBe(false)
  })

  const lacks = missing({ root: true, programs: ['unshare', 'mount'] })
  it.skipIf(lacks)(
    `is not reported on a full disk, which is named, and works once there is room${lacks && ` (skipped: lacks ${lacks})`}`,
    async (test) => {
      const site = siteOf(test)
      const backup = site.backup(NAME)
      const script = `mkdir -p "$STATE" && mount -t tmpfs -o size=400k,mode=700 none "$STATE" || exit 9
        state_create; state_ready; [[ $2 == full ]] || rm -f "$STATE/state.db"
        head -c 1000000 /dev/zero >"$STATE/filler" 2>/dev/null
        EVENTS_FD=1 COMMAND=hold
        (run_hold "$1"); rm "$STATE/filler"; (run_hold "$1")`
      const ask = (mode: string) =>
        site.library(
          `export -n EVENTS_FD; text=$(cat "$KIT_DEFINITIONS"); CVD_BACKUP_STATE=$STATE KIT_DEFINITIONS=$KIT_DEFINITIONS \
          unshare -m /bin/bash --noprofile --norc -c 'source "$KIT_DEFINITIONS"; ROOT_OPTION=$SITE_ROOT; policy_load
          ${script.replaceAll("'", `'\\''`)}' hold "$1" "$2"`,
          [backup, mode],
        )
      for (const mode of ['full', 'new']) {
        const results = ask(mode)
          .split('\n')
          .filter((line) => line.includes('"kind":"result"'))
        expect(
          results.map((line) => JSON.parse(line).code),
          mode,
        ).toEqual(['no-space', 'ok'])
      }
    },
  )

  it('stays whatever else is written at the same time', async (test) => {
    const site = siteOf(test)
    const names = Array.from({ length: 8 }, (_, turn) => `cvd_backup_20260110_12000${turn}.db.gz`)
    const backups = names.map((name) => site.backup(name))
    const results = await Promise.all([
      ...backups.map((backup) => site.run(['hold', backup])),
      site.run(['database']),
      site.run(['verify', '--all']),
    ])
    expect(
      results.map(({ result }) => [result.outcome, result.outcome === 'succeeded' ? '' : JSON.stringify(result)]),
    ).toEqual(results.map(() => ['succeeded', '']))
    const { backups: listed } = await site.ask(['inspect'], inspection)
    expect(
      listed
        .filter(({ hold }) => hold)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...backups].sort())
    expect(listed.every(({ verdict }) => verdict === 'verified')).toBe(true)
    for (const backup of backups) expect((await site.run(['release', backup])).result.outcome).toBe('succeeded')
    expect(site.sql(database(site), 'SELECT count(*) FROM hold;')).toBe('0\n')
  })

  it('does not keep an operation from its work while it makes state.db', async (test) => {
    const site = siteOf(test)
    const flag = (name: string) => join(site.state, name)
    // state.db has its name, and its maker still has the lock.
    const holding = site.run(['hold', site.backup(NAME)], {
      instead: `eval "true_$(declare -f state_convert)"; state_convert() {
        true_state_convert || return; : >"$STATE/made"; while [[ -e $STATE/made ]]; do sleep 0.05; done; }`,
    })
    await waitUntil('state.db is made', () => existsSync(flag('made')))
    const backing = site.run(['database'], {
      instead: `eval "true_$(declare -f lock_take)"; lock_take() {
        local status; true_lock_take "$@"; status=$?; ((status == 0)) || : >"$STATE/waited"; return "$status"; }`,
    })
    await waitUntil('the backup has found the lock taken', () => existsSync(flag('waited')))
    rmSync(flag('made'))
    expect((await Promise.all([holding, backing])).map(({ result }) => result.code)).toEqual(['ok', 'ok'])
  })

  it('is written whole or not at all, wherever its writer is killed', async (test) => {
    const site = siteOf(test)
    const backup = site.backup(NAME)
    await site.run(['hold', site.backup('other.db.gz')])
    // The writer's own last row is missing: nothing of it counts.
    const instead =
      'eval "true_$(declare -f state_record)"; state_record() { [[ $1 != end ]] || kill -KILL "$BASHPID"; true_state_record "$@"; }'
    expect((await site.run(['hold', backup], { instead })).result).toMatchObject({ outcome: 'failed' })
    expect(await held(site, backup)).toBe(false)
    expect((await site.run(['hold', backup])).result.outcome).toBe('succeeded')
  })

  it('applies to the file, whatever its name and whoever sets it', async (test) => {
    const site = siteOf(test)
    const names = [
      `it's"; DROP TABLE hold; --.db.gz`,
      'new\nline.db.gz',
      'tab\there.db.gz',
      '\u00e4\u{1f600}.db.gz',
      'bytes.db.gz',
      '%41.db.gz',
      '\x1f\x1e.db',
    ]
    for (const name of names) {
      const backup = site.backup(name)
      const { result } = await site.run(['--reason', `why '); DELETE FROM hold; --\n${name}`, 'hold', backup])
      expect(result.outcome, name).toBe('succeeded')
    }
    const bytes = Buffer.concat([
      Buffer.from(`${site.backups}/`),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('.db.gz'),
    ])
    writeFileSync(bytes, 'x')
    expect((await site.run(['hold', bytes])).result.outcome).toBe('succeeded')
    const { backups } = await site.ask(['inspect'], inspection)
    expect(backups.map(({ hold }) => hold)).toEqual([...names, bytes].map(() => true))
    const reason = site.sql(database(site), "SELECT count(*) FROM hold WHERE reason LIKE 'why%20%27%29%3B%';")
    expect(reason).toBe(`${names.length}\n`)
  })
})

describe.concurrent('state.db', () => {
  const filled = async (test: TestContext) => {
    const site = siteOf(test)
    const backup = site.backup(NAME)
    site.fingerprint(backup)
    await site.run(['verify', backup])
    await site.run(['hold', backup])
    return { site, backup }
  }

  it('that is of a newer kit is refused by every command, and nothing is touched', async (test) => {
    const { site, backup } = await filled(test)
    site.sql(database(site), 'PRAGMA user_version = 2;')
    const before = readFileSync(database(site))
    for (const words of [
      ['inspect'],
      ['show', backup],
      ['hold', backup],
      ['verify', backup],
      ['operations'],
      ['database'],
    ]) {
      const { result, exitCode } = await site.run(words)
      expect([words[0], result.code, exitCode]).toEqual([words[0], 'newer-format', 4])
    }
    expect(readFileSync(database(site))).toEqual(before)
  })

  const header = 'the header of another file'
  it.for([
    ['is missing', (file: string) => rmSync(file), 'gone'],
    ['is empty', (file: string) => truncateSync(file, 0), 'gone'],
    [`has ${header}`, (file: string) => writeFileSync(file, header.repeat(1000)), 'gone'],
    ['is a link', linkInstead, 'gone'],
    ['has damaged pages', damage, 'kept'],
  ] as const)(
    'that %s is reported, and the next verdict makes a new one: what was held is said, or kept',
    async ([, break_, fate], test) => {
      const { site, backup } = await filled(test)
      break_(database(site))
      const lost = await site.ask(['inspect'], inspection)
      expect(lost.backups).toMatchObject([{ verdict: 'never', hold: false, fingerprint: false }])
      expect(await problems(site)).toMatchObject([
        { severity: 'error', text: expect.stringContaining('No fingerprint, verdict or hold is known') },
      ])
      expect((await site.run(['show', backup])).result.outcome).toBe('succeeded')
      // Whether a file is on hold is not known: nothing is deleted.
      writeFileSync(join(site.backups, 'x.part'), 'x')
      const { name: host } = lost.host
      expect((await site.run(['delete', 'x.part', '--confirm', host])).result.code).toBe('checks-failed')
      await site.run(['verify', backup])
      await site.run(['verify', backup])
      const after = await site.ask(['inspect'], inspection)
      expect(after.backups[0]).toMatchObject({ verdict: 'verified', hold: fate === 'kept' })
      expect(await problems(site)).toMatchObject([
        { severity: 'warning', text: expect.stringContaining('Records were lost on') },
      ])
    },
  )

  it('is not needed to read: a server without sqlite3 knows nothing, and says what is missing', async (test) => {
    const { site, backup } = await filled(test)
    const instead = 'sqlite3() { return 127; }; hash() { [[ " $* " != *" sqlite3 "* ]] && builtin hash "$@"; }'
    const answer = await site.ask(['inspect'], inspection, { instead })
    expect(answer.backups).toMatchObject([{ verdict: 'never', hold: false }])
    expect(answer.problems.map(({ code }) => code)).toContain('missing-tool')
    expect(answer.problems.map(({ code }) => code)).not.toContain('records-lost')
    expect((await site.run(['operations'], { instead })).result.outcome).toBe('succeeded')
    expect((await site.run(['show', backup], { instead })).result.outcome).toBe('succeeded')
    expect((await site.run(['hold', backup], { instead })).result).toMatchObject({ code: 'missing-tool' })
    // The records are as they were.
    expect((await site.ask(['inspect'], inspection)).backups).toMatchObject([{ verdict: 'verified', hold: true }])
  })

  it('forgets a backup whose file has been gone for 90 days, not one that came back or was moved, and never a hold', async (test) => {
    const site = siteOf(test)
    const [gone, back, moved, held_] = ['gone', 'back', 'moved', 'held'].map((name) => site.backup(`${name}.db.gz`))
    for (const path of [gone, back, moved, held_]) site.fingerprint(path ?? '')
    await site.run(['verify', '--all'])
    await site.run(['hold', held_ ?? ''])
    const prune = () => {
      site.sql(database(site), 'UPDATE pruned SET at = 0;')
      site.library('state_ready; state_prune')
    }
    const names = (table: string) =>
      site
        .sql(database(site), `SELECT DISTINCT replace(path, '${site.backups}/', '') FROM ${table} ORDER BY 1;`)
        .trim()
        .split('\n')
    const away = join(site.folder, 'away')
    mkdirSync(away)
    for (const path of [gone, back, held_]) renameSync(path ?? '', join(away, (path ?? '').split('/').at(-1) ?? ''))
    renameSync(moved ?? '', join(site.backups, 'app/moved.db.gz'))
    prune()
    const all = ['back.db.gz', 'gone.db.gz', 'held.db.gz', 'moved.db.gz']
    expect(names('fingerprint')).toEqual(all)
    expect(names('missing')).toEqual(['back.db.gz', 'gone.db.gz', 'held.db.gz'])
    // Within a day, nothing is looked at again; and where the folder is not there, neither.
    renameSync(join(away, 'back.db.gz'), back ?? '')
    site.library('state_ready; state_prune')
    expect(names('missing')).toEqual(['back.db.gz', 'gone.db.gz', 'held.db.gz'])
    renameSync(site.backups, `${site.backups}.away`)
    site.sql(database(site), 'UPDATE missing SET since = 1;')
    prune()
    renameSync(`${site.backups}.away`, site.backups)
    expect(names('fingerprint')).toEqual(all)
    prune()
    for (const table of ['fingerprint', 'verdict']) expect(names(table), table).toEqual(['back.db.gz', 'moved.db.gz'])
    expect(names('hold')).toEqual(['held.db.gz'])
    for (const table of ['fact', 'table_count']) {
      const found = site.sql(database(site), `SELECT DISTINCT name FROM ${table} ORDER BY 1;`)
      expect(found, table).toBe('back.db.gz\nmoved.db.gz\n')
    }
  })

  it('keeps a hundred verdicts of a file', async (test) => {
    const { site, backup } = await filled(test)
    site.library(
      `rows() { local n; for ((n = 0; n < 150; n++)); do state_record verdict "$1" 5 1.0 failed "$n" content - "turn $n"; done; }
       state_write rows "$1"; state_write state_record verdict "$1" 5 1.0 failed 150 content - last`,
      [backup],
    )
    expect(site.sql(database(site), 'SELECT count(*), min(at), max(at) FROM verdict;')).toBe('100|51|150\n')
  })

  it('refuses whatever is not a word or a number, from whichever of our functions', async (test) => {
    const { site } = await filled(test)
    const wrote = (row: string) =>
      site.library(`forged() { printf '%b\\n' "$1"; }; state_write forged "$1" && echo written; :`, [row])
    const pad = (fields: string) => fields + '\\t'.repeat(13 - fields.split('\\t').length + 1)
    expect(wrote(pad('hold\\t/a b\\t5\\tme\\twhy'))).toBe('')
    expect(wrote(pad("hold\\t/a'b\\t5\\tme\\twhy"))).toBe('')
    expect(wrote(pad('hold\\t/ab\\t5x\\tme\\twhy'))).toBe('')
    expect(wrote(pad('made\\t/ab\\t\\t1.0\\tdatabase\\tmanual\\t5'))).toBe('')
    expect(wrote(pad('hold\\t/ab\\t5\\tme\\twhy'))).toBe('written\n')
  })
})

function linkInstead(file: string): void {
  renameSync(file, `${file}.away`)
  symlinkSync(`${file}.away`, file)
}

/** Overwrites the pages of tables that are least worth. */
function damage(file: string): void {
  const pages = execFileSync(
    'sqlite3',
    [file, "SELECT rootpage FROM sqlite_master WHERE name IN ('verdict', 'fingerprint', 'verdict_of');"],
    {
      encoding: 'utf8',
    },
  )
  const size = Number(execFileSync('sqlite3', [file, 'PRAGMA page_size;'], { encoding: 'utf8' }))
  const bytes = readFileSync(file)
  for (const page of pages.trim().split('\n').map(Number)) bytes.fill(0xa5, (page - 1) * size, page * size)
  writeFileSync(file, bytes)
}
