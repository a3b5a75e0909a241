import { expect, test } from 'vitest'
import { nowLines } from '../../../src-renderer/shared/now-lines.ts'
import type { OperationRow } from '../../../src-shared/contract/operations.ts'

type Site = Parameters<typeof nowLines>[0][number]

function operation(site: string, command: string, rest: Partial<OperationRow> = {}): OperationRow {
  return {
    id: `${site} ${command}`,
    site,
    siteName: site,
    siteColour: 'teal',
    command,
    redo: false,
    title: command === 'restore' ? 'Restore' : 'Backup',
    state: 'running',
    link: 'listening',
    elsewhere: false,
    remote: null,
    outcome: null,
    code: '',
    message: '',
    unchanged: '',
    next: '',
    who: '',
    reason: '',
    startedAt: 0,
    endedAt: null,
    backup: null,
    step: null,
    progress: null,
    ...rest,
  }
}

function site(id: string, rest: Partial<Site> = {}): Site {
  const services = { running: 1, total: 1 }
  return { id, name: id, healthy: true, services, failure: null, inspectedAt: 1000, operations: [], ...rest }
}

const step = (name: string) => ({ step: { step: name, title: `Step ${name}` } })
const failure = { code: 'unreachable', message: '' }

test('running operations and stopped services are listed, restores first (G1)', () => {
  const sites = [
    site('Busy', { operations: [operation('Busy', 'database', step('copy'))] }),
    site('Down', { healthy: false }),
    site('Stopped', { healthy: null, services: { running: 0, total: 1 }, failure }),
    // Its service is down because of the restore, which has its own line.
    site('Restored', { healthy: false, operations: [operation('Restored', 'restore', step('swap'))] }),
  ]
  expect(nowLines(sites, false).map(({ tone, text, detail, asOf }) => [tone, text, detail, asOf])).toEqual([
    ['running', 'Restore running on Restored, service stopped', 'Step swap', null],
    ['down', 'Down is down: its health check fails', '', null],
    ['down', 'Stopped is down: its service is not running', '', 1000],
    ['running', 'Backup running on Busy', 'Step copy', null],
  ])
})

test('a backup of the whole fleet is one line, not one for each site', () => {
  const sites = ['A', 'B', 'C'].map((id) => site(id, { operations: [operation(id, 'database')] }))
  expect(nowLines(sites, false).map(({ text }) => text)).toEqual(['Backup running on 3 sites'])
})

test('without a connection nothing is claimed to run or to be stopped (G2)', () => {
  const row = operation('A', 'restore', step('swap'))
  const lost = ['Restore on A: connection lost', 'Last known step: Step swap']
  for (const [link, cutOff] of [
    ['searching', false],
    ['listening', true],
  ] as const) {
    const lines = nowLines([site('A', { operations: [{ ...row, link }] })], cutOff)
    expect(lines.map(({ text, detail }) => [text, detail])).toEqual([lost])
  }
})

test('a site that is well, or was never checked, has no line', () => {
  expect(nowLines([site('A'), site('B', { healthy: null, services: { running: 0, total: 0 } })], false)).toEqual([])
})
