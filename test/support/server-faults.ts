/** Causes faults on a test server while the kit works on it. */
import { readFileSync } from 'node:fs'
import type { Server } from './servers/server.ts'
import { waitUntil } from './wait.ts'

/** Telemetry rows per megabyte of database, including their indexes. */
const unitsPerMb = 1028

/** Enlarges the live database by about `megabytes`, with the application stopped. */
export async function growDatabase(server: Server, megabytes: number): Promise<void> {
  const grow = readFileSync(new URL('../../src-main/demo/cvd/grow.sql', import.meta.url), 'utf8')
  const units = Math.round(megabytes * unitsPerMb)
  await server.must('systemctl stop cvd')
  await server.must('sqlite3 -batch -bail /opt/cvd/data/cvd.db', {
    stdin: `PRAGMA synchronous = OFF;\nCREATE TEMP TABLE growth (units INTEGER); INSERT INTO growth VALUES (${units});\n${grow}`,
    user: 'cvdapp',
  })
  await server.must('systemctl start cvd')
  await server.waitHealthy()
}

export interface Gate extends AsyncDisposable {
  /** Waits until the program was called with matching arguments and is blocked before its work. */
  readonly reached: () => Promise<void>
  /** Unblocks it, and all later calls. */
  readonly open: () => Promise<void>
}

/**
 * Blocks a program on the server when its arguments match a shell pattern, so that a test can act at that moment. With
 * `output` it has already written something, like a compressor in the middle of its work.
 */
export async function gate(server: Server, program: string, pattern: string, { output = false } = {}): Promise<Gate> {
  const [closed, reached] = [`/tmp/gate-${program}.closed`, `/tmp/gate-${program}.reached`]
  await server.must(`real=$(type -P ${program}) && rm -f ${reached} && : > ${closed} && cat > /usr/local/sbin/${program} <<END
#!/bin/bash
if [[ -e ${closed} && "\\$*" == ${pattern} ]]; then
  ${output ? 'head -c 100000 /dev/urandom' : ':'}
  : > ${reached}
  while [[ -e ${closed} ]]; do sleep 0.05; done
fi
exec $real "\\$@"
END
chmod 755 /usr/local/sbin/${program}`)
  const open = async (): Promise<void> => {
    await server.must(`rm -f ${closed}`)
  }
  return {
    open,
    reached: async () => {
      await waitUntil(`${program} to be called`, async () => (await server.run(`test -e ${reached}`)).code === 0, {
        everyMs: 30,
      })
    },
    [Symbol.asyncDispose]: async () => {
      await open()
      await server.must(`rm -f /usr/local/sbin/${program} ${reached}`)
    },
  }
}

/** Runs a command line in the background until disposed, or until `reset`. */
export async function alongside(server: Server, name: string, line: string): Promise<AsyncDisposable> {
  await server.must(`systemd-run --quiet --unit=test-${name} bash -c "$(cat)"`, { stdin: line })
  return {
    [Symbol.asyncDispose]: async () => {
      await server.run(`systemctl kill --kill-who=all --signal=KILL test-${name}; systemctl reset-failed test-${name}`)
    },
  }
}

/** Limits the disk under a folder until disposed. */
export async function smallDisk(server: Server, folder: string, bytes: number): Promise<AsyncDisposable> {
  await server.limitDisk(folder, bytes)
  return { [Symbol.asyncDispose]: () => server.releaseDisk(folder) }
}

/** Sorted names of everything in the backup folder and the kit's work folders, including hidden files. */
export async function leftBehind(server: Server): Promise<string[]> {
  const list = await server.must(
    'find /opt/cvd/backups /opt/cvd/data /var/lib/cvd-backup/work /home/*/.local/state/cvd-backup/work -mindepth 1 2>/dev/null | sort',
  )
  const always = /^\/opt\/cvd\/(backups\/(app|system)|data\/cvd\.db(-wal|-shm|-journal)?)$/
  return list.split('\n').filter((path) => path !== '' && !always.test(path))
}

export interface Checked {
  readonly sha256: string
  readonly size: number
  readonly databaseSha256: string
  readonly databaseSize: number
  readonly integrity: string
  readonly userVersion: number
  readonly journalMode: string
  readonly foreignKeyViolations: number
  readonly rows: Readonly<Record<string, number>>
}

/** Reads a backup with only gunzip, sha256sum and sqlite3. */
export async function checkIndependently(server: Server, file: string): Promise<Checked> {
  const copy = '/tmp/independent.db'
  const facts = await server.must(`set -e; cp '${file}' /tmp/independent.gz
    sha256sum < /tmp/independent.gz | cut -c1-64; stat -c %s /tmp/independent.gz
    /usr/bin/gzip -dc /tmp/independent.gz > ${copy}; sha256sum < ${copy} | cut -c1-64; stat -c %s ${copy}`)
  const [sha256 = '', size, databaseSha256 = '', databaseSize] = facts.split('\n')
  const sql = (text: string) => server.must(`sqlite3 -batch ${copy}`, { stdin: `${text};\n` })
  const names = (await sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")).split(
    '\n',
  )
  const counts = await sql(names.map((name) => `SELECT '${name}', count(*) FROM "${name}"`).join(' UNION ALL '))
  const pragmas = await sql(
    'PRAGMA journal_mode; PRAGMA user_version; PRAGMA integrity_check; SELECT count(*) FROM pragma_foreign_key_check',
  )
  const [journalMode = '', userVersion, integrity = '', violations] = pragmas.split('\n')
  await server.must('rm -f /tmp/independent*')
  return {
    sha256,
    size: Number(size),
    databaseSha256,
    databaseSize: Number(databaseSize),
    integrity,
    userVersion: Number(userVersion),
    journalMode,
    foreignKeyViolations: Number(violations),
    rows: Object.fromEntries(
      counts
        .split('\n')
        .map((line) => line.split('|'))
        .map(([name, rows]) => [name, Number(rows)]),
    ),
  }
}
