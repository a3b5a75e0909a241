/** Backups travel between a site and this computer over a real SSH server: whole, verified, and further after a cut. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Console } from '../../src-main/app/console.ts'
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { type DemoSite, startDemoSite } from '../../src-main/demo/site.ts'
import type { TransferOptions, TransferProgress } from '../../src-main/operations/carry.ts'
import { type DownloadOptions, downloadBackup, localName } from '../../src-main/operations/download.ts'
import { uploadBackup } from '../../src-main/operations/upload.ts'
import type { Site } from '../../src-main/store/sites.ts'
import { knowSite, machineAt, openConsole } from '../support/console.ts'
import { scratchFolder } from '../support/folder.ts'

const MB = 1_000_000
const lacks = missingForDemo().map(({ what }) => what)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe.skipIf(lacks.length > 0)(`a backup ${lacks.join(', ')}`, () => {
  let demo: DemoSite
  let console: Console
  let site: Site
  /** On this computer. */
  let folder: string
  /** A backup on the site, large enough to be cut. */
  let big: Buffer

  beforeAll(async () => {
    demo = await startDemoSite({ appStartMs: 50 })
    big = randomBytes(40 * MB)
  })
  afterAll(() => demo.stop())
  beforeEach(async () => {
    const data = scratchFolder()
    folder = scratchFolder()
    console = openConsole(data)
    const known = await knowSite(console, demo)
    site = { ...known, machineId: await machineAt(console, known) }
    console.context.store.sites.update(site)
    writeFileSync(onSite('big.db'), big)
    return () => console[Symbol.asyncDispose]()
  })

  const onSite = (name: string) => join(demo.root, 'backups', name)
  const here = (name: string) => join(folder, name)
  const download = (name: string, more: Partial<DownloadOptions> = {}) =>
    downloadBackup(console.context, site, name, { folder, ...more })
  const upload = (file: string, more: TransferOptions = {}) => uploadBackup(console.context, site, file, more)
  const audited = (action: string) => console.context.store.audit.list(9).filter((entry) => entry.action === action)
  /** Does something once, when so many bytes have travelled; keeps where the transfer went on afterwards. */
  const at = (bytes: number, act: () => void) => {
    const resumed: number[] = []
    let done = false
    const onProgress = (progress: TransferProgress) => {
      if (progress.phase !== 'transferring') return
      if (!done && progress.done >= bytes) {
        done = true
        act()
      } else if (done && progress.done < bytes) resumed.push(progress.done)
    }
    return { onProgress, resumed }
  }
  async function made(): Promise<string> {
    const before = readdirSync(join(demo.root, 'backups'))
    await demo.kitCommand('database')
    return readdirSync(join(demo.root, 'backups')).find((name) => !before.includes(name) && name.endsWith('.gz')) ?? ''
  }

  test('is downloaded: equal to its fingerprint, with its time, for its owner only', async () => {
    const name = await made()
    const got = await download(name)
    expect(got).toMatchObject({ ok: true, value: { file: here(name), basis: 'fingerprint' } })
    expect(readFileSync(here(name)).equals(readFileSync(onSite(name)))).toBe(true)
    const [local, remote] = [statSync(here(name)), statSync(onSite(name))]
    expect([local.mode & 0o777, Math.floor(local.mtimeMs)]).toEqual([0o600, Math.floor(remote.mtimeMs)])
    expect(readdirSync(folder)).toEqual([name])
    expect(audited('download')).toMatchObject([{ outcome: 'succeeded', site: 'Demo', who: 'tester@desk' }])
    const again = await download(name)
    expect(again).toMatchObject({ ok: false, error: { code: 'name-taken' } })
    writeFileSync(here(name), 'old')
    expect(await download(name, { force: true })).toMatchObject({ ok: true })
    expect(readFileSync(here(name)).equals(readFileSync(onSite(name)))).toBe(true)
  })

  test('that has no fingerprint is downloaded, and only its size is known to be right', async () => {
    expect(await download('big.db')).toMatchObject({ ok: true, value: { basis: 'none', sha256: sha256(big) } })
  })

  test('goes on where it stopped when the link breaks during a download', async () => {
    const cut = at(15 * MB, () => demo.dropConnections())
    let lost = 0
    const onLinkLost = () => {
      lost += 1
    }
    const got = await download('big.db', { onProgress: cut.onProgress, onLinkLost })
    expect(got).toMatchObject({ ok: true, value: { sha256: sha256(big) } })
    expect(lost).toBe(1)
    expect(cut.resumed[0] ?? 15 * MB).toBeGreaterThan(10 * MB)
    expect(readdirSync(folder)).toEqual(['big.db'])
  })

  test('goes on where it stopped after a cancelled download, in a later run', async () => {
    const stop = new AbortController()
    const { onProgress } = at(15 * MB, () => stop.abort())
    const cancelled = await download('big.db', { signal: stop.signal, onProgress })
    expect(cancelled).toMatchObject({ ok: false, error: { code: 'cancelled' } })
    expect(readdirSync(folder).sort()).toEqual(['big.db.part', 'big.db.part.json'])
    const kept = statSync(here('big.db.part')).size
    expect(kept).toBeGreaterThan(5 * MB)
    const all: number[] = []
    const got = await download('big.db', {
      onProgress: ({ phase, done }) => void (phase === 'transferring' && all.push(done)),
    })
    expect(got).toMatchObject({ ok: true, value: { sha256: sha256(big) } })
    expect(all[0]).toBeGreaterThan(kept)
  })

  test('that is another one since is downloaded from its beginning', async () => {
    const stop = new AbortController()
    const { onProgress } = at(15 * MB, () => stop.abort())
    await download('big.db', { signal: stop.signal, onProgress })
    const other = randomBytes(big.length)
    writeFileSync(onSite('big.db'), other)
    utimesSync(onSite('big.db'), 1_700_000_000, 1_700_000_000)
    expect(await download('big.db')).toMatchObject({ ok: true, value: { sha256: sha256(other) } })
  })

  test('that changes while it is downloaded is not kept', async () => {
    const { onProgress } = at(5 * MB, () => writeFileSync(onSite('big.db'), 'x', { flag: 'a' }))
    const got = await download('big.db', { onProgress })
    expect(got).toMatchObject({ ok: false, error: { code: 'changed' } })
    expect(readdirSync(folder)).toEqual([])
    expect(audited('download')).toMatchObject([{ outcome: 'failed' }])
  })

  test('that is not what was recorded when it was made is not kept', async () => {
    const name = await made()
    const bytes = readFileSync(onSite(name))
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
    writeFileSync(onSite(name), bytes)
    expect(await download(name)).toMatchObject({ ok: false, error: { code: 'fingerprint-mismatch' } })
    expect(readdirSync(folder)).toEqual([])
  })

  test('is not written through a link, nor into a folder that is not there', async () => {
    writeFileSync(here('victim'), 'precious')
    symlinkSync(here('victim'), here('big.db.part'))
    expect(await download('big.db')).toMatchObject({ ok: false, error: { code: 'local-file' } })
    expect(readFileSync(here('victim'), 'utf8')).toBe('precious')
    const nowhere = await download('big.db', { folder: here('nowhere') })
    expect(nowhere).toMatchObject({ ok: false, error: { code: 'local-file' } })
    expect(await download('nothing.db')).toMatchObject({ ok: false, error: { code: 'not-found' } })
  })

  test('is downloaded while an operation holds the lock of the site', async () => {
    const holder = spawn('flock', [join(demo.state, 'lock'), 'bash', '-c', 'echo held; read -r _'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    await once(holder.stdout, 'data')
    try {
      expect(await download('big.db')).toMatchObject({ ok: true })
    } finally {
      holder.stdin.end()
      await once(holder, 'close')
    }
  })

  test('is uploaded under its name, with its time, and is a backup like any other', async () => {
    const name = await made()
    await download(name)
    const file = here('cvd_backup_20200102_030405.db.gz')
    writeFileSync(file, readFileSync(here(name)))
    utimesSync(file, 1_577_934_245, 1_577_934_245)
    const sent = await upload(file)
    expect(sent).toMatchObject({
      ok: true,
      value: { backup: { path: onSite(basename(file)), origin: 'foreign', modifiedAt: 1_577_934_245_000 } },
    })
    expect(readFileSync(onSite(basename(file))).equals(readFileSync(file))).toBe(true)
    await demo.kitCommand('verify', basename(file))
    expect(audited('upload')).toMatchObject([{ outcome: 'succeeded' }])
    writeFileSync(file, 'another one')
    expect(await upload(file)).toMatchObject({ ok: false, error: { code: 'name-taken' } })
  })

  test('goes on where it stopped when the link breaks during an upload', async () => {
    const file = here('cut.db')
    writeFileSync(file, big)
    const cut = at(20 * MB, () => demo.dropConnections())
    let lost = 0
    const onLinkLost = () => {
      lost += 1
    }
    const sent = await upload(file, { onProgress: cut.onProgress, onLinkLost })
    expect(sent).toMatchObject({ ok: true, value: { sha256: sha256(big) } })
    expect(lost).toBe(1)
    expect(cut.resumed[0] ?? 20 * MB).toBeGreaterThan(5 * MB)
    expect(readFileSync(onSite('cut.db')).equals(big)).toBe(true)
  })

  test('is not uploaded if its name is not one of a backup, or if it is no file', async () => {
    writeFileSync(here('notes.rtf'), 'x')
    expect(await upload(here('notes.rtf'))).toMatchObject({ ok: false, error: { code: 'not-a-backup' } })
    writeFileSync(here('empty.db'), '')
    expect(await upload(here('empty.db'))).toMatchObject({ ok: false, error: { code: 'usage' } })
    expect(await upload(folder)).toMatchObject({ ok: false, error: { code: 'usage' } })
    expect(await upload(here('nothing.db'))).toMatchObject({ ok: false, error: { code: 'local-file' } })
    expect(existsSync(onSite('notes.rtf'))).toBe(false)
  })

  test('of a hostile name gets a harmless one here', () => {
    expect(localName('/b/%2E%2E%5Cx%0A.db')).toEqual({ ok: true, value: '%2E%2E%5Cx%0A.db' })
    expect(localName('/b/nul.db.gz')).toEqual({ ok: true, value: '_nul.db.gz' })
    expect(localName(`/b/${'%0A'.repeat(80)}.db`)).toMatchObject({ ok: false })
  })
})
