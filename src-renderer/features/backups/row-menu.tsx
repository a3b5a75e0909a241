/** What can be done with one backup of the list. */
import { Download, History, LockKeyhole, LockKeyholeOpen, ShieldCheck } from 'lucide-react'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { partOf } from '../../../src-shared/domain/restored-parts.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import type { Start } from '../../shared/use-start.ts'
import { startDownload } from '../../shared/use-transfers.ts'
import { MenuAt } from '../../ui/menu.tsx'

export function RowMenu(props: {
  readonly entry: BackupEntry
  readonly anchor: HTMLElement
  readonly site: string
  readonly start: Start
  readonly onClose: () => void
}) {
  const { entry, anchor, site, start, onClose } = props
  const { path, kind, hold } = entry
  const refused = useRefusal() !== undefined
  const disabled = refused || start.busy
  return (
    <MenuAt
      anchor={anchor}
      label={showName(path)}
      onClose={onClose}
      items={[
        {
          label: 'Download…',
          icon: Download,
          disabled: refused,
          onSelect: () => void startDownload(site, path).then(start.refused),
        },
        {
          label: 'Verify',
          icon: ShieldCheck,
          disabled,
          onSelect: () => void start.begin('backups.verify', { site, which: { kind: 'paths', paths: [path] } }),
        },
        {
          label: hold ? 'Release' : 'Hold',
          icon: hold ? LockKeyholeOpen : LockKeyhole,
          disabled,
          onSelect: () =>
            void start.begin(
              hold ? 'backups.release' : 'backups.hold',
              { site, path },
              hold ? 'Hold released' : 'On hold',
            ),
        },
        {
          label: 'Restore…',
          icon: History,
          disabled: refused || partOf(kind) === null,
          onSelect: () => go({ page: 'restore', site, path, step: 'changes' }),
        },
      ]}
    />
  )
}
