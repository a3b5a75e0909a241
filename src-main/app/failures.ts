/** Adapts failures for windows: the engine's next steps name commands, windows use other ways. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import type { Failure } from '../../src-shared/result.ts'

const next: Readonly<Record<string, string>> = {
  'not-confirmed': 'Type the name of the site exactly as it is shown, and give a reason.',
  'no-layout': 'Enter the folder of the installation on the server. On a new server, create that folder first.',
  'sudo-needs-password': 'Connect again and enter the password.',
  'wrong-sudo-password': 'Connect again and enter the right password.',
  'wrong-site':
    'Check the address. If the server was replaced on purpose, accept the new machine in the settings of the site.',
  'not-found': 'Reload the list: it may have changed.',
  'name-taken': 'Choose another name.',
}

/** The failure without data that a window must not get. */
export function forWindow(failure: Failure): WireFailure {
  const { code, message, unchanged } = failure
  const how = next[code] ?? failure.next
  const words = { code, message, ...(unchanged ? { unchanged } : {}), ...(how ? { next: how } : {}) }
  const more: Pick<WireFailure, 'hostKey' | 'machine'> = {}
  if ('hostKey' in failure) more.hostKey = failure.hostKey as NonNullable<WireFailure['hostKey']>
  if ('machine' in failure) more.machine = failure.machine as NonNullable<WireFailure['machine']>
  return { ...words, ...more }
}

/** Whether a person has to act before the site is asked again. */
export function needsPerson({ code }: Pick<Failure, 'code'>): boolean {
  return /^(auth-|key-|host-key-|sudo-|wrong-|password-)/.test(code)
}

export const noSuchSite: WireFailure = {
  code: 'no-such-site',
  message: 'This site does not exist.',
  unchanged: 'Nothing was changed.',
  next: 'Go to the fleet: the site may have been removed in another window.',
}

export function notFound(what: string): WireFailure {
  return { code: 'not-found', message: `There is no such ${what}.`, unchanged: 'Nothing was changed.' }
}

export const notChecked: WireFailure = {
  code: 'not-checked',
  message: 'This site has not been checked yet.',
  unchanged: 'Nothing was changed.',
  next: 'Check the site first.',
}

/** For whoever asked again before this was answered. */
export const overtaken: WireFailure = { code: 'cancelled', message: 'Another question has replaced this one.' }
