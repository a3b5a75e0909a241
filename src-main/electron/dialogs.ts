/** Native dialogs. The default button never changes anything. */

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
