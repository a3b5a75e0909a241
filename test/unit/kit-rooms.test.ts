/** The rooms of the kit show its order: a function calls what is in its own room or in an earlier one. */
import { describe, expect, it } from 'vitest'
import { kitParts, rooms } from '../../src-main/kit/assemble.ts'
import { calledBy } from '../support/bash/calls.ts'
import { codeOf } from '../support/bash/code.ts'

const order: readonly string[] = [...Object.keys(rooms), 'side.sh', 'main.sh']
const roomOf = (file: string): string => file.split('/')[0] ?? file

interface Call {
  readonly from: string
  readonly to: string
  readonly name: string
}

/** The calls from one file to another. */
function callsBetween(parts: readonly { readonly name: string; readonly text: string }[]): readonly Call[] {
  const code = parts.map(({ name, text }) => codeOf(name, text))
  const definedIn = new Map(code.flatMap(({ file, functions }) => functions.map(({ name }) => [name, file] as const)))
  return code.flatMap((one) =>
    [...calledBy(one)].flatMap((name) => {
      const to = definedIn.get(name)
      return to === undefined || to === one.file ? [] : [{ from: one.file, to, name }]
    }),
  )
}

const later = (calls: readonly Call[]) =>
  calls
    .filter(({ from, to }) => order.indexOf(roomOf(to)) > order.indexOf(roomOf(from)))
    .map(({ from, to, name }) => `${from} calls ${name} of ${to}`)

describe('the rooms of the kit', () => {
  it('call nothing of a later room', () => {
    expect(later(callsBetween(kitParts()))).toEqual([])
  })

  it('are checked: a call of a later room is found', () => {
    const parts = [
      { name: 'base/files.sh', text: 'write() {\n  restore_database "$1"\n}\n' },
      { name: 'restore/restore.sh', text: 'restore_database() { write x; }\n' },
    ]
    expect(later(callsBetween(parts))).toEqual(['base/files.sh calls restore_database of restore/restore.sh'])
  })
})
