/** The parts of a site in sentences. Pure. */
import type { RestorablePart, SitePart } from './restored-parts.ts'

/** With their article, as `the configuration`. */
export const partWords: Readonly<Record<RestorablePart | SitePart, string>> = {
  database: 'the database',
  application: 'the application',
  config: 'the configuration',
  systemd: 'the unit files',
  nginx: 'the nginx site',
  system: 'the whole site',
}

/** As a title: `Unit files`; nginx keeps its small letter. */
export function partTitle(part: RestorablePart | SitePart): string {
  return part === 'nginx' ? 'nginx site' : capital(partWords[part].slice('the '.length))
}

/** `the database, application and unit files`. */
export function partsWords(parts: readonly SitePart[]): string {
  const nouns = [...new Set(parts)].map((part) => partWords[part].slice('the '.length))
  return `the ${nouns.length < 2 ? nouns[0] : `${nouns.slice(0, -1).join(', ')} and ${nouns.at(-1)}`}`
}

/** What a plan or a report is about. `many`: a sentence needs `were` and not `was`. */
export function restoredWords(of: {
  readonly part: RestorablePart
  readonly parts: readonly { readonly part: SitePart }[]
}): { readonly text: string; readonly many: boolean } {
  const parts = [...new Set(of.parts.map(({ part }) => part))]
  if (of.part !== 'system' || parts.length === 0) return { text: partWords[of.part], many: of.part === 'systemd' }
  return { text: partsWords(parts), many: parts.length > 1 || parts[0] === 'systemd' }
}

export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
