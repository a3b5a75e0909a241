import { useSession } from '../api/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Fact, Facts } from '../ui/page.tsx'
import { keyWords, shortcuts } from './commands.ts'
import { ui, useUi } from './ui-state.ts'

/** All shortcuts, from the same catalogue that runs them. */
export function KeysHelp() {
  const menu = useSession().host === 'electron'
  const open = useUi(({ overlay }) => overlay === 'keys')
  return (
    <Dialog
      open={open}
      onClose={ui.close}
      title="Keyboard shortcuts"
      actions={<Button onClick={ui.close}>Close</Button>}
    >
      <Facts>
        {shortcuts.map(({ id, title, keys, accelerator }) => (
          <Fact key={id} name={menu && accelerator ? `${keyWords(keys)}, ${keyWords(accelerator)}` : keyWords(keys)}>
            {title}
          </Fact>
        ))}
        <Fact name="↑ ↓ Home End">Move in a table</Fact>
        <Fact name="Enter">Open the row</Fact>
        <Fact name="Space">Select the row</Fact>
        <Fact name="Esc">Close a dialog</Fact>
      </Facts>
    </Dialog>
  )
}
