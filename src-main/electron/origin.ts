/** The one place that the window's pages come from. */
export const SCHEME = 'app'
export const ORIGIN = `${SCHEME}://bundle`
export const START_PAGE = `${ORIGIN}/index.html`

/** True for an address below our origin. Text is compared, because `new URL` knows no origin for schemes like ours. */
export function isOurs(url: string): boolean {
  return url.startsWith(`${ORIGIN}/`)
}

/** True for the start page itself, at any place in it. */
export function isStartPage(url: string): boolean {
  return url === START_PAGE || url.startsWith(`${START_PAGE}#`)
}
