/** What `plan` and `restore` are told to restore: a backup or a moment, and what is chosen of it. */
import type { Command } from 'commander'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import {
  ownerNames,
  partOf,
  type RestorablePart,
  restorableParts,
  type SitePart,
  siteParts,
} from '../../src-shared/domain/restored-parts.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { PlanChoices, Wanted } from '../operations/plan-restore.ts'
import { usage } from './target-options.ts'

/** What is chosen before a restore is planned. */
export interface ChoiceOptions {
  readonly parts?: string
  readonly owner?: string
  readonly keepVenv?: boolean
  readonly rebuildVenv?: boolean
  readonly only?: readonly string[]
}

export interface MomentOption {
  readonly at?: string
}

/** The parts that were named, in order; undefined if none were. */
function partsOf({ parts }: ChoiceOptions): Result<readonly SitePart[] | undefined> {
  if (parts === undefined) return ok(undefined)
  const named = parts.split(/[\s,]+/).filter((word) => word !== '')
  const other = named.find((word) => !siteParts.some((part) => part === word))
  if (other !== undefined || named.length === 0)
    return fail(usage(`--parts: name some of ${siteParts.join(', ')}; not ${JSON.stringify(other ?? '')}.`))
  return ok(siteParts.filter((part) => named.includes(part)))
}

/** What is to be restored: a backup, or what the part was at a moment. */
export function wantedOf(what: string, words: string | undefined, given: MomentOption & ChoiceOptions): Result<Wanted> {
  const { at } = given
  const part = partOf(what)
  if (part === null) return fail(usage(`Cannot restore ${what}; what can be restored: ${restorableParts.join(', ')}.`))
  if ((words === undefined) === (at === undefined)) return fail(usage('Give either a backup or --at TIME.'))
  const choices = choicesOf(part, given)
  if (!choices.ok) return choices
  return ok(at === undefined ? { backup: words ?? '', ...choices.value } : { part, at, ...choices.value })
}

function choicesOf(part: RestorablePart, given: ChoiceOptions): Result<PlanChoices> {
  const { owner, only, keepVenv, rebuildVenv } = given
  const parts = partsOf(given)
  if (!parts.ok) return parts
  const chosen: readonly (readonly [string, boolean])[] = [
    ['--parts', parts.value !== undefined],
    ['--owner', owner !== undefined],
  ]
  const other = chosen.find(([, named]) => named && part !== 'system')
  if (other) return fail(usage(`${other[0]} is for a system backup.`))
  if (owner !== undefined && !ownerNames.test(owner))
    return fail(usage(`--owner: USER:GROUP, such as cvdapp:www-data; not ${JSON.stringify(owner)}.`))
  return ok({
    ...(parts.value && { parts: parts.value }),
    ...(owner !== undefined && { owner }),
    // As the kit needs it: a path is bytes, percent-encoded on its way.
    ...(only && { only: only.map(encodePath) }),
    ...(keepVenv && { keepVenv }),
    ...(rebuildVenv && { rebuildVenv }),
  })
}

const atTime = [
  '--at <time>',
  'instead of a backup: the newest one that is not later, as "2026-03-29 02:30" in the time of the server, or with an offset',
] as const

const someParts = [
  '--parts <list>',
  `of a system backup, only these: ${siteParts.join(',')}; otherwise all that it holds`,
] as const

/** What is chosen before a restore is planned, for `plan` and `restore` alike. */
export function choosing(command: Command): Command {
  return command
    .option(...atTime)
    .option(...someParts)
    .option('--only <path...>', 'only these files of the configuration, such as .env')
    .option('--keep-venv', 'keep the live virtual environment although requirements.txt or the interpreter differs')
    .option('--rebuild-venv', 'build a new virtual environment in any case, before anything stops')
    .option(
      '--owner <user:group>',
      'on a server without the site: who is to own its data; otherwise as the backup says',
    )
}
