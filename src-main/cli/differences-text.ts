/** Prints the differences of a file. */
import { type FileDifferences, hiddenWords } from '../../src-shared/domain/file-differences.ts'
import { clean } from './table.ts'

export function differencesLines(found: FileDifferences): readonly string[] {
  const lines = found.text === '' ? [] : found.text.replace(/\n$/, '').split('\n').map(clean)
  const hidden = hiddenWords(found)
  return [...lines, ...(hidden === '' ? [] : ['', `${hidden} To see them: --show-secrets`]), '']
}
