/**
 * Assembles the kit, one self-contained bash program, from the rooms of `bash/` in their order. The last line runs it.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The rooms of the kit in their order, each with its files in the order of definition. A file calls what is in its own room
 * or in an earlier one (`test/unit/kit-rooms.test.ts`).
 */
export const rooms = {
  base: ['prologue', 'json', 'events', 'files', 'append', 'processes', 'identity', 'work'],
  site: ['policy', 'service', 'holders', 'health', 'tools'],
  operation: ['audit', 'journal', 'operation', 'operations', 'follow'],
  database: ['sqlite', 'census', 'integrity', 'check', 'live'],
  compare: ['sql', 'statements', 'streams', 'report', 'compare', 'load'],
  backups: [
    'catalog',
    'listing-rules',
    'listing',
    'listing-json',
    'fingerprint',
    'extract',
    'extract-sides',
    'compress',
  ],
  commands: ['confirm', 'policy', 'database', 'verify', 'show', 'delete'],
  inspect: ['look', 'inspect', 'problems'],
  restore: ['plan', 'journal', 'transaction', 'roll-back', 'restore', 'recover'],
} as const

export interface Kit {
  readonly bytes: Buffer
  /** SHA-256 of the bytes, hexadecimal: the kit's name on a server. */
  readonly sha256: string
}

/** The parts in order, each ending with a line break and followed by an empty line. */
export function kitParts(): readonly { readonly name: string; readonly text: string }[] {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'bash')
  return [
    ...Object.entries(rooms).flatMap(([room, files]) => files.map((file) => `${room}/${file}.sh`)),
    'side.sh',
    'main.sh',
  ].map((name) => ({
    name,
    text: readFileSync(join(folder, name), 'utf8'),
  }))
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
