/** The parts of a site in a sentence. Pure. */
import type { RestorablePart } from '../../../src-shared/domain/restored-parts.ts'

export const partWords: Readonly<Record<RestorablePart, string>> = {
  database: 'the database',
  application: 'the application',
  config: 'the configuration',
  systemd: 'the unit files',
  system: 'the whole site',
}
