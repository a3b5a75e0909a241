/** Native dialogs. The default button never changes anything. */
import type { Chooser } from '../ports/chooser.ts'

export interface MessageBoxOptions {
  readonly type: 'question' | 'warning' | 'error'
  readonly message: string
  readonly detail: string
  readonly buttons: string[]
  readonly defaultId: number
  readonly cancelId: number
  readonly noLink: true
}

export interface SystemDialog {
  showMessageBox(options: MessageBoxOptions): Promise<{ readonly response: number }>
  showErrorBox(title: string, content: string): void
}

export interface OpenDialogOptions {
  readonly title: string
  readonly buttonLabel: string
  readonly properties: ('openFile' | 'openDirectory' | 'createDirectory' | 'dontAddToRecent')[]
}

/** As Electron has it. */
export interface ChoosingDialog {
  showOpenDialog(options: OpenDialogOptions): Promise<{ readonly canceled: boolean; readonly filePaths: string[] }>
}

/** Asks for folders and files in the system's own dialog. */
export function nativeChooser(dialog: ChoosingDialog): Chooser {
  const ask = async (options: OpenDialogOptions): Promise<string | null> => {
    const { canceled, filePaths } = await dialog.showOpenDialog(options)
    return canceled ? null : (filePaths[0] ?? null)
  }
  return {
    folder: (name) =>
      ask({
        title: `Choose a folder for ${name}`,
        buttonLabel: 'Download here',
        properties: ['openDirectory', 'createDirectory', 'dontAddToRecent'],
      }),
    file: () =>
      ask({ title: 'Choose a backup to upload', buttonLabel: 'Upload', properties: ['openFile', 'dontAddToRecent'] }),
  }
}

export interface Question {
  readonly message: string
  readonly detail: string
  /** What the confirming button does. */
  readonly act: string
  readonly leave: string
}

/** True if the user confirmed. Escape, Enter and closing the dialog cancel. */
export async function askBefore(
  dialog: Pick<SystemDialog, 'showMessageBox'>,
  { message, detail, act, leave }: Question,
): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message,
    detail,
    buttons: [act, leave],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  })
  return response === 0
}
