/**
 * `cvd-backup-console://open/<kind>/<id>`: shows something, and does nothing else. Links can come from anywhere (a
 * mail, a ticket), so they can name neither a host nor a command, and any other form is rejected.
 */

export const LINK_SCHEME = 'cvd-backup-console'

export type DeepLink =
  | { readonly kind: 'fleet' }
  | { readonly kind: 'site' | 'operation'; readonly id: string }
  | { readonly kind: 'unknown' }

const form = new RegExp(`^${LINK_SCHEME}://open/(fleet|site/([a-z0-9-]{1,64})|operation/([a-z0-9-]{1,64}))$`)

export function parseDeepLink(text: string): DeepLink {
  const match = form.exec(text)
  if (!match) return { kind: 'unknown' }
  const [, , site, operation] = match
  if (site !== undefined) return { kind: 'site', id: site }
  return operation !== undefined ? { kind: 'operation', id: operation } : { kind: 'fleet' }
}

/** The first link among the command-line arguments. The whole argument must be the link. */
export function linkAmong(argv: readonly string[]): DeepLink | null {
  const found = argv.find((argument) => argument.startsWith(`${LINK_SCHEME}://`))
  return found === undefined ? null : parseDeepLink(found)
}
