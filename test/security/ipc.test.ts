/** S11: the only two channels, and who may use them. */
import { describe, expect, test } from 'vitest'
import { fakeFrame } from '../support/fake-electron.ts'
import { runningShell } from '../support/shell.ts'

const request = '1f0c3f6e-1111-4222-8333-444455556666'
const page = 'app://bundle/index.html#/'

describe('a page that requests a port', () => {
  test('gets one, with the id of its request', async () => {
    const { ipc, ports, window } = await runningShell()
    const senderFrame = fakeFrame(page)
    ipc.emit('rpc:connect', { sender: window.webContents, senderFrame }, request)
    expect(ports).toHaveLength(1)
    expect(senderFrame.received).toEqual([['rpc:port', request, [expect.anything()]]])
  })

  test('has one port at a time', async () => {
    const { ipc, ports, window } = await runningShell()
    for (let time = 0; time < 2; time += 1) {
      ipc.emit('rpc:connect', { sender: window.webContents, senderFrame: fakeFrame(page) }, request)
    }
    expect(ports.map(({ closed }) => closed)).toEqual([true, false])
  })

  test.each([
    ['of another origin', { url: 'https://evil.example/' }],
    ['that only looks like ours', { url: 'app://bundle.evil/index.html' }],
    ['of ours other than the start page', { url: 'app://bundle/other.html' }],
    ['without a URL', { url: '' }],
    ['that is blank', { url: 'about:blank' }],
    ['inside another frame', { url: page, parent: {} }],
    ['of a window that is not ours', { url: page, sender: 99 }],
    ['that is gone', { gone: true }],
    ['with an invalid request', { url: page, request: 'x' }],
    ['with a request that is an object', { url: page, request: { 0: 'x' } }],
  ])('%s gets nothing', async (_what, given: Partial<Record<string, unknown>>) => {
    const { ipc, ports, window, warnings } = await runningShell()
    const senderFrame = given.gone ? null : fakeFrame(String(given.url), given.parent ?? null)
    const sender = { id: given.sender ?? window.webContents.id }
    ipc.emit('rpc:connect', { sender, senderFrame }, 'request' in given ? given.request : request)
    expect(ports).toEqual([])
    expect(senderFrame?.received ?? []).toEqual([])
    expect(warnings).toHaveLength(1)
  })

  test('gets nothing once its window has closed', async () => {
    const { ipc, ports, window } = await runningShell({ platform: 'darwin' })
    expect(window.close()).toBe(true)
    ipc.emit('rpc:connect', { sender: window.webContents, senderFrame: fakeFrame(page) }, request)
    expect(ports).toEqual([])
  })
})

test('there is no other channel', async () => {
  const { ipc } = await runningShell()
  expect(ipc.eventNames()).toEqual(['rpc:connect'])
})
