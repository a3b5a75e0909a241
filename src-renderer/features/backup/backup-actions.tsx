/** What can be done with a backup. */
import { Download, History, LockKeyhole, LockKeyholeOpen, ShieldCheck } from 'lucide-react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import type { Start } from '../../shared/use-start.ts'
import { startDownload } from '../../shared/use-transfers.ts'
import { Button } from '../../ui/button.tsx'

export function BackupActions(props: { overview: SiteOverview; entry: BackupEntry; start: Start }) {
  const { overview, entry, start } = props
  const refusal = useRefusal()
  const { id: site } = overview
  const { path, hold } = entry
  return (
    <>
      <Button
        icon={Download}
        refusal={refusal}
        busy={start.busy}
        onClick={() => void startDownload(site, path).then(start.refused)}
      >
        Download…
      </Button>
      <Button
        icon={hold ? LockKeyholeOpen : LockKeyhole}
        refusal={refusal}
        busy={start.busy}
        onClick={() =>
          void start.begin(
            hold ? 'backups.release' : 'backups.hold',
            { site, path },
            hold ? 'Hold released' : 'On hold',
          )
        }
      >
        {hold ? 'Release' : 'Hold'}
      </Button>
      <Button
        icon={ShieldCheck}
        refusal={refusal}
        busy={start.busy}
        onClick={() => void start.begin('backups.verify', { site, which: { kind: 'paths', paths: [path] } })}
      >
        Verify
      </Button>
      <Button
        look="primary"
        icon={History}
        refusal={refusal}
        onClick={() => go({ page: 'restore', site, path, step: 'changes' })}
      >
        Restore this…
      </Button>
    </>
  )
}
