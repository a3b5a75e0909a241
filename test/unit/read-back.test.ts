/** The hash of a download is that of the file on this computer's disk, whenever its bytes were written. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ReadBack } from '../../src-main/operations/read-back.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function file(): Promise<FileHandle> {
  const folder = mkdtempSync(join(tmpdir(), 'cvd-read-back-'))
  const handle = await open(join(folder, 'file'), 'w+')
  onTestFinished(async () => {
    await handle.close()
    rmSync(folder, { recursive: true })
  })
  return handle
}

it.each([0, 1, 5_000_000, 20_000_000])('is right for %d bytes, written in pieces', async (size) => {
  const handle = await file()
  const bytes = randomBytes(size)
  await using back = new ReadBack(handle.fd)
  for (let at = 0; at < size; at += 3_000_000) {
    const piece = bytes.subarray(at, at + 3_000_000)
    await handle.write(piece, 0, piece.length, at)
    back.written(at + piece.length)
  }
  const seen: number[] = []
  expect(await back.sha256(size, (read) => seen.push(read))).toBe(sha256(bytes))
  expect(seen.at(-1)).toBe(size)
})

it('is of what is on the disk, not of what was passed on', async () => {
  const handle = await file()
  await handle.write(Buffer.from('what the disk made of it'))
  await using back = new ReadBack(handle.fd)
  expect(await back.sha256(24, () => undefined)).toBe(sha256(Buffer.from('what the disk made of it')))
})

it('is not waited for after a cancel', async () => {
  const handle = await file()
  await handle.write(randomBytes(1000))
  await using back = new ReadBack(handle.fd)
  const stop = new AbortController()
  const asked = back.sha256(1000, () => stop.abort(new Error('cancelled')), stop.signal)
  await expect(asked).rejects.toThrow('cancelled')
})

it('fails if the file cannot be read', async () => {
  const handle = await file()
  await using back = new ReadBack(handle.fd + 900_000)
  await expect(back.sha256(10, () => undefined)).rejects.toThrow(/EBADF/)
})
