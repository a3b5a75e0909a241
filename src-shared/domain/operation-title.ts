/** THE title of each operation, by the kit's command that runs it: in windows, notifications, the audit and the command line. Pure. */

const titles: Readonly<Record<string, string>> = {
  database: 'Database backup',
  verify: 'Verification',
  restore: 'Database restore',
  undo: 'Undo of a restore',
  recover: 'Recovery of an interrupted restore',
  delete: 'File deletion',
}

/** @param redo an undo that takes back an undo. */
export function titleOf(command: string, redo = false): string {
  return redo ? 'Redo of a restore' : (titles[command] ?? command)
}
