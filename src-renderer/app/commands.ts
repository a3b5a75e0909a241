/** THE catalogue of commands: the palette, the shortcuts and their help are made of it. */
import type { Appearance } from '../../src-shared/contract/settings.ts'
import type { Fleet } from '../../src-shared/contract/sites.ts'
import { type Destination, destinations } from '../../src-shared/domain/destinations.ts'
import { command } from '../api/hooks.ts'
import { isApple } from '../api/transport.ts'
import { showToast } from '../ui/toast.tsx'
import type { Command } from './find-commands.ts'
import { go } from './router.ts'
import type { Route } from './routes.ts'
import { chooseAppearance } from './theme.ts'
import { ui } from './ui-state.ts'

const open = (route: Route) => () => go(route)

function goTo({ id, ...place }: Destination): Command {
  const route: Route = id === 'settings' ? { page: id, section: 'appearance' } : { page: id }
  return { ...place, id, group: place.admin ? 'Do' : 'Go to', run: open(route) }
}

const everywhere: readonly Command[] = [
  { id: 'palette', title: 'Search for anything', group: 'Console', keys: 'Mod+k', run: () => ui.show('palette') },
  ...destinations.map(goTo),
  {
    id: 'hosts',
    title: 'Known hosts',
    group: 'Go to',
    words: 'host keys forget',
    run: open({ page: 'settings', section: 'hosts' }),
  },
  {
    id: 'identities',
    title: 'SSH keys',
    group: 'Go to',
    words: 'identities agent log in',
    run: open({ page: 'settings', section: 'identities' }),
  },
  { id: 'search', title: 'Search on this page', group: 'Console', keys: '/', run: focusSearch },
  { id: 'keys', title: 'Keyboard shortcuts', group: 'Console', keys: '?', words: 'help', run: () => ui.show('keys') },
]

function appearanceCommands(admin: boolean): Command[] {
  const to = (theme: Appearance['theme'], title: string, words: string): Command => {
    return { id: theme, title, group: 'Console', words, run: () => void chooseAppearance({ theme }, admin) }
  }
  return [
    to('light', 'Light appearance', 'theme day'),
    to('dark', 'Dark appearance', 'theme night'),
    to('system', 'System appearance', 'theme'),
  ]
}

function focusSearch(): void {
  document.querySelector<HTMLInputElement>('main input[type="search"]')?.focus()
}

async function backUp(site: string, name: string): Promise<void> {
  const result = await command('backups.make', { site })
  if (result.ok) showToast(`Backup of ${name} started`)
  else showToast(`Backup of ${name} not started`, result.error.message, 'bad')
}

function siteCommands({ id: site, name }: { readonly id: string; readonly name: string }): Command[] {
  const of = (what: string, title: string, run: () => void, admin = false): Command => ({
    id: `${what} ${site}`,
    title,
    group: 'Site',
    words: name,
    admin,
    run,
  })
  return [
    of('site', name, open({ page: 'site', site })),
    of('backups', `Backups of ${name}`, open({ page: 'backups', site })),
    of('schedule', `Schedule of ${name}`, open({ page: 'schedule', site })),
    of('retention', `Retention of ${name}`, open({ page: 'retention', site })),
    of('policy', `Policy of ${name}`, open({ page: 'policy', site })),
    of('alerts', `Alerts of ${name}`, open({ page: 'site-alerts', site })),
    of('make', `Back up ${name} now`, () => void backUp(site, name), true),
    of('restore', `Restore ${name}…`, open({ page: 'restore', site }), true),
  ]
}

export function allCommands(fleet: Fleet | undefined, admin: boolean): Command[] {
  const sites = fleet?.sites.flatMap(siteCommands) ?? []
  return [...everywhere, ...appearanceCommands(admin), ...sites].filter((one) => admin || one.admin !== true)
}

/** `⌘K`, `Ctrl K`, `Ctrl Shift N`, `G then F`. */
export function keyWords(keys: string): string {
  const [, chord] = /^(?:Mod|CmdOrCtrl)\+(.*)$/.exec(keys) ?? []
  if (chord !== undefined) {
    const apple = chord.replace('Shift+', '⇧').toUpperCase()
    return isApple ? `⌘${apple}` : `Ctrl ${chord.replace('+', ' ')}`.replace(/.$/, (key) => key.toUpperCase())
  }
  return keys.toUpperCase().split(' ').join(' then ')
}

export const shortcuts = everywhere.filter((one): one is Command & { keys: string } => one.keys !== undefined)
