/** Command-line switches: which ones the application refuses, and which ones it adds. */

/** Each lets the caller inspect the program or weakens its protection. */
const FORBIDDEN = [
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-allow-origins',
  'inspect',
  'inspect-brk',
  'js-flags',
  'no-sandbox',
  'disable-web-security',
  'load-extension',
] as const

/** The first switch that a packaged build refuses; null if there is none. Unknown ones have no effect. */
export function forbiddenSwitch(argv: readonly string[]): string | null {
  const names = argv.map((argument) => /^--?([a-z-]+)(=|$)/i.exec(argument)?.[1]?.toLowerCase())
  return FORBIDDEN.find((name) => names.includes(name)) ?? null
}

export interface Desktop {
  readonly platform: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The password store to request if Chromium would choose none: on an unknown desktop with a session bus that may have a
 * secret service. Null to let Chromium decide.
 */
export function passwordStore({ platform, argv, env }: Desktop): 'gnome-libsecret' | null {
  if (platform !== 'linux' || !env.DBUS_SESSION_BUS_ADDRESS) return null
  if (argv.some((argument) => argument.startsWith('--password-store'))) return null
  return /kde|plasma/i.test(`${env.XDG_CURRENT_DESKTOP ?? ''} ${env.DESKTOP_SESSION ?? ''}`) ? null : 'gnome-libsecret'
}
