/** Questions of the system itself. The button that changes nothing is always the default. */

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
  /** What is done when the person says yes. */
  readonly act: string
  readonly leave: string
}

/** True where the person chose to act. Escape, Enter and closing the box all leave things as they are. */
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
