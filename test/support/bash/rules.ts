/** Rules for the kit's bash: outside data must never be evaluated by bash. */
import { type Code, type Finding, finding, functionAt } from './code.ts'
import { isNumber, leavesNumber, type Names } from './numbers.ts'

export interface Rule {
  readonly name: string
  readonly reason: string
  find(code: Code, names: Names): readonly Finding[]
}

function matches(
  code: Code,
  text: string,
  pattern: RegExp,
  words: (match: RegExpExecArray) => string | undefined,
): readonly Finding[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const said = words(match)
    return said === undefined ? [] : [finding(code, match.index, said)]
  })
}

/** Everything that bash evaluates as arithmetic: expressions, operands of -eq and the like, offsets, array indices. */
function expressions(code: Code): readonly { readonly at: number; readonly text: string }[] {
  const found = code.regions
    .filter(({ place }) => place === 'arithmetic')
    .map(({ from, to, opener }) => ({ at: from, text: code.text.slice(from + opener.length, to - 2) }))
  for (const region of code.regions) {
    const text = code.text.slice(region.from, region.to)
    if (region.place === 'test') {
      for (const match of text.matchAll(/((?:(?!&&|\|\||\[\[)[^\n])*?) -(?:eq|ne|lt|le|gt|ge) (\S+)/g)) {
        found.push({ at: region.from + match.index, text: `${match[1]} ${match[2]}`.replaceAll('"', '') })
      }
    }
    if (region.place === 'parameter') {
      const offset = /^\$\{\w+:(?![-=?+])([^}]*)\}$/.exec(text)?.[1]
      if (offset !== undefined) found.push({ at: region.from, text: offset })
    }
  }
  return found
}

/** The associative arrays. */
function mapsOf(kit: readonly Code[]): ReadonlySet<string> {
  const declared = kit.flatMap((code) => [...code.uncommented.matchAll(/\b(?:declare|local) -A ([^\n]*)/g)])
  return new Set(declared.flatMap(([, rest = '']) => [...rest.matchAll(/(\w+)=\(/g)].map(([, name = '']) => name)))
}

/** Settings that `policy_problem` limits to digits. */
const checkedPolicy =
  /(?:\$\{)?\bPOLICY\[(?:health_status|health_timeout|busy_timeout|writer_block_limit|backup_max_age)\]\}?/g

const arithmetic: Rule = {
  name: 'arithmetic is done with numbers only',
  reason: 'bash evaluates the value of a variable in arithmetic: a[$(command)] is a command',
  find: (code, names) =>
    expressions(code).flatMap(({ at, text }) => {
      const scope = functionAt(code, at)
      const maps = mapsOf(names.kit)
      const plain = text
        .replace(/\$\(\(|\$\([^()]*\)|\$\{#[^}]*\}|\$[?!#$]|\b\d+#/g, ' ')
        .replace(checkedPolicy, ' ')
        .replace(/(\$\{\w+)\[[^\]]*\]/g, '$1')
        .replace(/\b(\w+)\[[^\]]*\]/g, (whole, map) => (maps.has(map) ? map : whole))
      const used = [...plain.matchAll(/(?<![\w'])(?:\$\{?)?([A-Za-z_]\w*|(?<=\$|\{)\d+)/g)].map(
        (match) => match[1] ?? '',
      )
      return [...new Set(used)]
        .filter((name) => {
          if (name !== 'REPLY') return !isNumber(name, code, scope, names)
          const before = code.uncommented.slice(0, at)
          return !leavesNumber(before, names.kit) && !isNumber(name, code, scope, names)
        })
        .map((name) => finding(code, at, name))
    }),
}

const substitution: Rule = {
  name: 'no command is run inside arithmetic',
  reason: 'what it prints is evaluated',
  find: (code) =>
    expressions(code).flatMap(({ at, text }) => (/\$\((?!\()|`/.test(text) ? [finding(code, at, text.trim())] : [])),
}

const keys: Rule = {
  name: 'no data is the key of an array',
  reason:
    'an empty key is an error that ends the command, and older bashes evaluate keys; a fixed letter before it is enough',
  find: (code, { kit }) => {
    const maps = mapsOf(kit)
    return matches(
      code,
      code.uncommented,
      /\b(\w+)\[(\$\{?(\w+)[^\]]*)\]/g,
      ({ 1: map = '', 2: key, 3: name = '', index }) => {
        if (!maps.has(map)) return undefined
        return keyIsKnown(name, functionAt(code, index).text) ? undefined : `${map}[${key}]`
      },
    )
  },
}

/** A key that iterates over literal words or an array's keys, or that is matched as non-empty letters. */
function keyIsKnown(name: string, text: string): boolean {
  const letters = String.raw`(?:\[[A-Za-z0-9_.-]+\]\{1,\d+\}|\([\w|]+\))`
  if (name !== '' && new RegExp(String.raw`\$\{?${name}\}? =~ \^${letters}\$ `).test(text)) return true
  const loops = [...text.matchAll(new RegExp(String.raw`\bfor ${name} in ([^;\n]*)`, 'g'))]
  return loops.length > 0 && loops.every(([, words = '']) => /^(?:[\w -]+|"\$\{!\w+\[@\]\}")$/.test(words.trim()))
}

const formats: Rule = {
  name: 'a format is written where it is used',
  reason: 'a value as a format reads what printf finds on the stack of arguments, and % in it is lost',
  find: (code) =>
    matches(code, code.uncommented, /(?<![\w-])printf (?:-v \S+ )?(?:-- )?("[^"]*\$|\$)(?!')/g, ([text]) => text),
}

const evaluation: Rule = {
  name: 'nothing is evaluated',
  reason: 'eval, source and text for another shell make a program of a value',
  find: (code) =>
    matches(
      code,
      code.commands,
      /(?:^|[;&|({]|\b(?:then|do|else|exec|command|builtin)\s)[ \t]*((?:eval|source|\.)(?=\s))/gm,
      ([, text]) => text,
    ).concat(matches(code, code.uncommented, /\b(?:bash|sh)\b[^\n|;]* -c ["$][^\n]*/g, ([text]) => text)),
}

const documents: Rule = {
  name: 'no here-strings and no here-documents',
  reason: 'older bashes put them into a file, and a full disk is when the kit is needed most',
  find: (code) => matches(code, code.commands, /<<+/g, ([text]) => text),
}

const loops: Rule = {
  name: 'no loop over words that are split',
  reason: 'what is not quoted is split at blanks, and its stars become names of files',
  find: (code) => [
    ...matches(code, code.uncommented, /\bfor (\w+) in ([^;\n]*)/g, ([, , words = '']) => {
      // Quoted words, and arrays that may be empty: ${x[@]+"${x[@]}"}.
      const open = words.replace(/\$\{\w+\[@\]\+"[^"]*"\}|"(?:\\.|[^"\\])*"|'[^']*'/g, '')
      return /\$|`/.test(open) ? words : undefined
    }),
  ],
}

const silenced: Rule = {
  name: 'no finding of shellcheck is silenced without being listed',
  reason: 'it finds what is not quoted, and what is split',
  find: (code) => matches(code, code.text, /# shellcheck disable=(\S+)/g, ([, text]) => text),
}

const answers: Rule = {
  name: 'what an unprivileged side answers has an end',
  reason: 'root keeps what it reads: an answer without an end would take its memory, or its disk',
  find: (code) =>
    matches(
      code,
      code.commands,
      /^.*(?<!\w)(?:(?:become_)?(?:owner|reader)_do|as_(?:owner|reader)|live_sql)(?= )(?! test ).*$/gm,
      ([line]) => (/\| head -c \d+|(?<!2)>\/dev\/null|\bread .* -N /.test(line) ? undefined : line.trim()),
    ),
}

export const rules: readonly Rule[] = [
  arithmetic,
  substitution,
  keys,
  formats,
  evaluation,
  documents,
  loops,
  silenced,
  answers,
]

/** Programs that parse their input, which may be hostile. */
const readers =
  /(?<![\w./$-])(sqlite3|tar|gzip|igzip|pigz|gunzip|zcat|sha256sum|openssl|curl|dd|cmp|cat|head|tail|od|awk|grep|wc|cp|tee)(?= |$)/gm

/**
 * Functions that run such a program as a command and not behind `become_owner` or `as_reader`. `sides.ts` lists which side runs
 * them.
 */
export function readersOf(code: Code): readonly Finding[] {
  const start =
    /(?:^|[;&|({!]|\b(?:then|do|else|if|while|until|elif|exec|command)\s)\s*(?:\w+=[^\s(]*\s+)*(?:timeout\s(?:[^;&|]*\s)?)?$/
  return matches(code, code.commands, readers, ({ 1: name, index }) => {
    const line = code.commands.slice(code.commands.lastIndexOf('\n', index - 1) + 1, index)
    return start.test(line) ? name : undefined
  })
}
