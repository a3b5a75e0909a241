/** A scratch site with channels, and what the rooms of alerts and of the schedule do with them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import { encodePath } from '../../../src-shared/domain/backup-path.ts'
import { channelReport } from '../../../src-shared/domain/channels.ts'
import { ScratchSite, type SiteOptions } from '../scratch-site.ts'

export type Test = Pick<TestContext, 'onTestFinished'>

export interface Certificate {
  readonly key: string
  readonly cert: string
  readonly file: string
}

/** A certificate for this name that signs itself. */
export function certificateFor(site: ScratchSite, name: string): Certificate {
  const file = join(site.folder, `${name}.pem`)
  const key = join(site.folder, `${name}.key`)
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...how, ...subject, '-keyout', key, '-out', file], { stdio: 'ignore' })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file }
}

/** The kit waits five seconds for an answer, not fifteen. */
export function channelSite(test: Test, options: SiteOptions = {}): ScratchSite {
  const site = new ScratchSite(options)
  test.onTestFinished(() => site.remove())
  const kit = readFileSync(site.kit, 'utf8')
  const quick = kit
    .replace('CHANNEL_SECONDS=15 PING_SECONDS=5', 'CHANNEL_SECONDS=5 PING_SECONDS=5')
    .replace('MAILER_SECONDS=30', 'MAILER_SECONDS=5')
  expect(quick).not.toBe(kit)
  writeFileSync(site.kit, quick)
  return site
}

/** A program `curl` that trusts these certificates, as a server does whose administrator has installed them. */
export const trusting = (file: string) => ({ curl: `#!/bin/bash\nexec /usr/bin/curl "$@" --cacert '${file}'\n` })

export async function setChannel(site: ScratchSite, name: string, form: string, ...values: string[]): Promise<void> {
  const { result } = await site.run(['channel', 'set', name, form, ...values])
  expect(result.message).toBe(`The channel ${name} was set. Try it: cvd-backup channel test ${name}`)
}

/** Writes the files of channels as `channel set` does. */
export function putChannels(
  site: ScratchSite,
  form: string,
  channels: Readonly<Record<string, readonly string[]>>,
): void {
  const folder = join(site.state, 'channels')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const [name, values] of Object.entries(channels)) {
    writeFileSync(join(folder, name), [`form=${form}`, ...values, 'end\n'].join('\n'), { mode: 0o600 })
  }
}

/** Tries to set a channel in each of these ways; returns what was said each time. */
export function tryToSet(site: ScratchSite, ways: readonly (readonly string[])[]): string[] {
  const words = ways.flatMap((values) => [...values, '--next'])
  const said = site.library(
    `state_create; COMMAND=channel READABLE_FD=1 way=()
     for word in "$@"; do
       if [[ $word == --next ]]; then (run_channel set desk "\${way[@]}"); printf '\\0'; way=(); else way+=("$word"); fi
     done`,
    words,
  )
  return said.split('\0').slice(0, -1)
}

export interface Alert {
  readonly event?: 'new' | 'worse' | 'cleared' | 'reminder'
  readonly severity?: 'error' | 'warning'
  readonly id: string
  /** Text, or bytes. */
  readonly evidence: string | Buffer
  readonly fix?: string
}

export const since = Date.UTC(2026, 2, 29, 0, 30)

export function alertRows(alerts: readonly Alert[]): string {
  const encoded = (text: string | Buffer) => encodePath(Buffer.from(text as string))
  const row = ({ event = 'new', severity = 'error', id, evidence, fix = '' }: Alert) =>
    [event, severity, id, encoded(evidence), encoded(fix), since].join('\t')
  return alerts.map((alert) => `${row(alert)}\n`).join('')
}

async function calling(site: ScratchSite, call: string, args: readonly string[], instead: string) {
  const words = `run_channels() {
    state_create
    ${call} || fail internal 'not told'
    json_object \${CHANNELS_TOLD[@]+"\${CHANNELS_TOLD[@]}"}
    succeed told "$REPLY"
  }`
  const env = Object.fromEntries(args.map((value, index) => [`GIVEN${index}`, value]))
  const answer = await site.run(['channels'], { instead: `${instead}\n${words}`, env })
  expect(answer.stderr).toBe('')
  return answer.result.data as Record<string, string>
}

/** Does what the room of alerts does; returns what became of it by channel. */
export async function tell(
  site: ScratchSite,
  alerts: readonly Alert[] | string,
  instead = '',
): Promise<Record<string, string>> {
  const file = join(site.folder, 'alerts')
  writeFileSync(file, typeof alerts === 'string' ? alerts : alertRows(alerts))
  return await calling(site, 'channels_tell "$GIVEN0"', [file], instead)
}

/** Does what the room of the schedule does around a run. */
export function ping(site: ScratchSite, event: string, kind: string, message: string): Promise<Record<string, string>> {
  return calling(site, 'channels_ping "$GIVEN0" "$GIVEN1" "$GIVEN2"', [event, kind, message], '')
}

export async function channelsOf(site: ScratchSite) {
  return (await site.ask(['channels'], channelReport)).channels
}

/** Listens and never says a word; or does what `on` does with each connection. */
export async function listener(test: Test, on: (socket: Socket) => unknown = () => undefined): Promise<number> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    on(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  test.onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
