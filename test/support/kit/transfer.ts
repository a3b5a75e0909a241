/** Runs `download` and `upload` of the kit, and takes the bytes of a file apart from the events beside them. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type KitEvent, type KitResult, kitEvent } from '../../../src-shared/domain/kit-protocol.ts'
import { bytesEvent, type FileEvent, fileEvent } from '../../../src-shared/domain/transfer.ts'
import type { RunOptions, ScratchSite } from '../scratch-site.ts'

export interface Transfer {
  readonly events: readonly KitEvent[]
  readonly file: FileEvent | undefined
  readonly bytes: Buffer
  readonly result: KitResult
}

/** What the console sends on stdin once the kit waits for it; an end of stdin afterwards if `cut`. */
export interface Sending {
  readonly from: (file: FileEvent) => Buffer
  readonly cut?: boolean
}

interface Parts {
  readonly lines: readonly string[]
  readonly bytes: Buffer
}

/** Splits the output: a line `bytes` announces how many raw bytes follow it. */
function partsOf(output: Buffer): Parts {
  const lines: string[] = []
  const bytes: Buffer[] = []
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf('\n', at)
    if (end < 0) break
    const line = output.subarray(at, end).toString()
    at = end + 1
    const announced = bytesEvent.safeParse(JSON.parse(line))
    if (!announced.success) lines.push(line)
    else {
      bytes.push(output.subarray(at, at + announced.data.count))
      at += announced.data.count
    }
  }
  return { lines, bytes: Buffer.concat(bytes) }
}

const fileOf = (lines: readonly string[]) =>
  lines.map((line) => fileEvent.safeParse(JSON.parse(line))).find(({ success }) => success)?.data

/** Runs the kit to its end. Its stdin stays open unless `sending.cut`. */
export async function transfer(
  site: ScratchSite,
  args: readonly (string | Buffer)[],
  sending?: Sending,
  options: RunOptions & { readonly onStart?: (child: ChildProcess) => void } = {},
): Promise<Transfer> {
  const child = site.start(args, options.instead, options)
  options.onStart?.(child)
  const parts: Buffer[] = []
  let errors = ''
  let sent = false
  child.stderr?.on('data', (part: Buffer) => {
    errors += part.toString()
  })
  child.stdin?.on('error', () => undefined)
  child.stdout?.on('data', (part: Buffer) => {
    parts.push(part)
    if (sent || sending === undefined) return
    const file = fileOf(partsOf(Buffer.concat(parts)).lines)
    if (file === undefined) return
    sent = true
    child.stdin?.write(sending.from(file))
    if (sending.cut === true) child.stdin?.end()
  })
  await once(child, 'close')
  child.stdin?.destroy()
  const { lines, bytes } = partsOf(Buffer.concat(parts))
  const known = lines.flatMap((line) => {
    const event = kitEvent.safeParse(JSON.parse(line))
    return event.success ? [event.data] : []
  })
  const last = known.at(-1)
  if (last?.kind !== 'result') throw new Error(`no result: ${lines.join('\n')}\n${errors}`)
  return { events: known, file: fileOf(lines), bytes, result: last }
}
