/** One run of the command line: its console, output and exit code. */
import type { Command } from 'commander'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import { type Console, createConsole } from '../app/console.ts'
import { systemClock } from '../ports/clock.ts'
import { systemIdentity } from '../ports/identity.ts'
import { fileLog } from '../ports/log.ts'
import { systemPaths } from '../ports/paths.ts'
import { askingSecrets, MemorySecrets } from '../ports/secrets.ts'
import { storeFailure } from '../store/open.ts'
import type { Site } from '../store/sites.ts'
import { exitCodeOf } from './exit-codes.ts'
import { Output, type OutputResult } from './output.ts'
import { answerAtTerminal, secretAsker } from './prompt.ts'

export interface GlobalOptions {
  readonly json?: boolean
  readonly data?: string
  readonly passwordStdin?: boolean
  readonly passphraseStdin?: boolean
}

export interface Session extends Console {
  readonly out: Output
  /** Prints the result and returns its exit code. */
  end(result: OutputResult): number
  refuse(failure: Failure, data?: unknown): number
  site(name: string): Result<Site>
}

function noSuchSite(name: string): Failure {
  return {
    code: 'no-such-site',
    message: `There is no site named ${name}.`,
    unchanged: 'Nothing was changed.',
    next: 'List the sites: site list',
  }
}

function endings(out: Output) {
  const end = (result: OutputResult) => {
    out.result(result)
    return exitCodeOf(result.outcome, result.code)
  }
  const refuse = (failure: Failure, data?: unknown) => {
    out.failure(failure, data)
    return exitCodeOf('failed', failure.code)
  }
  return { end, refuse }
}

/** The failure for an unexpected exception. */
function unexpected(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'internal',
    message: `An unexpected error: ${message}`,
    next: 'Report this; the log in the data folder has more.',
  }
}

/** Opens the console, does the work and closes everything. Sets the exit code. */
export async function runSession(options: GlobalOptions, work: (session: Session) => Promise<number>): Promise<void> {
  const out = new Output(options.json === true)
  const paths = systemPaths(options.data)
  const clock = systemClock
  const log = fileLog({ file: paths.log, now: clock.now })
  const stdin = { password: options.passwordStdin === true, passphrase: options.passphraseStdin === true }
  const secrets = askingSecrets(new MemorySecrets(), secretAsker(stdin), answerAtTerminal)
  const { end, refuse } = endings(out)
  try {
    const created = createConsole({ paths, secrets, clock, identity: systemIdentity(), log })
    if (!created.ok) {
      process.exitCode = refuse(created.error)
      return
    }
    await using open = created.value
    const { context, runner } = open
    const site = (name: string) => {
      const found = context.store.sites.byName(name)
      return found ? ok(found) : fail(noSuchSite(name))
    }
    process.exitCode = await work({ ...open, context, runner, out, end, refuse, site })
  } catch (error) {
    log.write('error', 'unexpected', { error })
    process.exitCode = refuse(storeFailure(paths.store, error) ?? unexpected(error))
  }
}

/** The global options, wherever on the command line they are. */
export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>()
}
