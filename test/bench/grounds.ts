/** What the benches run on, as far as available. Installs what is missing if we may; otherwise reports it. */
import { missingForDemo } from '../../src-main/demo/requirements.ts'
import { installPrograms, missingPrograms, noServers, type Program } from '../support/run/prerequisites.ts'
import { demoPlace } from './demo-place.ts'
import type { Place } from './place.ts'
import { serverPlace } from './server-place.ts'

type Say = (text: string) => void

const serverPrograms: readonly Program[] = [
  ...(['chroot', 'cp', 'curl', 'debootstrap', 'flock', 'git', 'ip', 'nsenter'] as const),
  ...(['sqlite3', 'ssh-keygen', 'systemd-nspawn'] as const),
]

const windowPrograms: readonly Program[] = [
  ...(['bash', 'sqlite3', 'tar', 'gzip', 'curl', 'flock', 'setsid', 'ssh-keygen', 'chromium'] as const),
]

/** A server if one can run here, otherwise the demo site; null, with a printed reason, if neither can. */
export async function choosePlace(demo: boolean, say: Say): Promise<Place | null> {
  await installPrograms(demo ? [] : serverPrograms, say)
  const obstacle = demo ? 'the demo site was asked for' : ((await noServers()) ?? missingPrograms(serverPrograms))
  if (obstacle === undefined) return await serverPlace(say)
  say(`no real server: ${obstacle}`)
  return demoPossible(say) ? await demoPlace() : null
}

/** Whether demo sites and Chromium are available; if not, prints the reason. */
export async function browserPossible(say: Say): Promise<boolean> {
  await installPrograms(windowPrograms, say)
  const missing = missingPrograms(windowPrograms)
  if (missing !== undefined) say(`no window: ${missing}`)
  return demoPossible(say) && missing === undefined
}

function demoPossible(say: Say): boolean {
  const missing = missingForDemo()
  for (const { what, how } of missing) say(`the demo site needs ${what}: ${how}`)
  return missing.length === 0
}
