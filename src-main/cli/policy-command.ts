/** `policy`: the settings of a site, on its server. */
import type { Command } from 'commander'
import { formatTime } from '../../src-shared/domain/format.ts'
import type { PolicyAnswer } from '../../src-shared/domain/kit-site.ts'
import { isPolicyProfile, policyProfiles } from '../../src-shared/domain/policy-profiles.ts'
import { policyKeys } from '../../src-shared/domain/policy-values.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { changePolicy, copyPolicy, readPolicy } from '../operations/policy.ts'
import type { Site } from '../store/sites.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean, table } from './table.ts'
import { usage } from './target-options.ts'

interface PolicyOptions {
  readonly expect?: string
  readonly reason?: string
}

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

/** The values with where they come from, in the order of the documentation; then what is wrong with them. */
function say(session: Session, { policy, defaults, findings = [] }: PolicyAnswer): void {
  const known = policyKeys.filter((key) => policy[key] !== undefined)
  const others = Object.keys(policy).filter((key) => !known.some((one) => one === key))
  const rows = [...known, ...others].map((key) => {
    const value = policy[key] ?? ''
    return [key, value === '' ? '-' : value, defaults === undefined ? '' : defaults[key] === value ? 'default' : 'set']
  })
  session.out.text(
    ...table(
      ['SETTING', 'VALUE', 'FROM'].map((title) => ({ title })),
      rows,
    ),
    '',
    ...findings.map(({ severity, sentence, fix }) => `${severity}: ${clean(sentence)} ${clean(fix)}`),
    ...(findings.length === 0 ? [] : ['']),
  )
}

function endWith(session: Session, site: Site, answer: PolicyAnswer, words: string): number {
  say(session, answer)
  const { changedAt, changedBy = '', findings, version } = answer
  const seen = session.context.store.inspections.latest(site.id)
  const zone = seen?.inspection.time.zone ?? 'UTC'
  const last = changedAt
    ? `Last changed ${formatTime(changedAt, zone)}${changedBy === '' ? '' : ` by ${changedBy}`}. `
    : ''
  const found =
    findings === undefined
      ? ''
      : findings.length === 0
        ? 'Nothing is wrong with it. '
        : `${counted(findings.length, 'finding', 'findings')}. `
  const message = clean(`${words} ${last}${found}${version === undefined ? '' : `Version ${version}.`}`.trimEnd())
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: answer })
}

async function show(session: Session, site: Site): Promise<number> {
  const read = await readPolicy(session.context, site)
  return read.ok ? endWith(session, site, read.value, `The policy of ${site.name}.`) : session.refuse(read.error)
}

async function change(
  session: Session,
  site: Site,
  values: Readonly<Record<string, string>>,
  options: PolicyOptions,
): Promise<number> {
  const { expect, reason } = options
  const set = await changePolicy(session.context, site, {
    values,
    ...(expect === undefined ? {} : { expect }),
    ...(reason === undefined ? {} : { reason }),
  })
  if (set.ok) return endWith(session, site, set.value, `The policy of ${site.name} was changed.`)
  const { conflict, ...failure } = set.error
  return session.refuse(failure, conflict)
}

async function copy(session: Session, site: Site, names: readonly string[], reason?: string): Promise<number> {
  const found = names.map((name) => session.site(name))
  const missing = found.find((one) => !one.ok)
  if (missing && !missing.ok) return session.refuse(missing.error)
  const others = found.flatMap((one) => (one.ok ? [one.value] : []))
  if (others.length === 0) return session.refuse(usage('To which sites? policy NAME copy OTHER...'))
  if (others.some(({ id }) => id === site.id)) return session.refuse(usage(`${site.name} is the site to copy from.`))
  const copied = await copyPolicy(session.context, site, others, reason)
  if (!copied.ok) return session.refuse(copied.error)
  const rows = copied.value.map(({ site: { name }, result }) =>
    result.ok
      ? [name, 'copied', result.value.changed.length === 0 ? 'it was the same' : result.value.changed.join(', ')]
      : [name, 'failed', result.error.message],
  )
  session.out.text(
    ...table(
      ['SITE', 'OUTCOME', 'WHAT'].map((title) => ({ title })),
      rows,
    ),
    '',
  )
  const failed = copied.value.filter(({ result }) => !result.ok)
  const data = copied.value.map(({ site: { name }, result }) => ({ site: name, ...result }))
  const [first] = failed
  if (first && !first.result.ok) {
    const message = `The policy was not copied to ${counted(failed.length, 'site', 'sites')} of ${others.length}.`
    return session.end({ outcome: 'failed', code: first.result.error.code, message, data })
  }
  const message = `The policy of ${site.name} was copied to ${counted(others.length, 'site', 'sites')}, except for what belongs to one server.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data })
}

function valuesOf(pairs: readonly string[]): Result<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {}
  for (const pair of pairs) {
    const [, key, value] = /^([a-z_]{1,40})=(.*)$/s.exec(pair) ?? []
    if (key === undefined || value === undefined) return fail(usage(`KEY=VALUE, not ${clean(pair.slice(0, 200))}.`))
    values[key] = value
  }
  return ok(values)
}

function policy(
  session: Session,
  site: Site,
  words: readonly string[],
  options: PolicyOptions,
): number | Promise<number> {
  const [action, ...rest] = words
  if (action === undefined) return show(session, site)
  if (action === 'copy') return copy(session, site, rest, options.reason)
  if (action === 'profile') {
    const [name = '', ...more] = rest
    return isPolicyProfile(name) && more.length === 0
      ? change(session, site, policyProfiles[name], options)
      : session.refuse(usage(`Which profile? ${Object.keys(policyProfiles).join(', ')}.`))
  }
  const values = valuesOf(words)
  return values.ok ? change(session, site, values.value, options) : session.refuse(values.error)
}

export function addPolicyCommand(program: Command): void {
  program
    .command('policy <name> [what...]')
    .description(
      `show or change the settings of a site; WHAT is: KEY=VALUE..., profile ${Object.keys(policyProfiles).join('|')}, copy OTHER...`,
    )
    .option('--expect <version>', 'change it only if it is still of this version')
    .option('--reason <text>', 'reason; recorded with the change')
    .action((name: string, words: string[], options: PolicyOptions, command: Command) =>
      onSite(command, name, async (session, site) => policy(session, site, words, options)),
    )
}
