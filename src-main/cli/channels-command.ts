/** `channels`: how alerts leave the server of a site. */
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { type ChannelReport, channelForms, channelSecrets } from '../../src-shared/domain/channels.ts'
import { formatSpan } from '../../src-shared/domain/format.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { readChannels, removeChannel, setChannel, testChannel } from '../operations/channels.ts'
import { Secret } from '../remote/secret.ts'
import type { Site } from '../store/sites.ts'
import { promptHidden } from './prompt.ts'
import type { Session } from './session.ts'
import { onSite } from './site-commands.ts'
import { clean, table } from './table.ts'
import { usage } from './target-options.ts'

interface Given {
  readonly settings: Record<string, string>
  /** Keys of secrets that are to be asked for, in order. */
  readonly asked: readonly string[]
}

const isSecret = (key: string): boolean => channelSecrets.some((one) => one === key)

/** Sorts KEY=VALUE. Arguments are in the list of processes and in the shell's history: no secret is taken from them. */
function given(pairs: readonly string[]): Result<Given> {
  const settings: Record<string, string> = {}
  const asked: string[] = []
  for (const pair of pairs) {
    const [, key, value] = /^([a-z]{1,20})=(.*)$/s.exec(pair) ?? []
    if (key === undefined || value === undefined) return fail(usage(`KEY=VALUE, not ${clean(pair)}.`))
    if (isSecret(key) && value === '-') asked.push(key)
    else if (isSecret(key) && value !== '')
      return fail(usage(`${key} is a secret: give ${key}=-, and it is asked for.`))
    else settings[key] = value
  }
  return ok({ settings, asked })
}

/** Asks for secrets at the terminal without showing them, or reads stdin, one a line. */
async function secretsFor(keys: readonly string[]): Promise<Result<Record<string, Secret>>> {
  const secrets: Record<string, Secret> = {}
  const lines = keys.length === 0 || process.stdin.isTTY ? [] : (await text(process.stdin)).split(/\r?\n/)
  for (const [index, key] of keys.entries()) {
    const typed = process.stdin.isTTY ? await promptHidden(`${key}: `) : lines[index]
    if (typed === undefined || typed === null || typed === '')
      return fail(usage(`${key}=-: nothing was given on stdin.`))
    secrets[key] = new Secret(typed)
  }
  return ok(secrets)
}

function channelTable({ channels, now }: ChannelReport): string[] {
  const rows = channels.map(({ name, form, preset, to, settings, lastSentAt, failure }) => [
    name,
    preset === '' ? form : preset,
    clean(to),
    settings.level ?? 'all',
    lastSentAt === null ? 'never' : `${formatSpan(now - lastSentAt)} ago`,
    failure === '' ? '' : clean(failure),
  ])
  return table(
    ['CHANNEL', 'FORM', 'TO', 'LEVEL', 'LAST SENT', 'PROBLEM'].map((title) => ({ title })),
    rows,
  )
}

function shown(session: Session, read: Result<ChannelReport>, words: string): number {
  if (!read.ok) return session.refuse(read.error)
  const count = read.value.channels.length
  if (count > 0) session.out.text(...channelTable(read.value), '')
  const message = words || (count === 0 ? 'No channel is set: alerts do not leave the server.' : `Channels: ${count}.`)
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: read.value })
}

async function set(session: Session, site: Site, words: readonly string[], stdinIsTaken: boolean): Promise<number> {
  const [name = '', what, ...pairs] = words
  const form = channelForms.find((one) => one === what)
  if (!form) return session.refuse(usage(`set CHANNEL FORM KEY=VALUE...; FORM is one of: ${channelForms.join(', ')}.`))
  const values = given(pairs)
  if (!values.ok) return session.refuse(values.error)
  const { settings, asked } = values.value
  if (stdinIsTaken && asked.length > 0)
    return session.refuse(
      usage('KEY=- reads stdin, and so does --password-stdin or --passphrase-stdin: give one of them.'),
    )
  const secrets = await secretsFor(asked)
  if (!secrets.ok) return session.refuse(secrets.error)
  const change = { name, form, settings, secrets: secrets.value }
  const answer = await setChannel(session.context, site, change)
  return shown(session, answer, `The channel ${name} was set. Try it: channels ${clean(site.name)} test ${name}`)
}

async function test(session: Session, site: Site, name: string): Promise<number> {
  const tested = await testChannel(session.context, site, name)
  if (!tested.ok) return session.refuse(tested.error)
  const { sent, why } = tested.value
  if (!sent)
    return session.refuse({ code: 'not-sent', message: `The test message did not leave: ${clean(why)}` }, tested.value)
  const message = `The channel ${name} took the test message. See whether it arrives.`
  return session.end({ outcome: 'succeeded', code: 'ok', message, data: tested.value })
}

async function channels(
  session: Session,
  site: Site,
  words: readonly string[],
  stdinIsTaken: boolean,
): Promise<number> {
  const [action, name, ...rest] = words
  if (action === undefined) return shown(session, await readChannels(session.context, site), '')
  if (action === 'set') return set(session, site, words.slice(1), stdinIsTaken)
  if ((action !== 'remove' && action !== 'test') || name === undefined || rest.length > 0)
    return session.refuse(usage('set CHANNEL FORM KEY=VALUE..., remove CHANNEL, or test CHANNEL.'))
  if (action === 'test') return test(session, site, name)
  return shown(session, await removeChannel(session.context, site, name), `The channel ${name} was removed.`)
}

export function addChannelsCommand(program: Command): void {
  program
    .command('channels <name> [what...]')
    .description(
      'show how alerts leave the server; WHAT is: set CHANNEL FORM KEY=VALUE..., remove CHANNEL, test CHANNEL',
    )
    .addHelpText(
      'after',
      `
FORM and its KEYs (docs/kit.md, Channels):
  mail     to, from
  smtp     host, port, tls, user, password, from, to
  webhook  url, preset (json, slack, teams, ntfy, healthchecks), header, secret, watch
  each     level (all, errors)
url, password and secret are secrets: give url=-, and it is asked for, or read from stdin, one a line.`,
    )
    .action((name: string, words: string[], _: unknown, command: Command) => {
      const { passwordStdin, passphraseStdin } = command.optsWithGlobals<{
        passwordStdin?: boolean
        passphraseStdin?: boolean
      }>()
      const stdinIsTaken = passwordStdin === true || passphraseStdin === true
      return onSite(command, name, (session, site) => channels(session, site, words, stdinIsTaken))
    })
}
