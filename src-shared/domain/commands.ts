/** Shell commands for working on a backup by hand on the server, or why there are none. Pure. */
import { decodePath } from './backup-path.ts'
import type { BackupEntry } from './kit-backups.ts'

export interface ShownCommand {
  readonly title: string
  readonly command: string
}

export interface ShownCommands {
  readonly commands: readonly ShownCommand[]
  /** Why there are no commands; empty if there are. */
  readonly refusal: string
}

/** Characters that a terminal may interpret when pasted, or that could deceive a reader. */
const invisible = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u

/** A path as one word of any shell; null if it cannot be pasted safely: it is not plain text, or not absolute. */
export function shellPath(encoded: string): string | null {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodePath(encoded))
  } catch {
    return null
  }
  if (!text.startsWith('/') || invisible.test(text)) return null
  // `~` and `=` are special only at the start of a word, where the path has a slash.
  return /^[A-Za-z0-9._/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

const refused: ShownCommands = {
  commands: [],
  refusal:
    'The path of this backup holds characters that cannot be pasted safely. Work on it with the console, or rename it on the server first.',
}

/**
 * Commands to paste, in the order of a restore. They do not change the site: the restore asks for the server's name
 * first.
 */
export function commandsFor(backup: Pick<BackupEntry, 'path' | 'kind'>): ShownCommands {
  const file = shellPath(backup.path)
  if (file === null) return refused
  const listing = `tar --force-local --quoting-style=escape -tzvf ${file}`
  if (backup.kind !== 'database') return { commands: [{ title: 'List its files', command: listing }], refusal: '' }
  const packed = backup.path.endsWith('.gz')
  const commands = [
    { title: 'Read it to the last byte', command: packed ? `gzip -t -- ${file}` : `cat -- ${file} >/dev/null` },
    { title: 'Verify it', command: `cvd-backup verify ${file}` },
    {
      title: 'Check the database in it without cvd-backup: in a private folder that is removed again',
      command: checkByHand(packed ? `gzip -dc -- ${file}` : `cat -- ${file}`),
    },
    { title: 'See what a restore would change', command: `cvd-backup plan restore database ${file}` },
    {
      title: 'Restore it: put the name of the server and your reason in',
      command: `cvd-backup restore database ${file} --confirm 'NAME OF THE SERVER' --reason 'YOUR REASON'`,
    },
  ]
  return { commands, refusal: '' }
}

/** Runs in a subshell, to keep the umask and the trap out of the user's shell; the copy is private. */
function checkByHand(unpack: string): string {
  return [
    '(',
    '  umask 077 && folder=$(mktemp -d) || exit 1',
    `  trap 'rm -rf -- "$folder"' EXIT`,
    '  trap "exit 1" HUP INT TERM',
    `  ${unpack} >"$folder/check.db" &&`,
    `    sqlite3 -init /dev/null -readonly "$folder/check.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check'`,
    ')',
  ].join('\n')
}
