/** Shell commands for working on a backup by hand on the server, or why there are none. Pure. */
import { decodePath } from './backup-path.ts'
import type { BackupEntry } from './kit-backups.ts'
import { ownerNames, partOf, type SitePart } from './restored-parts.ts'

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
  const word = shellWord(encoded)
  return word !== null && /^'?\//.test(word) ? word : null
}

/** Text as one word of any shell; null if it cannot be pasted safely. */
function shellWord(encoded: string): string | null {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodePath(encoded))
  } catch {
    return null
  }
  if (text === '' || invisible.test(text)) return null
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
  const { kind } = backup
  const file = shellPath(backup.path)
  if (file === null) return refused
  const packed = kind !== 'database' || backup.path.endsWith('.gz')
  const check =
    kind === 'database'
      ? [databaseByHand(packed ? `gzip -dc -- ${file}` : `cat -- ${file}`)]
      : [
          { title: 'List its files', command: `${TAR} --quoting-style=escape -tzvf ${file}` },
          ...(kind === 'system' ? systemByHand(file) : []),
          lookByHand(file),
        ]
  const commands = [
    { title: 'Read it to the last byte', command: packed ? `gzip -t -- ${file}` : `cat -- ${file} >/dev/null` },
    { title: 'Verify it', command: `cvd-backup verify ${file}` },
    ...check,
    ...restoreOf(kind, file),
  ]
  return { commands, refusal: '' }
}

/** Names are data: no host in one, no wildcard but where one is asked for. */
const TAR = 'tar --force-local'

type RestoreOption =
  | '--accept-schema'
  | '--keep-venv'
  | '--rebuild-venv'
  | '--accept-files'
  | '--new-server'
  | '--site-is-down'

/**
 * What a plan of the window does, as commands; with the options that were chosen there. `sha256`: of the planned backup; what a
 * person accepted is bound to it.
 */
export function restoreCommandsFor(
  { path, kind, sha256 }: Pick<BackupEntry, 'path' | 'kind'> & { readonly sha256?: string },
  options: readonly RestoreOption[],
  parts: readonly SitePart[] = [],
  /** Only these files; encoded. */
  only: readonly string[] = [],
  /** USER:GROUP for a server without the site. */
  owner?: string,
): ShownCommands {
  const file = shellPath(path)
  const files = only.map(shellWord)
  if (file === null || files.includes(null)) return refused
  const chosen = files.map((one) => `--only ${one}`)
  if (owner !== undefined && ownerNames.test(owner)) chosen.push(`--owner ${owner}`)
  if (options.includes('--accept-files') && /^[0-9a-f]{64}$/.test(sha256 ?? ''))
    chosen.push(`--expect-sha256 ${sha256}`)
  return { commands: restoreOf(kind, file, [...options, ...chosen], parts), refusal: '' }
}

function restoreOf(
  kind: BackupEntry['kind'],
  file: string,
  options: readonly string[] = [],
  parts: readonly SitePart[] = [],
): ShownCommand[] {
  const part = partOf(kind)
  if (part === null) return []
  const some = parts.length === 0 ? '' : ` --parts ${parts.join(',')}`
  return [
    { title: 'See what a restore would change', command: `cvd-backup plan restore ${part} ${file}${some}` },
    {
      title: 'Restore it: put the name of the server and your reason in',
      command: [
        `cvd-backup restore ${part} ${file}${some} --confirm 'NAME OF THE SERVER' --reason 'YOUR REASON'`,
        ...options,
      ].join(' '),
    },
  ]
}

function databaseByHand(unpack: string): ShownCommand {
  return {
    title: 'Check the database in it without cvd-backup: in a private folder that is removed again',
    command: inPrivate(
      `${unpack} >"$folder/check.db" &&`,
      `  sqlite3 -init /dev/null -readonly "$folder/check.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check'`,
    ),
  }
}

/** What the top folder of a system backup is called, whoever made it. */
const member = (path: string) => `--wildcards --no-wildcards-match-slash 'cvd_system_*/${path}'`

function systemByHand(file: string): ShownCommand[] {
  const unpack = `${TAR} -xzOf ${file} ${member('database/cvd.db.gz')} | gzip -dc`
  return [
    // A terminal acts on some characters of a text that somebody else may have written.
    { title: 'Read its manifest', command: `${TAR} -xzOf ${file} ${member('MANIFEST.txt')} | cat -v` },
    databaseByHand(unpack),
  ]
}

/** Keeps the folder, to be looked at: only its owner can enter it. Owners, and rights of the files, are not taken over. */
function lookByHand(file: string): ShownCommand {
  return {
    title: 'Unpack it without cvd-backup, to look at its files: into a private folder beside nothing that is live',
    command: [
      '(',
      '  umask 077 && folder=$(mktemp -d) || exit 1',
      `  ${TAR} --no-same-owner --no-same-permissions -xzf ${file} -C "$folder"`,
      `  printf 'Unpacked in %s; remove it afterwards: rm -rf -- %q\\n' "$folder" "$folder"`,
      ')',
    ].join('\n'),
  }
}

/** Runs in a subshell, to keep the umask and the trap out of the user's shell; the copy is private. */
function inPrivate(...lines: readonly string[]): string {
  return [
    '(',
    '  umask 077 && folder=$(mktemp -d) || exit 1',
    `  trap 'rm -rf -- "$folder"' EXIT`,
    '  trap "exit 1" HUP INT TERM',
    ...lines.map((line) => `  ${line}`),
    ')',
  ].join('\n')
}
