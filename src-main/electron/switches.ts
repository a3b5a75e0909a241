/** The command line of the application: which switches it must not be started with, and which it adds. */

/** Each lets whoever starts the program look into it, or takes its walls down. */
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

/** The first switch that a packaged build refuses; null when there is none. Unknown ones mean nothing. */
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
 * The password store to ask for, where Chromium would find none by itself: a desktop that it does not know, with a
 * session bus on which a secret service may well answer. Null where it may decide.
 */
export function passwordStore({ platform, argv, env }: Desktop): 'gnome-libsecret' | null {
  if (platform !== 'linux' || !env.DBUS_SESSION_BUS_ADDRESS) return null
  if (argv.some((argument) => argument.startsWith('--password-store'))) return null
  return /kde|plasma/i.test(`${env.XDG_CURRENT_DESKTOP ?? ''} ${env.DESKTOP_SESSION ?? ''}`) ? null : 'gnome-libsecret'
}
