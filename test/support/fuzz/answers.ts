/**
 * Programs that lie. The owner of the data controls what runs as the owner, so its output may be anything; he does not
 * control what root and the reader run. So these lie to the owner only.
 */
import { ORDINARY } from '../scratch-site.ts'
import { type Canary, payload } from './payloads.ts'
import type { Random } from './random.ts'

const programs = [
  'sqlite3',
  'curl',
  'gzip',
  'pigz',
  'igzip',
  'tar',
  'dd',
  'stat',
  'find',
  'awk',
  'tail',
  'head',
  'od',
  'openssl',
  'cat',
  'wc',
]

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Some of the programs, each as a script. */
export function lyingPrograms(random: Random, canary: Canary): Readonly<Record<string, string>> {
  const chosen = random.some(programs, 0.2)
  return Object.fromEntries(
    (chosen.length > 0 ? chosen : [random.one(programs)]).map((name) => [name, script(name, random, canary)]),
  )
}

function script(name: string, random: Random, canary: Canary): string {
  const answer = Array.from({ length: 1 + random.below(4) }, () => payload(random, canary)).join(
    random.one(['\n', '\t', ' ', '\n', '=']),
  )
  const print = `printf '%s${random.one(['\\n', '\\n', '', '\\0'])}' ${quoted(answer)}`
  const word = payload(random, canary).replaceAll(/[\n/&\\]/g, '_')
  const lie = random.one([
    `${print}; exit ${random.one([0, 0, 1, 126, 139])}`,
    `${print}; exec "$real" "$@"`,
    `"$real" "$@"; status=$?; ${print}; exit "$status"`,
    `"$real" "$@" | sed ${quoted(`s/[0-9][0-9]*/${word}/g`)}`,
    `"$real" "$@" | sed ${quoted(`s/=.*/=${word}/`)}`,
    `exit ${random.one([0, 1, 127])}`,
    `"$real" "$@"; kill -KILL $$`,
    `for ((i = 0; i < ${random.one([10, 20_000])}; i++)); do ${print}; done`,
  ])
  return `#!/bin/bash\nreal=$(PATH=/usr/bin:/bin command -v ${name})\n((EUID == ${ORDINARY})) || exec "$real" "$@"\n${lie}\n`
}

/** Bash text that makes a service program lie. None of its output may be believed before the site itself answers. */
export function lyingService(random: Random, canary: Canary): string {
  const print = `printf '%s\\n' ${quoted(payload(random, canary))}`
  const lies = [
    `[[ $1 != status ]] || { ${print}; exit ${random.one([0, 0, 1, 3, 4, 139])}; }`,
    `[[ $1 != status ]] || exit ${random.one([0, 3])}`,
    `[[ $1 != start ]] || exit ${random.one([0, 1, 5])}`,
    `[[ $1 != stop ]] || exit ${random.one([0, 1, 5])}`,
    `[[ $1 != stop ]] || { ${print}; }`,
    `[[ $1 != ${random.one(['start', 'stop', 'status'])} ]] || kill -KILL $$`,
    `for ((i = 0; i < 5000; i++)); do ${print}; done`,
  ]
  const chosen = random.some(lies, 0.3)
  return `${(chosen.length > 0 ? chosen : [random.one(lies)]).join('\n')}\n`
}
