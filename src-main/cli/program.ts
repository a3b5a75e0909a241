/** The command line as a whole. */
import { Command, CommanderError } from 'commander'
import { addAlertCommands } from './alert-commands.ts'
import { addBackupCommands } from './backup-commands.ts'
import { addChannelsCommand } from './channels-command.ts'
import { addOperationCommands } from './operation-commands.ts'
import { Output, outliveReaders } from './output.ts'
import { addPolicyCommand } from './policy-command.ts'
import { addRestoreCommands } from './restore-commands.ts'
import { addRotateCommand } from './rotate-command.ts'
import { addScheduleCommands } from './schedule-commands.ts'
import { addSiteCommands } from './site-commands.ts'
import { addTransferCommands } from './transfer-commands.ts'

const epilogue = `
Exit codes: 0 success, 1 the operation failed or was rolled back, 2 usage error, 3 cannot connect or log in,
4 refused (host key, another operation, checks, confirmation), 130 detached by Ctrl-C.

Passwords are read from a prompt or from stdin, never from an argument or the environment, and kept for this run
only. stdin is read to its end, one secret per line: passphrase (--passphrase-stdin), password (--password-stdin),
then the sudo password if it differs.`

/** Defines all commands; runs nothing. */
export function commandLine(): Command {
  const program = new Command('cvd-backup-console')
    .description('Backup, verification and restore of CVD servers over SSH.')
    .option('--json', 'print one JSON object per line; the last is the result')
    .option('--data <dir>', 'data folder (default: the application data folder of this system)')
    .option('--password-stdin', 'read the password (login, sudo) from stdin')
    .option('--passphrase-stdin', 'read the passphrase of the key file from stdin')
    .showHelpAfterError('(see --help)')
    .addHelpText('after', epilogue)
    .exitOverride()
  addSiteCommands(program)
  addBackupCommands(program)
  addRotateCommand(program)
  addRestoreCommands(program)
  addTransferCommands(program)
  addScheduleCommands(program)
  addPolicyCommand(program)
  addAlertCommands(program)
  addChannelsCommand(program)
  addOperationCommands(program)
  return program
}

/** Runs one command and sets the exit code. Never throws. */
export async function runCli(argv: readonly string[]): Promise<void> {
  outliveReaders()
  const program = commandLine()
  const json = argv.includes('--json')
  // Commander prints its own errors; JSON output gets them as the final result.
  const configure = (command: Command): void => {
    command.exitOverride()
    if (json) command.configureOutput({ writeErr: () => undefined })
    for (const child of command.commands) configure(child)
  }
  configure(program)
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
    if (error.exitCode === 0 || !json) return
    new Output(true).failure({ code: 'usage', message: error.message, unchanged: 'Nothing was changed.' })
  }
}
