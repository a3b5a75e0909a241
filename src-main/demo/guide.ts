/** The instructions for a user who tries the console on the demo site. */
import { join } from 'node:path'
import type { DemoSite } from './site.ts'
import { columns, type Paint, shellWord } from './terminal.ts'

/** A sentence and the command line for it. */
interface Hint {
  readonly about: string
  readonly words: readonly string[]
}

/** The site's name in the guide. */
const NAME = 'demo'

/** Where the demo's console is; null if its pages are not built. */
export type ConsoleUrls = { readonly adminUrl: string; readonly viewerUrl: string } | null

/** Everything a program needs to use the site; the password is in a private file. */
export function guideData(site: DemoSite, console: ConsoleUrls): Record<string, string | number> {
  const { host, port, user, keyFile, passwordFile, hostKeyFingerprint, root, state, folder } = site
  const login = { host, port, user, keyFile, passwordFile, hostKeyFingerprint }
  const { adminUrl = '', viewerUrl = '' } = console ?? {}
  return { ...login, root, state, folder, health: site.app.healthUrl, adminUrl, viewerUrl }
}

/** The whole text, with command lines to paste. */
export function guideText(site: DemoSite, console: ConsoleUrls | 'window', kept: boolean, paint: Paint): string {
  const facts = columns([
    ['  SSH', `${site.user}@${site.host}, port ${site.port}`],
    ['  Host key', site.hostKeyFingerprint],
    ['  Login key', site.keyFile],
    ['  Password', `in ${site.passwordFile}`],
    ['  CVD root', site.root],
    ['  Health', site.app.healthUrl],
  ])
  const hints = hintsFor(site).flatMap(({ about, words }) => [
    `  ${paint.dim(`# ${about}`)}`,
    `  ${words.map(shellWord).join(' ')}`,
    '',
  ])
  return [
    paint.bold('The demo site runs: a CVD server on this machine, with an application that writes all the time.'),
    '',
    ...facts,
    '',
    ...consoleLines(console, paint),
    paint.bold('The same on the command line. In a second terminal, in this folder:'),
    '',
    ...hints,
    `${paint.bold('Ctrl-C')} ends the demo site${kept ? `; its folder ${site.folder} stays.` : ' and removes its folder.'}`,
  ].join('\n')
}

function consoleLines(console: ConsoleUrls | 'window', paint: Paint): string[] {
  if (console === 'window') {
    return [paint.bold('The console is open on it, in a window of its own. Closing the window ends the demo.'), '']
  }
  if (!console) return ['The window is not built (npm run build), so it does not open.', '']
  return [
    paint.bold('The console is open on it:'),
    '',
    ...columns([
      ['  Administrator', console.adminUrl],
      ['  View only', console.viewerUrl],
    ]),
    '',
  ]
}

function hintsFor(site: DemoSite): Hint[] {
  // A data folder of its own: the open console knows the site already, and the user's must not get it.
  const cli = ['npm', 'run', 'cli', '--', '--data', join(site.folder, 'cli')]
  const ssh = ['--host', site.host, '--port', String(site.port), '--user', site.user, '--key', site.keyFile]
  const accept = ['--accept-host-key', site.hostKeyFingerprint]
  return [
    {
      about: 'add the site; without the last two words it is refused, and the host key shown',
      words: [...cli, 'site', 'add', NAME, ...ssh, ...accept],
    },
    { about: 'inspect the site', words: [...cli, 'inspect', NAME] },
    {
      about: 'back up the database while the application writes, and verify what was made',
      words: [...cli, 'backup', NAME, 'database'],
    },
    { about: 'list the backups', words: [...cli, 'backups', NAME] },
    { about: 'delete some orders', words: ['sqlite3', site.database, 'DELETE FROM service_orders WHERE id <= 200'] },
    {
      about: 'see what a restore would change: BACKUP is a name from the list',
      words: [...cli, 'plan', NAME, 'database', 'BACKUP'],
    },
    {
      about: 'restore it',
      words: [...cli, 'restore', NAME, 'database', 'BACKUP', '--confirm', NAME, '--reason', 'orders were deleted'],
    },
    { about: 'list the operations: OPERATION is an ID from this list', words: [...cli, 'operations', NAME] },
    { about: 'undo it', words: [...cli, 'undo', NAME, 'OPERATION', '--confirm', NAME, '--reason', 'only a trial'] },
  ]
}
