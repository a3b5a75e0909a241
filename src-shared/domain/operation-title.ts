/** What an operation is called, by the kit's command that runs it. Pure. */

const titles: Readonly<Record<string, string>> = {
  database: 'Database backup',
  verify: 'Verification',
  restore: 'Restore of the database',
  undo: 'Undo of a restore',
  recover: 'Recovery from an interruption',
}

export function titleOf(command: string): string {
  return titles[command] ?? command
}
