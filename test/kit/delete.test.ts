/** Deletes files among the backups that are not backups: by exact name, and nothing else, whoever interferes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inspection, operationEntry } from '../../src-shared/domain/kit-site.ts'
import { ORDINARY, ScratchSite } from '../support/scratch-site.ts'

let site: ScratchSite
beforeEach(() => {
  site = new ScratchSite()
})
afterEach(() => site.remove())

const HOUR = 3600
/** Creates a file among the backups, last written an hour ago. */
function put(name: string, content: string | Buffer = 'x', secondsAgo = HOUR): string {
  const path = join(site.backups, name)
  writeFileSync(path, content)
  const at = Date.now() / 1000 - secondsAgo
  utimesSync(path, at, at)
  return path
}
const erase = (...files: string[]) =>
  site.run(['delete', ...files, '--confirm', hostname(), '--reason', 'it is litter'])
const others = async () => (await site.ask(['inspect'], inspection)).otherFiles.map(({ path }) => path)

describe('a file that is not a backup', () => {
  it('is deleted by name or path: unfinished, empty, unknown', async () => {
    mkdirSync(join(site.backups, 'old'))
    const kept = site.backup('cvd_backup_20260110_120000.db.gz')
    const part = put('cvd_backup_20260110_130000.db.gz.part', '\x1f\x8bhalf of it')
    const empty = put('cvd_auto_20260110_140000.db.gz', '')
    const odd = put('old/notes of 2025 [x] *.rtf')
    put('a line\nbreak.rtf')
    const { result } = await erase('cvd_backup_20260110_130000.db.gz.part', empty, odd, 'a line\nbreak.rtf')
    expect(result).toMatchObject({ outcome: 'succeeded', message: '4 files were deleted.' })
    expect([part, empty, odd].map((path) => existsSync(path))).toEqual([false, false, false])
    expect(existsSync(kept)).toBe(true)
    expect(await others()).toEqual([])
  })

  it("is recorded when deleted: in the list of operations, the audit and the runbook's log", async () => {
    const path = put('left.tmp')
    await erase(path)
    const list = z.object({ operations: z.array(operationEntry) })
    expect((await site.ask(['operations'], list)).operations).toMatchObject([
      { command: 'delete', outcome: 'succeeded', who: 'test', reason: 'it is litter' },
    ])
    const audit = readFileSync(join(site.state, 'audit'), 'utf8').trim().split('\n')
    expect(audit.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ event: 'deleted', command: 'delete', who: 'test', reason: 'it is litter', code: path }),
    )
    expect(readFileSync(join(site.root, 'logs/backup.log'), 'utf8')).toMatch(/\] 1 file was deleted by test\n$/)
  })

  it('is not reported as present after the deleting process was killed', async () => {
    const paths = [put('first.tmp'), put('second.tmp')]
    const instead = `eval "$(declare -f run_delete | sed 's/audit deleted succeeded "$path"/kill -KILL $$/')"`
    const words = ['delete', ...paths, '--confirm', hostname(), '--reason', 'litter']
    expect((await site.run(words, { instead })).result).toMatchObject({ outcome: 'unknown', code: 'interrupted' })
    expect(paths.map((path) => existsSync(path))).toEqual([false, true])
    const { result } = await site.run(['recover'])
    expect(result.message).toBe('1 interrupted operation was closed; it had not changed the live database.')
    const list = z.object({ operations: z.array(operationEntry) })
    const [, deletion] = (await site.ask(['operations'], list)).operations
    expect(deletion?.message).toBe('The operation was interrupted. What it had done by then stays done.')
  })

  it('stays while a process may still be writing it', async () => {
    const path = put('cvd_backup_20260110_130000.db.gz.part', 'x', 30)
    const { result } = await erase(path)
    expect(result).toMatchObject({ outcome: 'failed', code: 'checks-failed' })
    expect(result.message).toContain('may still be being written')
    expect(existsSync(path)).toBe(true)
  })
})

describe('delete refuses, and deletes nothing', () => {
  it.each([
    ['a backup', 'checks-failed', () => site.backup('cvd_backup_20260110_120000.db.gz')],
    ['a file of an encrypted format', 'checks-failed', () => put('cvd_backup_20260110_120000.db.gz.gpg')],
    ['a companion of a backup', 'not-found', () => put(`${site.backup('a.db').slice(site.backups.length + 1)}.sha256`)],
    ['a file on hold', 'checks-failed', () => held(put('note.rtf'))],
    ['a safety copy, even if empty', 'checks-failed', () => put('cvd.db.pre-restore.20260101_000000', '')],
    [
      'a database under another name',
      'checks-failed',
      () => put('weird.bin', readFileSync(site.database).toString('latin1')),
    ],
    ['a backup named after what it was made for', 'checks-failed', () => site.backup('cvd.db.before-new-schema')],
    ...Object.entries({
      zip: 'PK\x03\x04',
      tar: `${'\0'.repeat(257)}ustar`,
      lz4: '\x04\x22\x4d\x18',
      '7z': '7z\xbc\xaf\x27\x1c',
      openssl: 'Salted__12345678',
      age: 'age-encryption.org/v1\n',
      'armoured PGP': '-----BEGIN PGP MESSAGE-----\n',
      PGP: '\x85\x02\x0c\x03abcdefgh',
      'PGP with a password': '\x8c\x0d\x04\x09\x03\x02',
      'a dump': 'PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n',
    }).map(([kind, head]): [string, string, () => string] => [
      `what begins like ${kind}`,
      'checks-failed',
      () => put('weird.bin', Buffer.from(`${head}${'x'.repeat(300)}`, 'latin1')),
    ]),
    ['a folder', 'not-found', () => folder('things.tmp')],
    ['a link', 'not-found', () => link('link.tmp', join(site.root, 'config/secret.tmp'))],
    ['a file behind a link to a folder', 'not-found', () => `${link('out', join(site.root, 'config'))}/secret.tmp`],
    ['a file elsewhere', 'not-found', () => join(site.root, 'config/secret.tmp')],
    ['a path out of the folder', 'not-found', () => `${site.backups}/../config/secret.tmp`],
    ['a pattern', 'not-found', () => '*'],
    ['the folder itself', 'not-found', () => `${site.backups}/`],
    ['no file', 'usage', () => ''],
  ])('%s', async (_, code, target) => {
    writeFileSync(join(site.root, 'config/secret.tmp'), 'secret')
    const litter = put('litter.tmp')
    const path = target()
    const { result } = await (path === '' ? site.run(['delete', '--confirm', hostname()]) : erase(litter, path))
    expect([result.outcome, result.code]).toEqual(['failed', code])
    expect(existsSync(join(site.root, 'config/secret.tmp'))).toBe(true)
    if (path.startsWith('/')) expect(existsSync(path)).toBe(true)
    if (!path.endsWith('weird.bin')) expect(existsSync(litter)).toBe(true)
  })

  it.each([
    ['on another server', ['--confirm', hostname(), '--expect-machine', 'another'], 'wrong-site'],
    ['without confirmation', [], 'not-confirmed'],
    ['confirmed for another server', ['--confirm', 'another'], 'not-confirmed'],
  ])('%s', async (_, options, code) => {
    const path = put('litter.tmp')
    const { result } = await site.run(['delete', path, ...options])
    expect(result.code).toBe(code)
    expect(existsSync(path)).toBe(true)
  })

  const held = (path: string) => {
    site.library('state_create; state_write state_record hold "$1" 5 me why', [path])
    return path
  }
  const folder = (name: string) => {
    mkdirSync(join(site.backups, name))
    return join(site.backups, name)
  }
  const link = (name: string, to: string) => {
    symlinkSync(to, join(site.backups, name))
    return join(site.backups, name)
  }
})

describe('the owner of the data', () => {
  it("checks the file itself: a link in its place, or in the folder's, is not followed", () => {
    writeFileSync(join(site.root, 'config/note.tmp'), 'secret')
    const text = (what: string) =>
      site.library(
        `cd "$BACKUPS"; mkdir -p sub; ${what}; (delete_file "$BACKUPS" sub/note.tmp 600); (delete_file "$BACKUPS" note.tmp 600)`,
      )
    put('note.tmp')
    expect(text('rm -r sub note.tmp; ln -s ../config sub; ln -s ../config/note.tmp note.tmp')).toBe(
      'its folder is a link or gone\nit is a link\n',
    )
    expect(text('rm sub note.tmp; mkdir -p sub/note.tmp; mkfifo note.tmp')).toBe(
      'it is no plain file or gone\nit is no plain file or gone\n',
    )
    expect(readFileSync(join(site.root, 'config/note.tmp'), 'utf8')).toBe('secret')
  })

  it.skipIf(process.getuid?.() !== 0)("deletes with the owner's rights, not root's", async () => {
    site.remove()
    site = new ScratchSite({ owner: ORDINARY })
    const path = put('litter.tmp')
    const { result } = await erase(path)
    // The folder is the owner's, who may delete everything in it, whoever created it.
    expect(result.outcome).toBe('succeeded')
    const other = put('other.tmp')
    site.library('chown 0:0 "$BACKUPS" && chmod 755 "$BACKUPS"')
    const refused = await erase(other)
    expect(refused.result.message).toContain('this folder cannot be written')
    expect(existsSync(other)).toBe(true)
  })
})

describe('a file whose name is that of an unfinished one', () => {
  const kept = async (path: string, words: string) => {
    const { result } = await erase(path)
    expect(result).toMatchObject({ code: 'checks-failed', message: expect.stringContaining(words) })
    expect(existsSync(path)).toBe(true)
  }
  const whole = () => readFileSync(site.backup('source.db.gz'))

  it.each(['.hidden.db.gz.a8Xk2Q', 'cvd.db.gz.part'])('stays if it is complete: %s', async (name) => {
    await kept(put(name, whole()), 'it is complete')
    await kept(put(name, Buffer.concat([whole(), Buffer.from('rest')])), 'it is complete')
    await kept(put(name, readFileSync(site.database)), 'it is complete')
    for (const part of [whole().subarray(0, -20), readFileSync(site.database).subarray(0, -4096)]) {
      const path = put(name, part)
      expect((await erase(path)).result.outcome).toBe('succeeded')
      expect(existsSync(path)).toBe(false)
    }
  })

  it('stays if it has another name, too', async () => {
    const path = put('left.tmp')
    linkSync(path, join(site.root, 'config/other'))
    await kept(path, 'it has another name too')
  })

  it.runIf(process.getuid?.() === 0)('stays if it belongs to another user', async () => {
    const path = put('left.tmp')
    chownSync(path, ORDINARY, ORDINARY)
    await kept(path, 'it belongs to another user')
  })

  it('stays while a program has it open', async (test) => {
    const path = put('left.tmp')
    const holder = spawn('sh', ['-c', 'exec 7<"$1"; echo open; exec sleep 60', 'sh', path], { detached: true })
    test.onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    await kept(path, 'it is open in sleep')
  })
})

describe('a file that cannot be judged', () => {
  it('is not deleted when the list of backups is incomplete', async () => {
    const path = put('left.tmp')
    const words = ['delete', 'left.tmp', '--confirm', hostname(), '--reason', 'x']
    const { result } = await site.run(words, { instead: 'delete_classes() { return 1; }' })
    expect(result).toMatchObject({ outcome: 'failed', code: 'internal' })
    expect(existsSync(path)).toBe(true)
  })

  it.runIf(process.getuid?.() === 0)('is not deleted when its owner cannot read it', async (test) => {
    const owned = new ScratchSite({ owner: ORDINARY })
    test.onTestFinished(() => owned.remove())
    const path = join(owned.backups, 'before.the.move')
    writeFileSync(path, 'SQLite format 3', { mode: 0o600 })
    utimesSync(path, 1_704_067_200, 1_704_067_200)
    const words = ['delete', 'before.the.move', '--confirm', hostname(), '--reason', 'x']
    expect((await owned.run(words)).result).toMatchObject({ outcome: 'failed' })
    expect(existsSync(path)).toBe(true)
  })
})
