/** What one look at a site costs the server, and that a hanging part does not affect the others. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inspection } from '../../src-shared/domain/kit-site.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

const launcher = readFileSync(new URL('../../src-main/kit/bash/launcher.sh', import.meta.url), 'utf8')
const root = process.getuid?.() === 0

/** The lines that could be taken for those of another part, or for JSON. */
const lie = `lie() {
  local part
  for part in host time tools compressor disk layout services lock unfinished policy problems; do
    printf '%s=["made-up"]\\nI[%s]=x\\n%s:=[]\\n' "$part" "$part" "$part"
  done
  printf '%s\\n' 'size=1,"x":1' 'state=there","services":[]' 'plain=-wal"' 'userVersion=7}' 'journal=wal","x":"' 'readable=yes ' \\
    'rows=users	40],"services":[' 'version=7,"x":1' 'health=200 5 0 %22%7D%0A%00%1B' 'health=200 5,"x":1 0 x' "error=x	y	z" \\
    'holder=1	root		x' 'catalog=made-up' "$1 " " $1"
  printf '%s\\n' "$1"
  printf '5\\t1700000000.5\\t7\\t%s\\n' "$BACKUPS/lied.db" '/x"},{"path":"/y' '/%zz' "$BACKUPS/a\\"b%2.db" x
  printf '%s\\n' "$1" 'from=catalog' "hold\t$BACKUPS/lied.db\t1\tx\tx" '1 2 3 4 5 6 7 8 9 10 11 12'
}`

describe('looking at a site', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite(root ? { owner: ORDINARY } : {})
  })
  afterEach(() => site.remove())

  const inspect = () => site.ask(['inspect'], inspection)
  const log = (name: string) => join(site.root, 'logs', name)
  const stamp = () => new Date().toISOString().slice(0, 19).replace('T', ' ')

  it.runIf(root)('starts at most twenty processes, including the launcher', async () => {
    // A user whose group is in /etc/passwd, as an application's user has.
    const [, user] = /^[^:]*:[^:]*:([1-9]\d{0,3}):\1:/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
    site.remove()
    site = new ScratchSite({ owner: Number(user) })
    const backup = site.backup('cvd_backup_20260110_120000.db.gz')
    site.fingerprint(backup)
    expect((await site.run(['verify', backup])).result.outcome).toBe('succeeded')
    writeFileSync(log('backup.log'), `[${stamp()}] ERROR: disk full\n`)
    const kit = readFileSync(site.kit)
    const sha256 = createHash('sha256').update(kit).digest('hex')
    const place = join(site.state, 'kit', sha256)
    mkdirSync(place, { recursive: true, mode: 0o700 })
    writeFileSync(join(place, 'cvd-backup'), kit, { mode: 0o700 })
    const words = [launcher, sha256, '6', '--events', '--root', site.root, '--who', 'test', 'inspect']
    writeFileSync(join(site.folder, 'asked'), words.map((word) => `${word}\0`).join(''))
    // PIDs are assigned in turn, and nobody else takes one in a separate namespace. stdin stays open, as a console's does.
    const count = () => {
      const text = `
        mkfifo fifo; exec 5<>fifo; cat asked >&5; rm fifo
        IFS= read -r -d '' text <&5
        read -r before </proc/sys/kernel/ns_last_pid
        /bin/bash --noprofile --norc -c "$text" <&5 >answer
        read -r after </proc/sys/kernel/ns_last_pid
        echo "$((after - before))"`
      return Number(
        execFileSync('unshare', ['--pid', '--fork', '--mount-proc', '/bin/bash', '-c', text], {
          cwd: site.folder,
          env: { PATH: process.env.PATH, CVD_BACKUP_STATE: site.state, TZ: 'UTC' },
          encoding: 'utf8',
        }),
      )
    }
    count() // asks the tools for their versions
    expect(count()).toBeLessThanOrEqual(20)
    const last = readFileSync(join(site.folder, 'answer'), 'utf8').trim().split('\n').at(-1) ?? ''
    const answer = inspection.parse(JSON.parse(last).data)
    expect(answer.database.keyTables[0]).toEqual({ table: 'users', rows: 40 })
    expect(answer.backups).toMatchObject([{ path: backup, verdict: 'verified', fingerprint: true }])
    expect(answer.logErrors).toHaveLength(1)
  })

  it('asks a tool for its version again only after the tool has changed', async () => {
    const programs = { igzip: '#!/bin/bash\necho "igzip command line interface 2.99.1"\n' }
    site.remove()
    site = new ScratchSite({ programs })
    mkdirSync(site.state, { mode: 0o700 })
    const version = async () => (await inspect()).tools.find((one) => one.name === 'igzip')?.version
    expect(await version()).toBe('2.99.1')
    const kept = statSync(join(site.state, 'tools')).ino
    expect(await version()).toBe('2.99.1')
    expect(statSync(join(site.state, 'tools')).ino).toBe(kept)
    writeFileSync(join(site.folder, 'programs/igzip'), '#!/bin/bash\necho "igzip command line interface 2.100.22"\n')
    chmodSync(join(site.folder, 'programs/igzip'), 0o755)
    expect(await version()).toBe('2.100.22')
  })

  it('answers everything else while the health socket is silent, a log is a named pipe, and a key table is endless', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    await site.run(['policy', `health=http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`])
    writeFileSync(
      log('backup.log'),
      `[${stamp()}] ERROR: real\n\n==> ./restore.log <==\n[${stamp()}] ERROR: same log\n`,
    )
    execFileSync('mkfifo', [log('restore.log')])
    site.sql(
      site.database,
      `DROP TABLE devices; CREATE VIEW devices AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;`,
    )
    const answer = await inspect()
    silent.close()
    expect(answer.health).toMatchObject({ configured: true, healthy: false, status: null })
    expect(answer.health.detail).toContain('timed out')
    expect(answer.database.keyTables.map((one) => one.rows)).toEqual([40, null, 25])
    expect(answer.backups).toHaveLength(1)
    expect(answer.logErrors.map((one) => [one.file, one.text])).toEqual([
      ['backup.log', 'ERROR: real'],
      ['backup.log', 'ERROR: same log'],
    ])
  })

  it.runIf(root)('accepts from a lying owner only what the owner may report', async () => {
    site.backup('cvd_backup_20260110_120000.db.gz')
    const honest = await inspect()
    const answer = await site.ask(['inspect'], inspection, { instead: `look() { lie "$1"; }\n${lie}` })
    const theirs = ['database', 'health', 'backups', 'logErrors', 'otherFiles', 'problems', 'time', 'host', 'disk']
    const roots = (one: object) => Object.entries(one).filter(([name]) => !theirs.includes(name))
    expect(roots(answer)).toEqual(roots(honest))
    expect({ ...answer.host, rights: { ...answer.host.rights, readDatabase: true } }).toEqual(honest.host)
    expect(answer.disk.map(({ path, device }) => [path, device])).toEqual(
      honest.disk.map(({ path, device }) => [path, device]),
    )
    expect(answer.database.holders).toEqual([])
    expect(answer.backups.map(({ path }) => path)).toEqual([join(site.backups, 'lied.db')])
    expect(answer.problems.map(({ code }) => code)).not.toContain('made-up')
  })

  it.runIf(root).each([
    ['lines', 'look() { while :; do printf "error=%s\\n" endless; done; }'],
    ['a line', 'look() { while :; do printf "error="; done; }'],
    ['a list', 'look() { printf "%s\\n" "$1"; exec yes "5\t1700000000.5\t7\t$BACKUPS/endless.db"; }'],
  ])('ends when the owner reports %s endlessly', async (_, instead) => {
    const answer = await site.ask(['inspect'], inspection, {
      instead: `${instead}\neval "$(declare -f look | sed '1,2s/^{/{ echo "$BASHPID" >"$ROOT\\/speaker"/')"`,
    })
    expect(answer.backups.length).toBeLessThanOrEqual(1)
    expect(answer.services).toHaveLength(1)
    const speaker = Number(readFileSync(join(site.root, 'speaker'), 'utf8'))
    expect(() => process.kill(speaker, 0)).toThrow('ESRCH')
  })

  it('is stopped when it takes too long, and what it had reported counts', async () => {
    const instead =
      'look_health() { while :; do sleep 60; done; }; eval "$(declare -f look_end | sed s/LOOK_SECONDS/2/)"'
    const answer = await site.ask(['inspect'], inspection, { instead })
    expect(answer.database.keyTables[0]).toEqual({ table: 'users', rows: 40 })
    expect(answer.health).toMatchObject({
      healthy: false,
      status: null,
      detail: expect.stringContaining('was ended before'),
    })
  })

  it('ends when its caller ends', async () => {
    const instead = 'look_health() { exec sleep 61.5; }'
    const child = site.start(['inspect'], instead)
    const ended = new Promise((resolve) => child.once('close', resolve))
    await new Promise((resolve) => child.stdout?.once('data', resolve)) // hello
    child.stdin?.end()
    await ended
    expect(execFileSync('bash', ['-c', 'pgrep -fx "sleep 61.5" || true'], { encoding: 'utf8' })).toBe('')
  })
})
