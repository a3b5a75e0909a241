/**
 * Hashes a file of this computer while it is written, and has the disk take it: in a thread of its own, behind whoever writes. When
 * the last byte is written, hardly anything is left to read and to wait for.
 */
import { Worker } from 'node:worker_threads'

interface Order {
  /** So many bytes of the file are written. */
  readonly upTo: number
  /** There are no more: answer with the hash. */
  readonly last: boolean
}

interface Answer {
  readonly read: number
  readonly sha256: string | null
}

/** Runs as a text, in the thread: it can use nothing from around it. */
function thread(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { fdatasyncSync, readSync } = process.getBuiltinModule('node:fs')
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256')
  const buffer = Buffer.allocUnsafe(1024 * 1024)
  let read = 0
  let synced = 0
  parentPort?.on('message', ({ upTo, last }: Order) => {
    while (read < upTo) {
      const bytes = readSync(workerData.fd, buffer, 0, Math.min(buffer.length, upTo - read), read)
      if (bytes === 0) break
      hash.update(buffer.subarray(0, bytes))
      read += bytes
      if (last) parentPort.postMessage({ read, sha256: null })
    }
    if (read - synced >= workerData.sync) {
      fdatasyncSync(workerData.fd)
      synced = read
    }
    if (last) parentPort.postMessage({ read, sha256: hash.digest('hex') })
  })
}

/** Bytes that are worth an order. */
const STEP = 4 * 1024 * 1024
/** Bytes after which the disk is waited for. */
const SYNC = 64 * 1024 * 1024

export class ReadBack implements AsyncDisposable {
  readonly #worker: Worker
  readonly #failed: Promise<never>
  #ordered = 0

  /** @param fd an open file, which stays open until this is disposed of. */
  constructor(fd: number) {
    this.#worker = new Worker(`(${thread})()`, { eval: true, workerData: { fd, sync: SYNC } })
    // A download that is given up leaves it waiting.
    this.#worker.unref()
    this.#failed = new Promise((_, reject) => this.#worker.once('error', reject))
    this.#failed.catch(() => undefined)
  }

  /** So many bytes of the file, from its beginning, are written and will not change. */
  written(upTo: number): void {
    if (upTo - this.#ordered < STEP) return
    this.#ordered = upTo
    this.#order({ upTo, last: false })
  }

  /** The SHA-256 of the first `size` bytes; rejects if they cannot be read, and with the signal. */
  async sha256(size: number, onProgress: (read: number) => void, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const stop = () => reject(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    const take = ({ read, sha256 }: Answer) => {
      onProgress(read)
      if (sha256 !== null) resolve(sha256)
    }
    this.#worker.on('message', take)
    this.#order({ upTo: size, last: true })
    this.#worker.ref()
    try {
      return await Promise.race([promise, this.#failed])
    } finally {
      this.#worker.unref()
      this.#worker.off('message', take)
      signal?.removeEventListener('abort', stop)
    }
  }

  #order(order: Order): void {
    this.#worker.postMessage(order)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}
