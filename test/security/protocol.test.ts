/** S4, S5, S6: the page's files and the policy they come with. */
import { describe, expect, test } from 'vitest'
import { pageHandler } from '../../src-main/electron/protocol.ts'

const page = (path: string, type: string) => ({ type, bytes: Buffer.from(`content of ${path}`) })
const start = page('index.html', 'text/html; charset=utf-8')
const handle = pageHandler(
  new Map([
    ['/', start],
    ['/index.html', start],
    ['/assets/app.js', page('app.js', 'text/javascript; charset=utf-8')],
  ]),
)
const get = (url: string, method = 'GET') => handle({ url, method })

describe('S5: a served file', () => {
  test('is on the list, with a type fixed by its name', async () => {
    const page = await get('app://bundle/index.html#/sites/x')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await page.text()).toBe('content of index.html')
    expect((await get('app://bundle/assets/app.js?v=1')).headers.get('content-type')).toBe(
      'text/javascript; charset=utf-8',
    )
  })

  test.each([
    ['app://bundle/../../etc/passwd', 404],
    ['app://bundle/assets/../index.html', 404],
    ['app://bundle/%2e%2e/%2e%2e/etc/passwd', 400],
    ['app://bundle/assets%2fapp.js', 400],
    ['app://bundle/assets\\app.js', 400],
    ['app://bundle//etc/passwd', 404],
    ['app://bundle/index.html\0.js', 400],
    ['app://bundle/', 400],
    ['app://bundle', 400],
    ['app://other/index.html', 400],
    ['app://bundle.evil/index.html', 400],
    ['app://user@bundle/index.html', 400],
    ['https://bundle/index.html', 400],
    ['file:///etc/passwd', 400],
    ['app://bundle/INDEX.HTML', 404],
    ['app://bundle/package.json', 404],
    ['app://bundle/__proto__', 404],
  ])('is never %s', async (url, status) => {
    const answer = await get(url)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toBe('')
  })

  test.each(['POST', 'HEAD', 'PUT', 'OPTIONS', 'get'])('is only read: not by %s', async (method) => {
    expect((await get('app://bundle/index.html', method)).status).toBe(405)
  })
})

describe('S6: every response', () => {
  test.each([
    ['app://bundle/index.html', 'GET'],
    ['app://bundle/none.html', 'GET'],
    ['app://bundle/../x', 'GET'],
    ['app://bundle/index.html', 'POST'],
  ])('has the policy: %s by %s', async (url, method) => {
    const { headers } = await get(url, method)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
      ].join('; '),
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    })
  })
})
