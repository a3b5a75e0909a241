/** A TCP proxy that delays what travels: a long link, as long as the path of an administrator's laptop to a far server. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export interface DelayLine extends AsyncDisposable {
  /** The near end, on the loopback address. */
  readonly port: number
}

interface Order {
  readonly host: string
  readonly port: number
  /** Milliseconds in each direction. */
  readonly delay: number
}

/** In a thread of its own, so that it takes nothing from the time of whoever is measured. */
export async function delayLine(order: Order): Promise<DelayLine> {
  const worker = new Worker(new URL(import.meta.url), { workerData: order })
  const [port] = (await once(worker, 'message')) as [number]
  return {
    port,
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}

function carry(from: Socket, to: Socket, delay: number): void {
  const later = (work: () => void) => setTimeout(work, delay)
  from.on('data', (bytes: Buffer) => later(() => to.write(bytes)))
  from.once('end', () => later(() => to.end()))
  from.on('error', () => to.destroy())
  from.once('close', () => later(() => to.destroy()))
}

function run({ host, port, delay }: Order): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host, port, noDelay: true, allowHalfOpen: true })
    carry(near, far, delay)
    carry(far, near, delay)
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') parentPort?.postMessage(address.port)
  })
}

if (!isMainThread) run(workerData as Order)
