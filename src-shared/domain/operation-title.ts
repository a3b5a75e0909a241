/** THE title of each operation, by the kit's command that runs it: in windows, notifications, the audit and the command line. Pure. */

const titles: Readonly<Record<string, string>> = {
  database: 'Database backup',
  verify: 'Verification',
  restore: 'Database restore',
  undo: 'Undo of a restore',
  recover: 'Recovery of an interrupted restore',
  delete: 'File deletion',
}

export function titleOf(command: string): string {
  return titles[command] ?? command
}
