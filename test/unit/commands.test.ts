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
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import { commandsFor, shellPath } from '../../src-shared/domain/commands.ts'

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

  test.each(hostile)('list an archive called %j', (name) => {
    const path = join(folder, 'backups', name)
    execFileSync('tar', ['-czf', path, '-C', folder, 'here'])
    const { commands } = commandsFor({ path: encodePath(path), kind: 'application' })
    expect(paste(commands.map(({ command }) => command).join('\n'))).toContain('here/')
    expect(readdirSync(join(folder, 'here'))).toEqual([])
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

  test('are not offered for a path that is not text', () => {
    expect(shellPath('/b/%FF.db')).toBeNull()
  })

  test('never touch the live database, and write nothing that others can read', () => {
    const text = commandsFor({ path: '/b/a.db.gz', kind: 'database' }).commands.map(({ command }) => command)
    expect(text.join('\n')).not.toMatch(/\/tmp|cvd\.db|systemctl|\bcp\b|\bmv\b/)
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
