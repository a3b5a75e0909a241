/** THE title of each operation, by the kit's command that runs it: in windows, notifications, the audit and the command line. Pure. */

const titles: Readonly<Record<string, string>> = {
  database: 'Database backup',
  verify: 'Verification',
  restore: 'Database restore',
  undo: 'Undo restore',
  recover: 'Recovery of an interrupted restore',
  delete: 'File deletion',
}

/** Whether a request undoes an undo: the server's id of what is undone names its command. */
export function isRedo(request: readonly unknown[]): boolean {
  const [command, what] = request
  return command === 'undo' && typeof what === 'string' && /-undo-/.test(what)
}

/** @param redo an undo of an undo. */
export function titleOf(command: string, redo = false): string {
  return redo ? 'Redo restore' : (titles[command] ?? command)
}
