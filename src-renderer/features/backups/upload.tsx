/** Adds a backup from this computer: chosen, or in a browser dropped on the page. */
import { Upload } from 'lucide-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import type { WireFailure } from '../../../src-shared/contract/failure.ts'
import { useRefusal, useSession } from '../../api/session.tsx'
import { sendFile, startUpload } from '../../shared/use-transfers.ts'
import { Button } from '../../ui/button.tsx'
import css from './backups.module.css'

export interface Uploads {
  readonly busy: boolean
  readonly failure: WireFailure | null
  /** By a native dialog. */
  readonly choose: () => Promise<void>
  readonly send: (file: File) => Promise<void>
}

export function useUploads(site: string): Uploads {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<WireFailure | null>(null)
  const act = async (work: () => Promise<WireFailure | null>) => {
    setBusy(true)
    setFailure(null)
    setFailure(await work())
    setBusy(false)
  }
  return { busy, failure, choose: () => act(() => startUpload(site)), send: (file) => act(() => sendFile(site, file)) }
}

export function UploadButton({ uploads }: { readonly uploads: Uploads }) {
  const refusal = useRefusal()
  const { host } = useSession()
  const field = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button
        icon={Upload}
        refusal={refusal}
        busy={uploads.busy}
        onClick={() => (host === 'electron' ? void uploads.choose() : field.current?.click())}
      >
        Upload a backup…
      </Button>
      {host === 'loopback' && refusal === undefined && (
        <input
          ref={field}
          hidden
          type="file"
          aria-label="File of a backup"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            // The same file may be chosen again.
            if (file) void uploads.send(file)
            currentTarget.value = ''
          }}
        />
      )}
    </>
  )
}

/** Where a browser takes a dropped file. */
export function DropArea({ uploads, children }: { readonly uploads: Uploads; readonly children: ReactNode }) {
  const refusal = useRefusal()
  const { host } = useSession()
  const [over, setOver] = useState(false)
  if (host !== 'loopback' || refusal !== undefined) return <div className={css.drop}>{children}</div>
  const carriesFile = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes('Files')
  return (
    // A shortcut for the mouse: the button does the same.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      className={css.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!carriesFile(event)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || !currentTarget.contains(relatedTarget)) setOver(false)
      }}
      onDrop={(event) => {
        if (!carriesFile(event)) return
        event.preventDefault()
        setOver(false)
        const [file] = event.dataTransfer.files
        if (file) void uploads.send(file)
      }}
    >
      {children}
    </div>
  )
}
