/** Transfers: the list of the console, how they are started here, and how a browser takes what was downloaded for it. */
import { useEffect } from 'react'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { Transfer } from '../../src-shared/contract/transfers.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { command, useSubscription } from '../api/hooks.ts'
import { sendTo } from '../api/send-file.ts'
import { useSession } from '../api/session.tsx'
import { showToast } from '../ui/toast.tsx'

/** Empty for viewers, who transfer nothing. */
export function useTransfers(): readonly Transfer[] {
  const { role } = useSession()
  return useSubscription('transfers.watch', role === 'admin' ? {} : null).state?.transfers ?? none
}

const none: readonly Transfer[] = []

/** Downloads that this window asked for: only it takes them when they are ready. */
const asked = new Set<string>()

export async function startDownload(site: string, path: string): Promise<WireFailure | null> {
  const begun = await command('transfers.download', { site, path })
  if (!begun.ok) return begun.error
  if (begun.value.transfer !== null) asked.add(begun.value.transfer)
  return null
}

/** Lets the browser save a downloaded file. */
export async function saveDownload(transfer: string): Promise<Result<null, WireFailure>> {
  const link = await command('transfers.link', { transfer })
  if (!link.ok) return fail(link.error)
  const anchor = document.createElement('a')
  anchor.href = link.value.url
  anchor.download = ''
  anchor.click()
  return ok(null)
}

/** For the one place that is on every page: takes what is ready, and says what has ended. */
export function useArrivals(transfers: readonly Transfer[]): void {
  useEffect(() => {
    for (const { id, state, outcome, direction, name, siteName } of transfers) {
      if (state === 'ready' && asked.delete(id)) void saveDownload(id)
      if (state === 'running') running.add(id)
      if (state === 'running' || !running.delete(id) || outcome === 'failed' || outcome === 'cancelled') continue
      showToast(`${direction === 'download' ? 'Downloaded' : 'Uploaded'}: ${name}`, siteName, 'good')
    }
  }, [transfers])
}

const running = new Set<string>()

/** The desktop window: the console asks for the file. */
export async function startUpload(site: string): Promise<WireFailure | null> {
  const begun = await command('transfers.upload', { site })
  return begun.ok ? null : begun.error
}

/** The browser: sends a file that was chosen or dropped here. How far it is, and how it ends, the console says. */
export async function sendFile(site: string, file: File): Promise<WireFailure | null> {
  const { name, size, lastModified } = file
  if (size === 0) return { code: 'usage', message: 'This file is empty.', unchanged: 'Nothing was uploaded.' }
  if (name.length > 200) return { code: 'usage', message: 'The name is too long.', unchanged: 'Nothing was uploaded.' }
  const begun = await command('transfers.receive', { site, name, size, modifiedAt: Math.max(1, lastModified) })
  if (!begun.ok) return begun.error
  // Only this window can give the bytes: it asks before it is closed.
  window.addEventListener('beforeunload', keepOpen)
  sending += 1
  void sendTo(begun.value.url, file).finally(() => {
    sending -= 1
    if (sending === 0) window.removeEventListener('beforeunload', keepOpen)
  })
  return null
}

let sending = 0

function keepOpen(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
