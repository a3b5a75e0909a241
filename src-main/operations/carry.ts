/** What downloads and uploads share: progress, the end of patience, and going on after a lost link. */

import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import type { Failure, Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { inspectPinned } from './inspect.ts'
import type { KitLink } from './links.ts'

export interface TransferProgress {
  /** `checking` reads the file on this computer, or waits while the server reads what it received. */
  readonly phase: 'transferring' | 'checking'
  readonly done: number
  readonly total: number
}

export interface TransferOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TransferProgress) => void
  /** The link was lost and is being made again. */
  readonly onLinkLost?: (failure: Failure) => void
}

/** Lost links in a row without a byte of progress, until the transfer is given up. */
const ATTEMPTS = 3
/** Milliseconds for which an unreachable site is retried. */
const RETRY_FOR = 60_000

export interface Attempt<T> {
  readonly answer: Result<T>
  /** Whether any byte travelled. */
  readonly progress: boolean
}

/** Runs attempts over a link until one ends with anything but a lost link. The machine is checked each time. */
export async function overLinks<T>(
  context: Context,
  site: Site,
  options: TransferOptions,
  attempt: (kit: KitLink, inspection: Inspection) => Promise<Attempt<T>>,
): Promise<Result<T>> {
  const { signal } = options
  for (let lost = 0, first = true; ; first = false) {
    const link = await context.links.open(site, {
      ...(first ? {} : { retryFor: RETRY_FOR }),
      ...(signal ? { signal } : {}),
    })
    if (!link.ok) return link
    using kit = link.value
    const inspected = await inspectPinned(context, site, kit, signal)
    let answer: Result<T>
    let progress = false
    if (inspected.ok) ({ answer, progress } = await attempt(kit, inspected.value))
    else answer = inspected
    if (answer.ok || answer.error.code !== 'link-lost' || signal?.aborted) return answer
    lost = progress ? 1 : lost + 1
    if (lost >= ATTEMPTS) return answer
    options.onLinkLost?.(answer.error)
  }
}

/** Milliseconds without a byte until a transfer is given up. */
const PATIENCE = 120_000

/** Aborts a transfer in which nothing moves. */
export class Patience implements Disposable {
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly signal: AbortSignal

  constructor(signal?: AbortSignal, milliseconds = PATIENCE) {
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal
    this.#timer = setTimeout(() => this.#stop.abort(), milliseconds)
  }

  moved(): void {
    this.#timer.refresh()
  }

  /** Stops the transfer at once, for another reason. */
  stop(): void {
    this.#stop.abort()
  }

  get over(): boolean {
    return this.#stop.signal.aborted
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

export const GO_ON = 'Run the same command again: it goes on where it stopped.'

export function stalled(site: Site): Failure {
  const message = `${site.name} is reachable, but no byte has arrived for ${PATIENCE / 1000} s.`
  return { code: 'timeout', message, unchanged: 'What has arrived is kept.', next: GO_ON }
}
