/** THE title of each operation, from the table of commands: in windows, notifications, the audit and the command line. Pure. */
import { kitCommand } from './kit-commands.ts'

/** Whether a request undoes an undo: the server's id of what is undone says so. */
export function isRedo(request: readonly unknown[]): boolean {
  const [command, what] = request
  return command === 'undo' && typeof what === 'string' && /-undo-/.test(what)
}

/** Whether the server's id is that of an undo of an undo. For an operation whose request this console did not make. */
export function isRedoId(id: string | null): boolean {
  return id !== null && /-redo-/.test(id)
}

const partTitles = new Map<unknown, string>([
  ['application', 'Application restore'],
  ['config', 'Configuration restore'],
  ['systemd', 'Unit file restore'],
  ['system', 'System restore'],
])

/**
 * @param redo an undo of an undo.
 * @param request if it is known: a restore is called by the part that it names.
 */
export function titleOf(command: string, redo = false, request: readonly unknown[] = []): string {
  if (redo) return 'Redo restore'
  return (command === 'restore' ? partTitles.get(request[1]) : undefined) ?? kitCommand(command)?.title ?? command
}
