/** Channels: how alerts leave a server by webhooks, what each receiver gets, and what happens if one misbehaves. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodePath } from '../../src-shared/domain/backup-path.ts'
import { channelReport, channelTest } from '../../src-shared/domain/channels.ts'
import { webhookReceiver } from '../support/kit/webhook-receiver.ts'
import { ScratchSite } from '../support/scratch-site.ts'

function siteOf(): ScratchSite {
  const site = new ScratchSite()
  onTestFinished(() => site.remove())
  return site
}

const rows = (...alerts: (readonly string[])[]) => `${alerts.map((alert) => alert.join('\t')).join('\n')}\n`

/** Does what the room of alerts does; returns what became of it by channel. */
async function tell(site: ScratchSite, text: string): Promise<Record<string, string>> {
  writeFileSync(join(site.folder, 'alerts'), text)
  const instead = `run_channels() {
    state_create
    channels_tell "$ALERTS" || fail internal 'not told'
    json_object \${CHANNELS_TOLD[@]+"\${CHANNELS_TOLD[@]}"}
    succeed told "$REPLY"
  }`
  const answer = await site.run(['channels'], { instead, env: { ALERTS: join(site.folder, 'alerts') } })
  expect(answer.stderr).toBe('')
  return answer.result.data as Record<string, string>
}

describe('a webhook', () => {
  it('gets one message for many alerts, all of them as JSON', async () => {
    const site = siteOf()
    const receiver = await webhookReceiver()
    const url = `http://127.0.0.1:${receiver.port}/hook/t0ps3cret?key=k3y`
    const set = await site.run(['channel', 'set', 'desk', 'webhook', `url=${url}`])
    expect(set.result).toMatchObject({ outcome: 'succeeded' })
    const told = await tell(
      site,
      rows(
        [
          'new',
          'warning',
          'disk:/',
          encodePath(Buffer.from('The disk is full in 3 days — "soon".')),
          'Free%20some.',
          '1790000000000',
        ],
        ['new', 'error', 'overdue:database', 'No%20backup%0Afor%205%20hours.', '', '1790000000000'],
        ['cleared', 'error', 'unhealthy', 'It%20was%20down.', '', '1790000000000'],
      ),
    )
    expect(told).toEqual({ desk: 'ok' })
    expect(receiver.received).toHaveLength(1)
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({ kind: 'alerts', severity: 'error' })
    const report = await site.ask(['channels'], channelReport)
    expect(report.channels).toMatchObject([{ name: 'desk', to: `http://127.0.0.1:${receiver.port}`, secrets: ['url'] }])
    expect(JSON.stringify(report)).not.toMatch(/t0ps3cret|k3y/)
    const tested = await site.ask(['channel', 'test', 'desk'], channelTest)
    expect(tested).toEqual({ channel: 'desk', sent: true, why: '' })
  })
})
