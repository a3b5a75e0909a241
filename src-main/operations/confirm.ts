/** The typed confirmation of what cannot simply be done again. */
import type { Failure } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'

export interface Confirmation {
  /** What was typed: must be the site's name, letter for letter. */
  readonly confirm: string
  readonly reason: string
  /** That the backup lacks what the live schema has was seen, and is accepted. */
  readonly acceptSchema?: boolean
  /** A person says that the site is down, and that the probe that is set tells when it is up again. */
  readonly siteIsDown?: boolean
}

/** What the kit is told of it. */
export function acceptedOptions({ acceptSchema = false, siteIsDown = false }: Confirmation): readonly string[] {
  return [...(acceptSchema ? ['--accept-schema'] : []), ...(siteIsDown ? ['--site-is-down'] : [])]
}

/** Null when confirmed. Asked before anything is sent to the server. */
export function confirmationProblem(site: Site, { confirm, reason }: Confirmation): Failure | null {
  const refused = { code: 'not-confirmed', unchanged: 'Nothing was changed; the server was not asked.' }
  if (confirm !== site.name) {
    return {
      ...refused,
      message: `The confirmation must be the name of the site, ${site.name}.`,
      next: `Give it: --confirm ${JSON.stringify(site.name)}`,
    }
  }
  if (reason.trim() === '') {
    return {
      ...refused,
      message: 'A reason is required; it is recorded with the operation.',
      next: 'Give it: --reason TEXT',
    }
  }
  return null
}
