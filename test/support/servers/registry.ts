import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessRef } from '../processes.ts'
import { registryDir } from './paths.ts'
import type { ServerSpec } from './spec.ts'

/** What is needed to reach or remove a server. */
export interface ServerRecord {
  readonly number: number
  readonly spec: ServerSpec
  readonly checkout: string
  /** The process whose lifetime the server shares; null for a permanent server. */
  readonly owner: ProcessRef | null
  /** Holds the root file system, the keys and the console log. */
  readonly folder: string
  readonly passwords: Readonly<Record<string, string>>
  /** The systemd-nspawn process; null while the server is off. */
  readonly machine: ProcessRef | null
  readonly ready: boolean
}

const highestNumber = 250

function fileOf(number: number): string {
  return join(registryDir(), `${number}.json`)
}

/** Reserves the lowest free number until `forget`. */
export function register(make: (number: number) => ServerRecord): ServerRecord {
  for (let number = 1; number <= highestNumber; number += 1) {
    try {
      closeSync(openSync(fileOf(number), 'wx', 0o600))
    } catch {
      continue
    }
    const record = make(number)
    save(record)
    return record
  }
  throw new Error(`all ${highestNumber} test servers of this machine are taken`)
}

/** Writes a record atomically. */
export function save(record: ServerRecord): void {
  const file = fileOf(record.number)
  writeFileSync(`${file}.new`, JSON.stringify(record, null, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** The current record of a server. Throws if the server is gone. */
export function load(number: number): ServerRecord {
  return JSON.parse(readFileSync(fileOf(number), 'utf8')) as ServerRecord
}

export function forget(number: number): void {
  rmSync(fileOf(number), { force: true })
}

/** Every readable record of this machine. */
export function records(): ServerRecord[] {
  return readdirSync(registryDir())
    .filter((name) => /^\d+\.json$/.test(name))
    .flatMap((name) => {
      try {
        return [load(Number.parseInt(name, 10))]
      } catch {
        // Being registered or removed at this moment.
        return []
      }
    })
    .sort((one, other) => one.number - other.number)
}
