/** Backups of the application, the configuration and the unit files, compared with the files themselves. */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import { archiveReport, shownBackup } from '../../src-shared/domain/kit-backups.ts'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { namesIn, treeOf, unpacked } from '../support/kit/archives.ts'
import { ORDINARY, ScratchSite, type SiteOptions } from '../support/scratch-site.ts'

/** A site with an application of a few files, whose user is not root. */
function siteWith(test: TestContext, more = '', options: SiteOptions = { owner: ORDINARY }): ScratchSite {
  const site = new ScratchSite(options)
  test.onTestFinished(() => site.remove())
  const script = `set -e; cd "$1/app"
    mkdir -p venv/bin __pycache__ .git templates/mail
    echo 'print(1)' >app.py; echo flask >requirements.txt; chmod 755 app.py
    echo DEBUG=0 >.flaskenv; echo x >venv/bin/python; echo c >__pycache__/app.pyc; echo c >old.pyc
    echo ref: refs/heads/main >.git/HEAD; mkdir -p .git/refs/heads; printf '%040d\\n' 7 >.git/refs/heads/main
    echo cache >ai_cache.db; echo wal >ai_cache.db-wal; echo hello >templates/mail/welcome.html; chmod 2750 templates
    ln -s templates/mail current
    cd ../config; echo SECRET=1 >.env; chmod 600 .env; echo workers=4 >gunicorn.conf.py
    ${more}
    cd "$1"; [[ $2 == '' ]] || chown -R -h "$2:$2" app config`
  execFileSync('/bin/bash', ['-c', script, 'setup', site.root, String(options.owner ?? options.login ?? '')])
  return site
}

const app = (site: ScratchSite) => join(site.backups, 'app')
const made = (site: ScratchSite, pattern: RegExp): string => {
  const [name, ...others] = readdirSync(app(site)).filter((one) => pattern.test(one))
  expect(others).toEqual([])
  return join(app(site), name ?? 'none')
}
const nothingLeft = (site: ScratchSite) => {
  expect(readdirSync(app(site))).toEqual([])
  const records = join(site.state, 'state.db')
  if (existsSync(records)) {
    expect(site.sql(records, 'SELECT name FROM fingerprint UNION ALL SELECT name FROM member')).toBe('')
  }
}
const warningsOf = async (site: ScratchSite, command: string, instead = '') =>
  (await site.ask([command], archiveReport, { instead })).warnings

describe('a backup of the application', () => {
  it('holds what the runbook packs, with dotfiles, modes and owners, and nothing else', async (test) => {
    const site = siteWith(test)
    const report = await site.ask(['application'], archiveReport)
    const archive = made(site, /^cvd_app_\d{8}_\d{6}\.tar\.gz$/)
    expect(Buffer.from(decodePath(report.backup.path)).toString()).toBe(archive)
    const runbook = join(site.folder, 'runbook.tar.gz')
    const excluded = ['venv', '__pycache__', '*.pyc', '.git', 'ai_cache.db', 'ai_cache.db-wal']
    execFileSync('tar', [
      ...['-czf', runbook, '-C', join(site.root, 'app')],
      ...excluded.map((name) => `--exclude=${name}`),
      '.',
    ])
    expect([...namesIn(archive)].sort()).toEqual([...namesIn(runbook)].sort())
    const packed = unpacked(archive)
    expect(packed).toEqual(unpacked(runbook))
    expect([...packed.keys()]).toContain('.flaskenv')
    expect(packed.get('templates')).toMatchObject({ mode: '2750', uid: ORDINARY })
    expect(packed.get('current')).toMatchObject({ kind: 'link', content: 'templates/mail' })
  })

  it('is recorded with a hash of each member, and listed as verified', async (test) => {
    const site = siteWith(test)
    const { backup, fingerprint } = await site.ask(['application'], archiveReport)
    const archive = made(site, /^cvd_app_/)
    const members = `SELECT type, mode, uid, gid, size, sha256, path, target FROM member
      WHERE name = '${archive.slice(archive.lastIndexOf('/') + 1)}' ORDER BY n`
    const list = site.sql(join(site.state, 'state.db'), `.mode list\n.separator "\\t"\n${members};`)
    const lines = list
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
    const source = treeOf(join(site.root, 'app'))
    expect(lines).toHaveLength(fingerprint.members)
    for (const [type, mode, uid, gid, , sha256, path = ''] of lines) {
      const member = source.get(path.replace(/^\.\//, ''))
      expect([mode, Number(uid), Number(gid)], path).toEqual([member?.mode, member?.uid, member?.gid])
      if (type === 'f') expect(sha256).toBe(member?.content)
    }
    expect(createHash('sha256').update(list).digest('hex')).toBe(fingerprint.membersSha256)
    expect(createHash('sha256').update(readFileSync(archive)).digest('hex')).toBe(fingerprint.sha256)
    expect(backup).toMatchObject({ kind: 'application', origin: 'manual', verdict: 'verified', fingerprint: true })
    const { backups } = await site.ask(['inspect'], inspection)
    expect(backups.find(({ path }) => path === backup.path)).toMatchObject({ kind: 'application', verdict: 'verified' })
    const shown = await site.ask(['show', archive], shownBackup)
    expect(shown).toMatchObject({ fingerprint: null, archive: { members: fingerprint.members, kind: 'application' } })
  })

  it('has the version of the code beside it, and the lines of the runbook in its log', async (test) => {
    const site = siteWith(test)
    await site.ask(['application'], archiveReport)
    const version = readFileSync(made(site, /^git_version_/), 'utf8').split('\n')
    expect(version).toEqual(['7'.padStart(40, '0'), 'branch: main', 'uncommitted changes: not checked', ''])
    const log = readFileSync(join(site.root, 'logs/backup.log'), 'utf8')
    expect(log).toMatch(/\] Application code backup completed: .*\/cvd_app_\d{8}_\d{6}\.tar\.gz$/m)
    expect(log).toContain(`Git version recorded: ${'7'.padStart(40, '0')}`)
  })

  it('says that the working tree is detached', async (test) => {
    const site = siteWith(test, "printf '%040d\\n' 9 >../app/.git/HEAD")
    await site.ask(['application'], archiveReport)
    expect(readFileSync(made(site, /^git_version_/), 'utf8')).toContain('detached')
  })

  it('keeps names with newlines, without UTF-8, and with leading dashes', async (test) => {
    const odd = String.raw`touch -- ../app/-rf ../app/$'a\nb' ../app/$'\xff\t%0A\\n' "../app/ x -> y " ../app/'*'; ln -s $'to\n-> x' ../app/link`
    const site = siteWith(test, odd)
    const { warnings } = await site.ask(['application'], archiveReport)
    expect(warnings).toEqual([])
    const packed = unpacked(made(site, /^cvd_app_/))
    for (const [path, member] of treeOf(join(site.root, 'app'))) {
      if (!/(?:^|\/)(?:venv|__pycache__|\.git|ai_cache\.db|[^/]*\.pyc)/.test(path))
        expect(packed.get(path)).toEqual(member)
    }
    expect((await site.run(['verify', '--all'])).result.outcome).toBe('succeeded')
  })

  it('names what it leaves out: named pipes, sockets; and holds a file with two names twice', async (test) => {
    const pipes = `mkfifo ../app/pipe; ln ../app/app.py ../app/second.py
      python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("../app/cvd.sock")'`
    const site = siteWith(test, pipes)
    const warnings = await warningsOf(site, 'application')
    expect(warnings.join('\n')).toMatch(/\/app\/pipe/)
    expect(warnings.join('\n')).toMatch(/\/app\/cvd\.sock/)
    const packed = unpacked(made(site, /^cvd_app_/))
    expect(packed.get('second.py')).toEqual(packed.get('app.py'))
    expect(packed.has('pipe') || packed.has('cvd.sock')).toBe(false)
  })

  it('is not made without what its owner cannot read', async (test) => {
    const site = siteWith(test)
    writeFileSync(join(site.root, 'app/root-only.py'), 'x', { mode: 0o600 })
    const { result } = await site.run(['application'])
    expect(result).toMatchObject({ outcome: 'failed', code: 'no-rights' })
    expect(result.message).toContain('app/root-only.py')
    nothingLeft(site)
    expect(readFileSync(join(site.root, 'logs/backup.log'), 'utf8')).toContain('ERROR: Application code backup failed')
  })

  it('is not made of a folder that is not there', async (test) => {
    const site = siteWith(test)
    rmSync(join(site.root, 'app'), { recursive: true })
    expect((await site.run(['application'])).result).toMatchObject({ outcome: 'failed', code: 'missing-part' })
  })

  it('is refused where there is no room for it, and leaves nothing behind when the disk becomes full', async (test) => {
    const site = siteWith(test)
    expect((await site.run(['application'], { instead: 'free_bytes() { REPLY=1000; }' })).result.code).toBe('no-space')
    nothingLeft(site)
    const full = `eval "true_$(declare -f tree_tar)"; tree_tar() { ulimit -f 8; true_tree_tar "$@"; }`
    const large = join(site.root, 'app/large')
    execFileSync('/bin/bash', ['-c', `head -c 100000 /dev/urandom >"$1"; chown ${ORDINARY} "$1"`, 'x', large])
    expect((await site.run(['application'], { instead: `${full}; trap '' XFSZ` })).result.outcome).toBe('failed')
    nothingLeft(site)
  })

  it('is given up when its files cannot be copied in the time that there is', async (test) => {
    const site = siteWith(test)
    const { result } = await site.run(['application'], { instead: 'WATCH_SECONDS=2; tree_write() { sleep 60; }' })
    expect(result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(result.message).toContain('could not be copied within 2 s')
    expect(result.unchanged).toContain('no backup was made')
    nothingLeft(site)
  })

  it('can be cancelled while it is made', async (test) => {
    const site = siteWith(test)
    const slow = 'tree_write() { : >waits; sleep 60; }'
    const child = site.start(['application'], slow)
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (/"step":"copy"/.test(said) && !/cancelling/.test(said)) {
        said += 'cancelling'
        void site.run(['cancel', /"operation":"([^"]+)"/.exec(said)?.[1] ?? ''])
      }
    })
    await new Promise((resolve) => child.on('close', resolve))
    expect(said).toContain('"outcome":"cancelled"')
    nothingLeft(site)
  })

  it('is made by a login that is not root, of its own files', async (test) => {
    const site = siteWith(test, '', { login: ORDINARY })
    await site.ask(['application'], archiveReport)
    expect(unpacked(made(site, /^cvd_app_/)).get('.flaskenv')).toMatchObject({ kind: 'file', uid: ORDINARY })
  })
})

describe('while the application is written to', () => {
  it('what changed meanwhile is read again', async (test) => {
    const site = siteWith(test)
    const changing = `eval "true_$(declare -f tree_tar)"; tree_tar() {
      true_tree_tar "$@"; local said=$?
      [[ -e $ROOT/data/once ]] || { echo second >"$TREE_FOLDER/app.py"; echo new >"$TREE_FOLDER/new.py"; : >"$ROOT/data/once"; }
      return "$said"; }`
    expect(await warningsOf(site, 'application', changing)).toEqual([])
    const packed = unpacked(made(site, /^cvd_app_/))
    expect(packed.get('app.py')).toEqual(treeOf(join(site.root, 'app')).get('app.py'))
    expect(packed.has('new.py')).toBe(true)
  })

  it('a file that changes each time is named', async (test) => {
    const site = siteWith(test, 'echo line >../app/app.log')
    const changing = `eval "true_$(declare -f tree_list)"; tree_list() { echo more >>"$TREE_FOLDER/app.log"; true_tree_list; }
      dd() { command dd "$@"; local said=$?; [[ $* != *app.log* ]] || echo more >>"$TREE_FOLDER/app.log"; return "$said"; }`
    expect((await warningsOf(site, 'application', changing)).join()).toMatch(/changed each time.*app\.log/)
    expect(unpacked(made(site, /^cvd_app_/)).has('app.log')).toBe(true)
  })

  it('a database in it is copied with what is only in its WAL, and without the WAL', async (test) => {
    const site = siteWith(test)
    const database = join(site.root, 'app/inner.db')
    const sql = `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a); INSERT INTO t VALUES('in the WAL');`
    const keeper = execKeeper(database, sql)
    test.onTestFinished(() => void keeper.kill())
    await keeper.ready
    expect(statSync(`${database}-wal`).size).toBeGreaterThan(0)
    await site.ask(['application'], archiveReport)
    const archive = made(site, /^cvd_app_/)
    expect(namesIn(archive).filter((name) => name.includes('inner'))).toEqual(['./inner.db'])
    const copy = join(site.folder, 'copy')
    mkdirSync(copy)
    execFileSync('tar', ['-xzf', archive, '-C', copy])
    expect(site.sql(join(copy, 'inner.db'), 'SELECT a FROM t; PRAGMA integrity_check')).toBe('in the WAL\nok\n')
    expect(unpacked(archive).get('inner.db')).toMatchObject({ uid: ORDINARY, mode: '644' })
  })

  it('what only looks like a database is copied as it is, and named', async (test) => {
    const site = siteWith(
      test,
      `{ printf 'SQLite format 3\\0'; head -c 5000 /dev/zero | tr '\\0' x; } >../app/fixture.db`,
    )
    expect((await warningsOf(site, 'application')).join()).toContain('fixture.db')
    const packed = unpacked(made(site, /^cvd_app_/))
    expect(packed.get('fixture.db')).toEqual(treeOf(join(site.root, 'app')).get('fixture.db'))
  })
})

/** A writer that keeps a database open, as the application's user. */
function execKeeper(database: string, sql: string) {
  const child = spawn('setpriv', [
    ...[`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups', 'sqlite3', '-batch', database],
  ])
  child.stdin.write(`${sql}\nSELECT 'ready';\n`)
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => chunk.toString().includes('ready') && resolve())
  })
  return { ready, kill: () => child.kill('SIGKILL') }
}

describe('a backup of the configuration', () => {
  it('H7: holds the dotfiles, and is no easier to read than the most private of them', async (test) => {
    const site = siteWith(test)
    await site.ask(['config'], archiveReport)
    const archive = made(site, /^cvd_config_\d{8}_\d{6}\.tar\.gz$/)
    expect(namesIn(archive)[0]).toBe('config/')
    expect(unpacked(archive).get('config/.env')).toEqual(treeOf(join(site.root, 'config')).get('.env'))
    const { mode, uid } = statSync(archive)
    expect([mode & 0o777, uid]).toEqual([0o600, ORDINARY])
  })

  it('may be read by the group where all of it may', async (test) => {
    const site = siteWith(test, 'chmod 644 .env')
    await site.ask(['config'], archiveReport)
    expect(statSync(made(site, /^cvd_config_/)).mode & 0o777).toBe(0o640)
  })

  it('is unpacked by the command of the runbook', async (test) => {
    const site = siteWith(test)
    await site.ask(['config'], archiveReport)
    const before = treeOf(join(site.root, 'config'))
    rmSync(join(site.root, 'config'), { recursive: true })
    execFileSync('tar', ['-xzpf', made(site, /^cvd_config_/), '-C', site.root])
    expect(treeOf(join(site.root, 'config'))).toEqual(before)
  })
})

describe('a backup of the unit files', () => {
  const units = (site: ScratchSite, script: string) => {
    const folder = join(site.folder, 'units')
    execFileSync('/bin/bash', ['-c', `mkdir -p "$1/cvd.service.d"; cd "$1"; ${script}`, 'x', folder])
    return site.run(['policy', `units=${folder}`])
  }

  it('holds the unit and its drop-ins, and only those', async (test) => {
    const site = siteWith(test)
    await units(
      site,
      'echo [Unit] >cvd.service; echo [Service] >cvd.service.d/override.conf; echo x >other.service; echo x >cvd.service.d/notes',
    )
    expect(await warningsOf(site, 'systemd')).toEqual([])
    const names = namesIn(made(site, /^cvd_systemd_\d{8}_\d{6}\.tar\.gz$/))
    expect([...names].sort()).toEqual(['cvd.service', 'cvd.service.d/', 'cvd.service.d/override.conf'])
  })

  it('says that a unit is a link, whose target it does not hold', async (test) => {
    const site = siteWith(test)
    await units(site, 'ln -s /opt/cvd/deploy/cvd.service cvd.service')
    expect((await warningsOf(site, 'systemd')).join()).toContain('symbolic link to /opt/cvd/deploy/cvd.service')
  })

  it('is not made where there is no unit', async (test) => {
    const site = siteWith(test)
    await site.run(['policy', `units=${join(site.folder, 'none')}`])
    expect((await site.run(['systemd'])).result).toMatchObject({ outcome: 'failed', code: 'missing-part' })
  })
})
