/** S8, S9, S10, S21: what a page cannot do. */
import { beforeEach, describe, expect, test } from 'vitest'
import { event, type FakeContents, type FakeSession } from '../support/fake-electron.ts'
import { runningShell } from '../support/shell.ts'

let contents: FakeContents
let session: FakeSession
let development: FakeSession

beforeEach(async () => {
  const shell = await runningShell({ packaged: true })
  contents = shell.window.webContents
  session = shell.session
  development = (await runningShell()).session
})

describe('S8: a page stays where it is', () => {
  const ways = ['will-navigate', 'will-frame-navigate', 'will-redirect']
  const elsewhere = [
    'https://evil.example/',
    'http://localhost/',
    'file:///etc/passwd',
    'data:text/html,x',
    'about:blank',
    'javascript:alert(1)',
    'app://other/index.html',
    'app://bundle.evil/index.html',
    'app:bundle/index.html',
    '',
  ]

  test.each(ways.flatMap((way) => elsewhere.map((url) => [way, url])))('%s to %s is prevented', (way, url) => {
    const navigation = event({ url })
    contents.emit(way as string, navigation)
    expect(navigation.prevented).toBe(true)
  })

  test.each(ways)('%s within the console is not', (way) => {
    const navigation = event({ url: 'app://bundle/index.html#/settings' })
    contents.emit(way, navigation)
    expect(navigation.prevented).toBe(false)
  })

  test('no page is embedded', () => {
    const attach = event()
    contents.emit('will-attach-webview', attach)
    expect(attach.prevented).toBe(true)
  })
})

test('S9: nothing opens a window', () => {
  expect(contents.opener?.()).toEqual({ action: 'deny' })
})

describe('S10: permissions', () => {
  type Ask = (contents: unknown, permission: string, callback: (granted: boolean) => void) => void
  type Check = (contents: unknown, permission: string) => boolean
  const all = [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'openExternal',
    'fullscreen',
    'hid',
    'usb',
    'unknown',
  ]

  test('earlier grants are revoked first', () => {
    expect(session.set.permissionRequest?.[0]).toBeNull()
    expect(session.set.permissionRequest).toHaveLength(2)
  })

  test.each(all)('%s is denied', (permission) => {
    let granted = true
    session.last<Ask>('permissionRequest')(null, permission, (answer) => {
      granted = answer
    })
    expect([granted, session.last<Check>('permissionCheck')(null, permission)]).toEqual([false, false])
  })

  test('copying text is allowed, but no device, screen capture or Bluetooth', () => {
    expect(session.last<Check>('permissionCheck')(null, 'clipboard-sanitized-write')).toBe(true)
    expect(session.last<() => boolean>('devicePermission')()).toBe(false)
    const answers: unknown[] = []
    const note = (answer: unknown) => answers.push(answer)
    session.last<(request: unknown, callback: typeof note) => void>('displayMedia')({}, note)
    session.last<(request: unknown, callback: typeof note) => void>('bluetooth')({}, note)
    expect(answers).toEqual([null, { confirmed: false }])
    expect(session.last('spellChecker')).toBe(false)
  })
})

describe('S21: the network', () => {
  test.each([
    'https://evil.example/x.js',
    'http://127.0.0.1:80/',
    'ws://localhost:1/',
    'ftp://x/',
    'file:///etc/passwd',
    'chrome-extension://x/y',
    'devtools://devtools/x',
    'app://other/x',
    'data:text/html,x',
    'blob:https://evil.example/1',
  ])('a packaged console does not load %s', (url) => {
    expect(session.cancels(url)).toBe(true)
  })

  test.each(['app://bundle/assets/app.js', 'data:image/png;base64,AA', 'blob:app://bundle/1'])('it loads %s', (url) => {
    expect(session.cancels(url)).toBe(false)
  })

  test('only a development build loads the inspector', () => {
    expect(development.cancels('devtools://devtools/bundled/x.html')).toBe(false)
    expect(development.cancels('https://evil.example/')).toBe(true)
  })

  test.each([
    ['blob:app://bundle/1', false],
    ['https://evil.example/x.exe', true],
    ['blob:https://evil.example/1', true],
    ['data:text/plain,x', true],
  ])('a download of %s is prevented: %s', (url, prevented) => {
    const download = event()
    session.emit('will-download', download, { getURL: () => url }, null)
    expect(download.prevented).toBe(prevented)
  })
})
