/** Failures of the store's file, with what to do about them. */
import type { Failure } from '../../src-shared/result.ts'

const SAFE = 'Nothing was changed, here or on any server. Backups and policies are kept on the servers.'

export type StoreCode =
  | 'store-newer'
  | 'store-damaged'
  | 'store-foreign'
  | 'store-read-only'
  | 'store-busy'
  | 'store-full'
  | 'store-migration'
  | 'store-unreadable'

export interface StoreFailure extends Failure {
  readonly code: StoreCode
}

export function newer(file: string, found: number, known: number): StoreFailure {
  return {
    code: 'store-newer',
    message: `${file} was written by a newer console (its version is ${found}, this console knows ${known}).`,
    unchanged: SAFE,
    next: 'Update this console, or give it another data folder with --data.',
  }
}

export function foreign(file: string): StoreFailure {
  return {
    code: 'store-foreign',
    message: `${file} is the database of another program.`,
    unchanged: SAFE,
    next: 'Give the console a folder of its own with --data.',
  }
}

export function damaged(file: string, detail: string): StoreFailure {
  return {
    code: 'store-damaged',
    message: `${file} is damaged: ${detail}.`,
    unchanged: SAFE,
    next: `Move ${file} and its -wal and -shm files elsewhere, then add the sites again; their history is on the servers.`,
  }
}

function readOnly(file: string, detail: string): StoreFailure {
  return {
    code: 'store-read-only',
    message: `${file} cannot be written: ${detail}.`,
    unchanged: SAFE,
    next: 'Make the file and its folder writable for this user, or give another data folder with --data.',
  }
}

export function migrationFailed(file: string, name: string, detail: string, copy: string | null): StoreFailure {
  return {
    code: 'store-migration',
    message: `${file} could not be migrated: ${name}: ${detail}.`,
    unchanged: copy === null ? SAFE : `${SAFE} A copy of the file as it was is ${copy}.`,
    next: 'Report this with the message; the previous version of the console still opens the file.',
  }
}

function unreadable(file: string, detail: string): StoreFailure {
  return { code: 'store-unreadable', message: `${file} cannot be opened: ${detail}.`, unchanged: SAFE, next: '' }
}

/** Maps error codes of SQLite and the file system to failures. */
export function failureOf(file: string, code: string, detail: string): StoreFailure {
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return damaged(file, detail)
  if (/^SQLITE_(READONLY|PERM|CANTOPEN)/.test(code) || ['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return readOnly(file, detail)
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return {
      code: 'store-busy',
      message: `${file} is in use by another program: ${detail}.`,
      unchanged: SAFE,
      next: 'Wait until the other console has finished, then try again.',
    }
  }
  if (/^SQLITE_FULL/.test(code) || code === 'ENOSPC') {
    return {
      code: 'store-full',
      message: `The disk of ${file} is full.`,
      unchanged: 'What was recorded before is kept.',
      next: 'Make room, then try again.',
    }
  }
  return unreadable(file, detail)
}
