// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/** The rules for the kit's bash hold, and each of them detects its faults. */
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runners } from '../support/bash/calls.ts'
import { type Code, codeOf } from '../support/bash/code.ts'
import { exceptions, numbers } from '../support/bash/exceptions.ts'
import { readersOf, rules } from '../support/bash/rules.ts'
import { sides } from '../support/bash/sides.ts'

const folder = resolve(import.meta.dirname, '../../src-main/kit/bash')
const kit = globSync('**/*.sh', { cwd: folder })
  .sort()
  .map((file) => codeOf(file, readFileSync(resolve(folder, file), 'utf8')))

/** Finds by a rule's name, and notes which numbers were allowed. */
function search(
  name: string,
  sources: readonly Code[],
  allowed: Readonly<Record<string, string>>,
  used = new Set<string>(),
) {
  const rule = rules.find((one) => one.name === name)
  if (rule === undefined) throw new Error(`no rule ${name}`)
  const allows = (...keys: readonly string[]) => {
    const found = keys.filter((key) => allowed[key] !== undefined)
    for (const key of found) used.add(key)
    return found.length > 0
  }
  return sources.flatMap((code) => rule.find(code, { kit: sources, allows }))
}

describe.each(rules.map(({ name, reason }) => [name, reason] as const))('%s (%s)', (name) => {
  const listed = exceptions.filter(([rule]) => rule === name)
  const found = search(name, kit, numbers)

  test('in every source of the kit', () => {
    const new_ = found.filter(({ where }) => !listed.some(([, place]) => place === where))
    expect(new_.map(({ where, line, text }) => `${where} (line ${line}): ${text}`)).toEqual([])
  })

  test('and every exception is still needed', () => {
    expect(listed.filter(([, place]) => !found.some(({ where }) => where === place))).toEqual([])
  })
})

test('every allowed number is still needed', () => {
  const used = new Set<string>()
  search('arithmetic is done with numbers only', kit, numbers, used)
  expect(Object.keys(numbers).filter((key) => !used.has(key))).toEqual([])
})

describe('a fault is found:', () => {
  const faults: readonly (readonly [rule: string, text: string])[] = [
    ['arithmetic is done with numbers only', 'f() {\n  local n\n  n=$(cat file)\n  ((n > 0))\n}'],
    ['arithmetic is done with numbers only', 'f() {\n  local n=$1\n  echo "$((n + 1))"\n}'],
    ['arithmetic is done with numbers only', 'f() {\n  local rows\n  read -r rows <file\n  [[ $rows -eq 0 ]]\n}'],
    ['arithmetic is done with numbers only', 'f() {\n  local at=$1 text=$2\n  echo "${text:at:1}"\n}'],
    ['arithmetic is done with numbers only', 'ask() { REPLY=$(cat); }\nf() {\n  ask\n  ((REPLY > 0))\n}'],
    ['arithmetic is done with numbers only', 'G=0\nset_it() { G=$1; }\nf() { ((G > 0)); }'],
    ['no command is run inside arithmetic', 'f() { (($(wc -l <file) > 0)); }'],
    ['no command is run inside arithmetic', 'f() { [[ $(wc -l <file) -gt 0 ]]; }'],
    ['no data is the key of an array', 'f() {\n  local -A seen=()\n  seen[$1]=yes\n}'],
    ['no data is the key of an array', 'f() {\n  local -A seen=()\n  [[ $key =~ ^[a-z]*$ ]] && seen[$key]=1\n}'],
    ['no data is the key of an array', 'declare -A M=()\nf() { echo "${M[$name]-}"; }'],
    ['a format is written where it is used', 'f() { printf "$1"; }'],
    ['a format is written where it is used', 'f() { printf -v text $1; }'],
    ['nothing is evaluated', 'f() { eval "$1"; }'],
    ['nothing is evaluated', 'f() { [[ $1 == x ]] && . "$1"; }'],
    ['nothing is evaluated', 'f() { bash -c "echo $1"; }'],
    ['no here-strings and no here-documents', 'f() { read -r a <<<"$1"; }'],
    ['no loop over words that are split', 'f() { for one in $(ls); do echo; done; }'],
    ['no loop over words that are split', 'f() { for one in $list; do echo; done; }'],
    ['what an unprivileged side answers has an end', 'f() { x=$(owner_do g "$1" 2>/dev/null); }'],
    ['what an unprivileged side answers has an end', 'f() { reader_do g >file; }'],
    ['no finding of shellcheck is silenced without being listed', '# shellcheck disable=SC2086\necho $x'],
  ]
  test.each(faults)('%s: %j', (name, text) => {
    expect(search(name, [codeOf('bad.sh', `${text}\n`)], {})).not.toEqual([])
  })

  test('by every rule', () => {
    expect(rules.map(({ name }) => name).filter((name) => !faults.some(([rule]) => rule === name))).toEqual([])
  })
})

test.each([
  'f() {\n  local n=$1\n  [[ $n =~ ^[0-9]{1,15}$ ]] || return 1\n  ((n > 0))\n}',
  'f() {\n  local n=0 i\n  for ((i = 0; i < ${#list[@]}; i++)); do n=$((n + i)); done\n  ((n > 0 && EUID == 0))\n}',
  'now_ms() { REPLY=1; }\nf() {\n  local at\n  now_ms\n  at=$REPLY\n  echo "$((at + 1))"\n}',
  'f() {\n  local -A seen=()\n  for key in one two; do seen[$key]=1; done\n}',
  'f() { printf \'%s\' "$1"; }',
  'f() {\n  local -A seen=()\n  [[ $key =~ ^[a-z_]{1,40}$ ]] && seen[$key]=1\n}',
  'f() { for one in "\\"" "$@" ${list[@]+"${list[@]}"}; do echo; done; }',
])('correct code is accepted: %j', (text) => {
  const code = codeOf('good.sh', `${text}\n`)
  expect(rules.flatMap(({ name }) => search(name, [code], {}))).toEqual([])
})

describe('programs that read', () => {
  const found = kit.flatMap(readersOf)

  test('are run by functions whose side is decided', () => {
    expect(found.filter(({ where }) => sides[where] === undefined)).toEqual([])
    expect(Object.keys(sides).filter((where) => !found.some((one) => one.where === where))).toEqual([])
  })

  test('run on that side, however they are called', () => {
    const by = runners(kit.filter(({ file }) => file !== 'launcher.sh'))
    const wrong = Object.entries(sides).filter(([where, side]) => {
      if (where === 'launcher.sh') return false
      const found = [...(by.get(where) ?? [])].sort().join(' and ')
      return side.startsWith('root: ') ? !found.endsWith('root') : found !== side
    })
    expect(wrong.map(([where, side]) => `${where} is ${[...(by.get(where) ?? [])].join(', ')}, not ${side}`)).toEqual(
      [],
    )
  })

  test('no function is unused', () => {
    const by = runners(kit.filter(({ file }) => file !== 'launcher.sh'))
    const left = kit.flatMap(({ file, functions }) => functions.map(({ name }) => `${file}:${name}`))
    expect(
      left.filter(
        (where) => !by.has(where) && !/^launcher\.sh|^base\/identity\.sh:(?:do_as|become_side|\w+_do)$/.test(where),
      ),
    ).toEqual([])
  })

  test.each([
    ['main() { helper; }\nhelper() { sqlite3 "$1"; }', 'root'],
    ['main() {\n  case $1 in\n    a) helper ;;\n  esac\n}\nhelper() { sqlite3 "$1"; }', 'root'],
    ['main() { x="$(helper)"; }\nhelper() { sqlite3 "$1"; }', 'root'],
    ['main() { in_background helper "$1"; }\nhelper() { sqlite3 "$1"; }', 'root'],
    ['main() { owner_do helper "$1"; }\nhelper() { sqlite3 "$1"; }', 'owner'],
    ['main() { x=$(reader_do other); }\nother() { helper; }\nhelper() { sqlite3 "$1"; }', 'reader'],
    ['main() { owner_do helper; if helper; then :; fi; }\nhelper() { sqlite3 "$1"; }', 'owner root'],
    ['main() { say helper; }\nhelper() { sqlite3 "$1"; }', ''],
  ])('the identity of a function is determined: %j', (text, sides) => {
    expect([...(runners([codeOf('some.sh', `${text}\n`)]).get('some.sh:helper') ?? [])].sort().join(' ')).toBe(sides)
  })

  test.each([
    'f() { sqlite3 "$1"; }',
    'f() { x=$(cat "$1"); }',
    'f() {\n  if ! tar -t; then :; fi\n}',
    'f() { a | gzip -dc; }',
    'f() { a | timeout --foreground "$1" sqlite3 "$2"; }',
  ])('are found: %j', (text) => expect(readersOf(codeOf('bad.sh', `${text}\n`))).toHaveLength(1))

  test('are allowed behind an unprivileged user, and where they are only mentioned', () => {
    const text =
      'f() {\n  as_owner cat "$1"\n  x=$(as_owner curl "$1")\n  command -v gzip\n  echo "cat $1" # cat\n  tool=(gzip -dc)\n}\n'
    expect(readersOf(codeOf('good.sh', text))).toEqual([])
  })
})
