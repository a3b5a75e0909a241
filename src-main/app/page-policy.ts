/** The policy of the page, the same wherever it is served from: nothing but what the console itself brings. */

const directives = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'object-src': "'none'",
}

/** @param sockets addresses of sockets that the page may open besides its own origin (the loopback host's). */
export function contentSecurityPolicy(sockets: readonly string[] = []): string {
  const all = { ...directives, 'connect-src': ["'self'", ...sockets].join(' ') }
  return Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ')
}

/** The headers of every answer that a page or a part of it comes in. */
export function pageHeaders(sockets: readonly string[] = []): Record<string, string> {
  return {
    'Content-Security-Policy': contentSecurityPolicy(sockets),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }
}
