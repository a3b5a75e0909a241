/** The typed confirmation of operations that cannot simply be repeated. */
import type { Failure } from '../../src-shared/result.ts'
import type { KitArgument } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'

export interface Confirmation {
  /** The typed text: must equal the site's name. */
  readonly confirm: string
  readonly reason: string
  /** The user accepts that the backup lacks parts of the live schema. */
  readonly acceptSchema?: boolean
  /** The live virtual environment stays, whether it fits or not. */
  readonly keepVenv?: boolean
  /** The user has read the restored files that run as root, of which nobody knows whether they are root's. */
  readonly acceptFiles?: boolean
  /** The user, the group and the folders that the site needs are created on a server without it. */
  readonly newServer?: boolean
  /** A new virtual environment is built, whether the live one fits or not. */
  readonly rebuildVenv?: boolean
  /** Encoded paths: only these files of the configuration. */
  readonly only?: readonly string[]
  /** The user states that the site is down, and that the configured probe will show when it is up again. */
  readonly siteIsDown?: boolean
}

/** The kit's options for what the user accepted and chose. */
export function acceptedOptions(given: Confirmation): readonly KitArgument[] {
  const options = [
    ['--accept-schema', given.acceptSchema],
    ['--keep-venv', given.keepVenv],
    ['--accept-files', given.acceptFiles],
    ['--new-server', given.newServer],
    ['--rebuild-venv', given.rebuildVenv],
    ['--site-is-down', given.siteIsDown],
  ] as const
  return [
    ...options.flatMap(([option, accepted]) => (accepted === true ? [option] : [])),
    ...(given.only ?? []).flatMap((path) => ['--only', { path }]),
  ]
}

const refused = { code: 'not-confirmed', unchanged: 'Nothing was changed; the server was not asked.' }

/** Null if the name of the site was repeated. Checked before anything is sent to the server. */
export function nameProblem(site: Site, confirm: string): Failure | null {
  if (confirm === site.name) return null
  return {
    ...refused,
    message: `The confirmation must be the name of the site, ${site.name}.`,
    next: `Give it: --confirm ${JSON.stringify(site.name)}`,
  }
}

/** The same for what needs a reason, too. */
export function confirmationProblem(site: Site, { confirm, reason }: Confirmation): Failure | null {
  const unnamed = nameProblem(site, confirm)
  if (unnamed) return unnamed
  if (reason.trim() === '') {
    return {
      ...refused,
      message: 'A reason is required; it is recorded with the operation.',
      next: 'Give it: --reason TEXT',
    }
  }
  return null
}
