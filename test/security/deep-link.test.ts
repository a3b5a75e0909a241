/** S22: a link shows something, and does nothing else. */
import { describe, expect, test } from 'vitest'
import { linkAmong, parseDeepLink } from '../../src-main/electron/deep-link.ts'
import { event } from '../support/fake-electron.ts'
import { beginShell, runningShell } from '../support/shell.ts'

const open = 'cvd-backup-console://open'

describe('a link', () => {
  test.each([
    [`${open}/fleet`, { kind: 'fleet' }],
    [`${open}/site/abc-1`, { kind: 'site', id: 'abc-1' }],
    [`${open}/operation/0f`, { kind: 'operation', id: '0f' }],
  ])('%s is understood', (text, link) => {
    expect(parseDeepLink(text)).toEqual(link)
  })

  test.each([
    '',
    open,
    `${open}/`,
    `${open}/site`,
    `${open}/site/`,
    `${open}/site/ABC`,
    `${open}/site/a/restore`,
    `${open}/site/${'a'.repeat(65)}`,
    `${open}/site/..%2f..`,
    `${open}/site/a?host=evil`,
    `${open}/site/a#/settings`,
    `${open}/site/a\n`,
    `${open}/restore/a`,
    `${open}/connect/root@evil`,
    'cvd-backup-console://start/site/a',
    'CVD-BACKUP-CONSOLE://open/site/a',
    'https://evil.example/open/site/a',
    ` ${open}/site/a`,
  ])('%j is unknown', (text) => {
    expect(parseDeepLink(text)).toEqual({ kind: 'unknown' })
  })

  test('is recognised only as a whole argument', () => {
    expect(linkAmong(['console', '--flag', `${open}/site/a`])).toEqual({ kind: 'site', id: 'a' })
    expect(linkAmong(['console', `--open=${open}/site/a`, `x${open}/site/a`])).toBeNull()
  })
})

describe('a link that arrives', () => {
  const site = 'app://bundle/index.html#/sites/a'

  test('waits until the console is ready; the last one counts', async () => {
    const shell = beginShell({ argv: ['console', `${open}/fleet`] })
    shell.app.emit('open-url', event(), `${open}/site/a`)
    expect(shell.windows).toEqual([])
    shell.becomeReady()
    await shell.started
    expect(shell.windows.map(({ urls }) => urls)).toEqual([['app://bundle/index.html', site]])
  })

  test('from a second start is shown in the existing window', async () => {
    const { app, windows, window } = await runningShell()
    window.minimized = true
    app.emit('second-instance', {}, ['console', `${open}/operation/b`])
    expect(windows).toHaveLength(1)
    expect(window.urls.at(-1)).toBe('app://bundle/index.html#/operations/b')
    expect([window.minimized, window.focused]).toEqual([false, true])
  })

  test('that is unknown shows the console unchanged', async () => {
    const { app, window } = await runningShell()
    app.emit('second-instance', {}, ['console', `${open}/restore/everything`])
    expect(window.urls).toEqual(['app://bundle/index.html'])
    expect(window.focused).toBe(true)
  })

  test('does nothing else: no port, no prompt, no operation', async () => {
    const shell = await runningShell()
    const before = [...shell.order]
    shell.app.emit('open-url', event(), `${open}/site/a`)
    expect(shell.order).toEqual(before)
    expect([shell.ports, shell.questions]).toEqual([[], []])
  })
})
