/** The only origin of the window's pages. */
export const SCHEME = 'app'
export const ORIGIN = `${SCHEME}://bundle`
export const START_PAGE = `${ORIGIN}/index.html`

/** Whether a URL is below our origin. Compares text, because `new URL` gives no origin for custom schemes. */
export function isOurs(url: string): boolean {
  return url.startsWith(`${ORIGIN}/`)
}

/** Whether a URL is the start page, with any fragment. */
export function isStartPage(url: string): boolean {
  return url === START_PAGE || url.startsWith(`${START_PAGE}#`)
}
