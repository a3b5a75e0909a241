/** The commands offered for pasting, pasted into a real bash, with maliciously named backups. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import { commandsFor, restoreCommandsFor, shellPath } from '../../src-shared/domain/commands.ts'
import { backupKinds } from '../../src-shared/domain/kit-backups.ts'

const hostile = [
  'plain.db.gz',
  "it's $(touch ran) `touch ran`.db.gz",
  "'; touch ran; '.db.gz",
  '"; touch ran #.db.gz',
  '!! \\ $HOME ~ * ? {a,b} & | > ran < x.db.gz',
  '-rf.db.gz',
  'ä 東.db.gz',
  "x'$(touch ran).db",
]

/** Replaces sqlite3: prints who could read the copy. */
const privacy = [
  '#!/bin/bash',
  'for word; do',
  '  [[ $word != */check.db ]] || { stat -c %a "$word"; stat -c %a "$(dirname "$word")"; }',
  'done\n',
].join('\n')

describe('commands to paste', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cvd-paste-'))
    for (const part of ['here', 'backups', 'bin', 'tmp']) mkdirSync(join(folder, part))
    // Stands in for the kit: only the arguments that reach it matter.
    const kit = join(folder, 'bin/cvd-backup')
    writeFileSync(kit, `#!/bin/bash\nprintf '%s\\0' "$@" >>'${folder}/words'\n`)
    chmodSync(kit, 0o755)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Pastes like a user: into an interactive shell, which expands its history. */
  const paste = (text: string) =>
    execFileSync('/bin/bash', ['--norc', '--noprofile', '-i'], {
      input: `${text}\n`,
      cwd: join(folder, 'here'),
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        HOME: folder,
        TMPDIR: join(folder, 'tmp'),
        LC_ALL: 'C',
      },
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })

  test.each(hostile)('with a backup called %j execute no part of its name, and leave nothing behind', (name) => {
    const path = join(folder, 'backups', name)
    const database = join(folder, 'db')
    execFileSync('sqlite3', [database, 'CREATE TABLE users (id); INSERT INTO users VALUES (1)'])
    const bytes = readFileSync(database)
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(bytes) : bytes)
    const { commands } = commandsFor({ path: encodePath(path), kind: 'database' })
    expect(commands).toHaveLength(5)
    const printed = paste(commands.map(({ command }) => command).join('\n'))
    expect(printed).toMatch(/^ok$/m)
    const words = readFileSync(join(folder, 'words'), 'utf8').split('\0')
    expect(words.filter((word) => word.startsWith('/'))).toEqual([path, path, path])
    expect(readdirSync(join(folder, 'here'))).toEqual([])
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  test.each(hostile)('with an archive called %j execute no part of its name, and touch nothing live', (name) => {
    const path = join(folder, 'backups', name)
    mkdirSync(join(folder, 'config'))
    writeFileSync(join(folder, 'config/.env'), 'SECRET=1\n', { mode: 0o600 })
    execFileSync('tar', ['--force-local', '-czf', path, '-C', folder, 'config'])
    for (const kind of ['application', 'config', 'systemd'] as const) {
      const { commands } = commandsFor({ path: encodePath(path), kind })
      const printed = paste(commands.map(({ command }) => command).join('\n'))
      expect(printed).toContain('config/.env')
      const [unpacked = '', ...more] = readdirSync(join(folder, 'tmp'))
      expect(more).toEqual([])
      const private_ = join(folder, 'tmp', unpacked)
      expect([statSync(private_).mode & 0o777, readFileSync(join(private_, 'config/.env'), 'utf8')]).toEqual([
        0o700,
        'SECRET=1\n',
      ])
      expect(printed).toContain(`remove it afterwards: rm -rf -- ${private_}`)
      rmSync(private_, { recursive: true })
      const words = readFileSync(join(folder, 'words'), 'utf8').split('\0')
      expect(words.filter((word) => word.startsWith('/'))).toEqual([path, path, path])
      expect(words.slice(0, 4)).toEqual(['verify', path, 'plan', 'restore'])
      rmSync(join(folder, 'words'))
    }
    expect(readdirSync(join(folder, 'here'))).toEqual([])
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  test('of a system backup show its manifest, and check the database in it, whatever stands in them', () => {
    const path = join(folder, 'backups/cvd_system_1.tar.gz')
    const top = join(folder, 'cvd_system_1')
    mkdirSync(join(top, 'database'), { recursive: true })
    execFileSync('sqlite3', [join(folder, 'db'), 'CREATE TABLE users (id)'])
    writeFileSync(join(top, 'database/cvd.db.gz'), gzipSync(readFileSync(join(folder, 'db'))))
    writeFileSync(join(top, 'MANIFEST.txt'), 'CVD System Backup Manifest \u001b]0;title\u0007\n')
    execFileSync('tar', ['-czf', path, '-C', folder, 'cvd_system_1'])
    const { commands } = commandsFor({ path: encodePath(path), kind: 'system' })
    const printed = paste(commands.map(({ command }) => command).join('\n'))
    expect(printed).toContain('CVD System Backup Manifest ^[]0;title^G')
    expect(printed).toMatch(/^ok$/m)
    expect(readdirSync(join(folder, 'here'))).toEqual([])
    // Only what is unpacked to be looked at stays.
    expect(readdirSync(join(folder, 'tmp'))).toHaveLength(1)
  })

  test('unpack an archive without rights of its own: nothing in it can be read, or run as its owner, by others', () => {
    const path = join(folder, 'backups/a.tar.gz')
    mkdirSync(join(folder, 'app'))
    writeFileSync(join(folder, 'app/run'), 'x')
    chmodSync(join(folder, 'app/run'), 0o6777)
    execFileSync('tar', ['-czf', path, '-C', folder, 'app'])
    const { commands } = commandsFor({ path: encodePath(path), kind: 'application' })
    paste(commands.map(({ command }) => command).join('\n'))
    const [unpacked = ''] = readdirSync(join(folder, 'tmp'))
    expect(statSync(join(folder, 'tmp', unpacked)).mode & 0o7777).toBe(0o700)
    expect(statSync(join(folder, 'tmp', unpacked, 'app/run')).mode & 0o7777).toBe(0o700)
  })

  test.each([
    ['a line break', '/b/a\ntouch ran\n.db.gz'],
    ['a control character', '/b/a\x1b[201~touch ran.db.gz'],
    ['a C1 control character', '/b/a\u009btouch.db.gz'],
    ['a direction mark', '/b/a\u202etouch.db.gz'],
    ['a byte order mark', '\ufeff/b/a.db.gz'],
    ['no beginning at the root', 'a.db.gz'],
  ])('are not offered for a path with %s, and the reason is given', (_, path) => {
    const { commands, refusal } = commandsFor({ path: encodePath(path), kind: 'database' })
    expect(commands).toEqual([])
    expect(refusal).toMatch(/cannot be pasted safely/)
  })

  test('of a planned restore are those of the backup, with what was accepted, and none for such a path', () => {
    const shown = restoreCommandsFor({ path: "/b/it's.tar.gz", kind: 'application' }, ['--keep-venv'])
    expect(shown.commands.map(({ command }) => command)).toEqual([
      "cvd-backup plan restore application '/b/it'\\''s.tar.gz'",
      "cvd-backup restore application '/b/it'\\''s.tar.gz' --confirm 'NAME OF THE SERVER' --reason 'YOUR REASON' --keep-venv",
    ])
    expect(restoreCommandsFor({ path: '/b/a%0A.tar.gz', kind: 'application' }, [])).toMatchObject({
      ...{ commands: [], refusal: expect.stringContaining('cannot be pasted safely') },
    })
  })

  test('are not offered for a path that is not text', () => {
    expect(shellPath('/b/%FF.db')).toBeNull()
  })

  test('name chosen files as words of their own, and are not offered for one that cannot be pasted', () => {
    const backup = { path: '/b/a.tar.gz', kind: 'config' } as const
    const only = [encodePath("a b'$(x)"), '.env']
    const { commands } = restoreCommandsFor(backup, ['--rebuild-venv'], [], only)
    expect(commands.at(-1)?.command).toContain(` --rebuild-venv --only 'a b'\\''$(x)' --only .env`)
    expect(restoreCommandsFor(backup, [], [], ['a%0Ab']).commands).toEqual([])
  })

  test.each(backupKinds)('for %s never touch what is live, and write nothing that others can read', (kind) => {
    const text = commandsFor({ path: '/b/a.gz', kind }).commands.map(({ command }) => command)
    expect(text.join('\n')).not.toMatch(/\/tmp|[^/]cvd\.db|systemctl|\bcp\b|\bmv\b| -P|-C (?!"\$folder")/)
    expect(text.filter((command) => /mktemp/.test(command))).not.toEqual([])
    for (const command of text.filter((one) => /mktemp/.test(one)))
      expect(command).toMatch(/umask 077 && folder=\$\(mktemp -d\)/)
  })

  test('unpack with a private mask in a private folder', () => {
    const path = join(folder, 'backups/a.db')
    writeFileSync(path, 'x')
    const spy = join(folder, 'bin/sqlite3')
    writeFileSync(spy, privacy)
    chmodSync(spy, 0o755)
    const { commands } = commandsFor({ path: encodePath(path), kind: 'database' })
    expect(paste(commands.map(({ command }) => command).join('\n'))).toBe('600\n700\n')
  })
})
