/** The console's work on a backup as commands that a person can run on the server. Pure. */
import { decodePath } from './backup-path.ts'
import type { BackupEntry, Inspection } from './kit-protocol.ts'

/** A path as one word of bash, whatever it is called: bytes that are no plain text are written as `\xNN`. */
export function shellPath(encoded: string): string {
  const bytes = decodePath(encoded)
  const text = new TextDecoder('utf-8').decode(bytes)
  if (/^[A-Za-z0-9._/-]+$/.test(text)) return text
  const escaped = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    if (/[A-Za-z0-9._/ -]/.test(character)) return character
    return `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return `$'${escaped.join('')}'`
}

export interface ShownCommand {
  readonly title: string
  readonly command: string
}

/** What to type, in the order of a restore. `inspection` names the database and its service; null: as the runbook has them. */
export function commandsFor(backup: Pick<BackupEntry, 'path' | 'kind'>, inspection: Inspection | null): ShownCommand[] {
  const file = shellPath(backup.path)
  if (backup.kind !== 'database') return [{ title: 'List what is in it', command: `tar -tzvf ${file}` }]
  const database = inspection ? shellPath(inspection.database.path) : '/opt/cvd/data/cvd.db'
  const service = inspection?.services.map(({ name }) => name).join(' ') || 'cvd'
  const packed = backup.path.endsWith('.gz')
  return [
    { title: 'Read it to the last byte', command: packed ? `gzip -t ${file}` : `cat ${file} >/dev/null` },
    { title: 'Unpack a copy', command: packed ? `gunzip -c ${file} >/tmp/check.db` : `cp -- ${file} /tmp/check.db` },
    {
      title: 'Check the database in it',
      command: `sqlite3 /tmp/check.db 'PRAGMA integrity_check; PRAGMA foreign_key_check'`,
    },
    { title: 'Verify it as the console does', command: `cvd-backup verify ${file}` },
    { title: 'See what a restore would change', command: `cvd-backup plan restore database ${file}` },
    {
      title: 'Restore it as a transaction',
      command: `cvd-backup restore database ${file} --confirm "$(hostname)" --reason 'why'`,
    },
    {
      title: 'By hand, when nothing else is there: the old database is kept beside it',
      command: [
        `systemctl stop ${service}`,
        `for end in '' -wal -shm -journal; do [ ! -e ${database}$end ] || mv ${database}$end ${database}.kept$end; done`,
        `cp /tmp/check.db ${database}`,
        `chown --reference=${database}.kept ${database} && chmod --reference=${database}.kept ${database}`,
        `systemctl start ${service}`,
      ].join('\n'),
    },
  ]
}
