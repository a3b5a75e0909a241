/**
 * Assembles the kit, one self-contained bash program, from the rooms of `bash/` in their order. The last line runs it.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { alertWords } from '../../src-shared/domain/alert-words.ts'
import { channelWords } from '../../src-shared/domain/channel-words.ts'
import { type KitCommand, kitCommands } from '../../src-shared/domain/kit-commands.ts'
import { policyWords } from '../../src-shared/domain/policy-words.ts'
import { retentionWords } from '../../src-shared/domain/retention-words.ts'
import { alertsRule, policyLintRule, retentionRule, verificationRule } from './rules.ts'

/**
 * The rooms of the kit in their order, each with its files in the order of definition. A file calls what is in its own room
 * or in an earlier one (`test/unit/kit-rooms.test.ts`).
 */
export const rooms = {
  base: ['prologue', 'json', 'events', 'files', 'append', 'processes', 'identity', 'work'],
  site: ['policy', 'parts', 'service', 'holders', 'health', 'tools'],
  state: ['lock', 'schema', 'database', 'old', 'convert', 'prune'],
  operation: ['audit', 'journal', 'operation', 'operations', 'follow'],
  database: ['sqlite', 'census', 'integrity', 'check', 'live', 'copy'],
  compare: ['sql', 'statements', 'streams', 'report', 'compare', 'load'],
  backups: [
    'records',
    'listing-rules',
    'found',
    'listing',
    'listing-json',
    'at',
    'fingerprint',
    'extract',
    'extract-sides',
    'compress',
    'tree',
    'members',
    'member-lists',
    'system-sides',
    'system-read',
  ],
  commands: [
    'confirm',
    'policy',
    'policy-lint',
    'new-backup',
    'database',
    'root-files',
    'archive',
    'archive-kinds',
    'manifest',
    'system',
    'verify-budget',
    'verify',
    'verify-archive',
    'show',
    'moment',
    'contents',
    'delete',
    'download',
    'upload-sides',
    'upload',
  ],
  rotation: ['rule', 'sides', 'records', 'hold', 'delete', 'rotate'],
  channels: ['forms', 'store', 'records', 'message', 'mail', 'payloads', 'curl-sides', 'send', 'tell', 'channel'],
  inspect: ['look', 'open-alerts', 'inspect', 'problems'],
  schedule: ['times', 'runs', 'installed', 'units', 'foreign', 'replace', 'scheduled', 'timers', 'report'],
  alerts: ['records', 'facts', 'backups', 'monitor', 'acknowledge'],
  transaction: ['rows', 'renames', 'put-back', 'journal', 'created', 'settle', 'stage', 'transaction', 'roll-back'],
  parts: [
    'checks',
    'space',
    'new-server',
    'database',
    'folder-sides',
    'folder-read',
    'venv-sides',
    'venv-system',
    'venv',
    'only-sides',
    'only',
    'folder-checks',
    'folder',
    'secrets-sides',
    'files-sides',
    'files',
    'files-stage',
  ],
  restore: ['packages', 'restore', 'undo', 'plan', 'differences-sides', 'differences', 'recover'],
} as const

/**
 * Files with what the owner and the reader run, and with the constants that this needs. They come first, and are all that a
 * side reads of the kit: it is a bash of its own, dozens of times in a restore, and reading everything would take most of its
 * time (`test/unit/kit-sides.test.ts`).
 */
export const sideFiles: ReadonlySet<string> = new Set([
  'base/prologue',
  'base/json',
  'base/events',
  'base/files',
  'base/processes',
  'base/identity',
  'base/work',
  'site/policy',
  'site/parts',
  'site/service',
  'site/health',
  'database/sqlite',
  'database/census',
  'database/integrity',
  'database/check',
  'database/live',
  'database/copy',
  'compare/sql',
  'compare/statements',
  'compare/streams',
  'compare/report',
  'compare/compare',
  'backups/listing-rules',
  'backups/found',
  'backups/listing',
  'backups/fingerprint',
  'backups/extract',
  'backups/extract-sides',
  'backups/compress',
  'backups/tree',
  'backups/members',
  'backups/system-sides',
  'backups/system-read',
  'commands/new-backup',
  'commands/verify-archive',
  'commands/delete',
  'commands/upload-sides',
  'rotation/sides',
  'channels/curl-sides',
  'inspect/look',
  'transaction/transaction',
  'parts/new-server',
  'parts/database',
  'parts/folder-sides',
  'parts/venv-sides',
  'parts/venv-system',
  'parts/only-sides',
  'parts/folder-checks',
  'parts/secrets-sides',
  'parts/files-sides',
  'restore/differences-sides',
])

/** Ends what a side reads. It is nowhere else in the kit. */
export const END_OF_SIDES = '\x1c'

export interface Kit {
  readonly bytes: Buffer
  /** SHA-256 of the bytes, hexadecimal: the kit's name on a server. */
  readonly sha256: string
}

/** The parts in order, each ending with a line break and followed by an empty line: those of the sides, then the rest. */
export function kitParts(): readonly { readonly name: string; readonly text: string }[] {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'bash')
  const read = (name: string) => ({ name, text: readFileSync(join(folder, name), 'utf8') })
  const files = Object.entries(rooms).flatMap(([room, names]) => names.map((name) => read(`${room}/${name}.sh`)))
  const [first, rest] = [files.filter(({ name }) => isSide(name)), files.filter(({ name }) => !isSide(name))]
  const side = read('side.sh')
  const end = { ...side, text: `${side.text}\n# The owner and the reader read no further. ${END_OF_SIDES}\n` }
  const generated = [
    { name: 'commands.sh', text: commandTable() },
    { name: 'rules.sh', text: rules() },
  ]
  return [...first, end, ...rest, ...generated, read('main.sh')]
}

const isSide = (name: string) => sideFiles.has(name.slice(0, -'.sh'.length))

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** The table of commands as bash: of each its kind and its help, and the help of all. */
function commandTable(): string {
  const rows: readonly (readonly [string, KitCommand])[] = Object.entries(kitCommands)
  const array = (name: string, value: (command: KitCommand) => string) => [
    `declare -rA ${name}=(`,
    ...rows.map(([command, row]) => `  [${command}]=${value(row)}`),
    ')',
  ]
  const width = Math.max(...rows.map(([command]) => command.length))
  const summaries = rows.map(([command, { summary }]) => `  ${command.padEnd(width)}   ${summary}`)
  const all = ['cvd-backup [--events] [--root DIR] [--who TEXT] [--reason TEXT] COMMAND ...', '', ...summaries]
  const more = [
    '  help COMMAND, version',
    '',
    'Exit codes: 0 success, 1 failed or rolled back, 2 usage error, 4 refused.',
  ]
  const help = ({ synopsis, help: text }: KitCommand) => quoted(`${synopsis}\n${text.replace(/^/gm, '  ')}`)
  return `${[
    '# --- The table of commands, from src-shared/domain/kit-commands.ts ------------------------------------------------------',
    '',
    '# Of each command: `operation` (runs detached, has a row in the history) or `answer` (ends with the connection).',
    ...array('COMMAND_KIND', ({ kind }) => kind),
    ...array('COMMAND_HELP', help),
    `readonly COMMANDS_HELP=${quoted([...all, ...more].join('\n'))}`,
  ].join('\n')}\n`
}

/** The rules in SQL, and their words. */
function rules(): string {
  const { tables, select } = retentionRule()
  const alerts = alertsRule()
  return `${[
    '# --- The rules, from src-main/kit/rules, and the words, from src-shared/domain ----------------------------------------------',
    '',
    `readonly RETENTION_TABLES=${quoted(tables)}`,
    `readonly RETENTION_RULE=${quoted(select)}`,
    'declare -rA RETENTION_WORDS=(',
    ...Object.entries(retentionWords).map(([reason, words]) => `  [${reason}]=${quoted(words)}`),
    ')',
    `readonly ALERTS_TABLES=${quoted(alerts.tables)}`,
    `readonly ALERTS_RULE=${quoted(alerts.select)}`,
    `readonly ALERTS_CHANGE=${quoted(alerts.change)}`,
    'declare -rA ALERT_EVIDENCE=(',
    ...Object.entries(alertWords).map(([rule, { evidence }]) => `  [${rule}]=${quoted(evidence)}`),
    ')',
    'declare -rA ALERT_FIX=(',
    ...Object.entries(alertWords).map(([rule, { fix }]) => `  [${rule}]=${quoted(fix)}`),
    ')',
    'declare -rA CHANNEL_WORDS=(',
    ...Object.entries(channelWords).map(([code, words]) => `  [${code}]=${quoted(words)}`),
    ')',
    `readonly POLICY_LINT_TABLES=${quoted(policyLintRule().tables)}`,
    `readonly POLICY_LINT_RULE=${quoted(policyLintRule().select)}`,
    `readonly VERIFICATION_TABLES=${quoted(verificationRule().tables)}`,
    `readonly VERIFICATION_RULE=${quoted(verificationRule().select)}`,
    ...(['says', 'fix'] as const).flatMap((which) => [
      `declare -rA POLICY_${which.toUpperCase()}=(`,
      ...Object.entries(policyWords).map(([rule, words]) => `  [${rule}]=${quoted(words[which])}`),
      ')',
    ]),
  ].join('\n')}\n`
}

/** The kit as sent to servers. Reads the parts from disk: call it once and keep the result. */
export function assembleKit(): Kit {
  const text = kitParts()
    .map((part) => part.text)
    .join('\n')
  const bytes = Buffer.from(text)
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Writes the kit to a file. */
export function writeKit(file: string): Kit {
  const kit = assembleKit()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, kit.bytes, { mode: 0o755 })
  return kit
}
