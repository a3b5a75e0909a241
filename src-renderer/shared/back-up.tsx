/** Backs up a site: the database with one press, any kind from the menu beside it. */
import { ChevronDown, DatabaseBackup } from 'lucide-react'
import { backupKinds } from '../../src-shared/domain/kit-backups.ts'
import { useRefusal } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { Menu } from '../ui/menu.tsx'
import { kindWords } from './backup-words.ts'
import type { Start } from './use-start.ts'

export function BackUp({ site, start }: { readonly site: string; readonly start: Start }) {
  const refusal = useRefusal()
  return (
    <>
      <Button
        look="primary"
        icon={DatabaseBackup}
        refusal={refusal}
        busy={start.busy}
        onClick={() => void start.begin('backups.make', { site })}
      >
        Back up now
      </Button>
      <Menu
        trigger={<Button icon={ChevronDown} label="Choose what to back up" refusal={refusal} />}
        items={backupKinds.map((kind) => ({
          label: kindWords[kind],
          disabled: refusal !== undefined || start.busy,
          onSelect: () => void start.begin('backups.make', { site, kind }),
        }))}
      />
    </>
  )
}
