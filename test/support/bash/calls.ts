/**
 * Which functions of the kit call which, and as whom: `owner_do`, `reader_do` and the like change the side.
 * Only a function that is a command, or is passed to a function that calls it, counts as called.
 */
import type { Code } from './code.ts'

export type Runner = 'root' | 'owner' | 'reader'

/** Called by a computed name, or by a trap. */
const begins =
  /^(?:main|work|worker_exit|answer_end|answer_stop|run_\w+|check_(?:database|application|config|systemd|system|verify|restore|undo|recover|delete|packages|rotate|timers|monitor)|inspect_\w+)$/

/** Functions that call their argument. */
const handed =
  /\b(?:in_background|trap|close_for_child|ON_FAIL=|ON_RESULT=|AFTER_OUTCOME=|AFTER_PAUSE=)\s*(\w+)|\bwatch (?:_+|"[^"]*") (\w+)|\brange [^\n|]* (compress_part|sha256)\b|\bnew_backup_name _* (\w+) (\w+)|\b(?:state_write|(?:state|alerts)_change (?:_+|"[^"]*")) (\w+)|\bfrom=(state_\w+)/g
const command =
  /(?<=(?:^|[;&|({!)]|\b(?:then|do|else|if|while|until|elif|exec)[ \t])[ \t]*(?:\w+=[^\s(]*[ \t]+)*)[a-z_]\w*(?![\w(=])/gm

interface Calls {
  readonly own: ReadonlySet<string>
  readonly owner: ReadonlySet<string>
  readonly reader: ReadonlySet<string>
}

function callsOf(text: string): Calls {
  const owner = new Set<string>()
  const reader = new Set<string>()
  const rest = text
    // The owner, or the reader where that is root.
    .replace(/\b(?:venv_do|side_(?:says|answers) \S+ \d+ venv) (\w+)/g, (_, one: string) => {
      owner.add(one)
      reader.add(one)
      return 'venv_do'
    })
    .replace(/"?\$\{?EXTRACT_SIDE(?:\}_do)?"? (\w+)|_+ (backup_\w+)/g, (_, one?: string, other?: string) => {
      owner.add(one ?? other ?? '')
      reader.add(one ?? other ?? '')
      return ''
    })
    // compare_say calls the given function.
    .replace(
      /\b(?:(?:become_)?owner_do|side_(?:says|answers) \S+ \d+ owner) (\w+)(?: (compare_\w+))?/g,
      (_, one: string, other?: string) => {
        owner.add(one)
        if (other !== undefined) owner.add(other)
        return ''
      },
    )
    .replace(/\b(?:reader_do|side_(?:says|answers) \S+ \d+ reader) (\w+)/g, (_, one: string) => {
      reader.add(one)
      return ''
    })
  // extract_run passes its function to the reader.
  for (const [, one = ''] of rest.matchAll(/\bextract_run [^\n]*?\b(stream_\w+)/g)) reader.add(one)
  const own = new Set<string>()
  for (const [name] of rest.matchAll(command)) own.add(name)
  for (const [, ...names] of rest.matchAll(handed)) for (const name of names) if (name !== undefined) own.add(name)
  return { own, owner, reader }
}

/** The identities that run each function, as `FILE:FUNCTION`. */
export function runners(kit: readonly Code[]): ReadonlyMap<string, ReadonlySet<Runner>> {
  const calls = new Map<string, Calls>()
  const files = new Map<string, string>()
  for (const code of kit) {
    const lines = code.commands.split('\n')
    for (const { name, from, to } of code.functions) {
      const [first = '', ...others] = lines.slice(from - 1, to)
      calls.set(name, callsOf([first.replace(/^\s*\w+\(\)/, ''), ...others].join('\n')))
      files.set(name, code.file)
    }
  }
  const found = new Map<string, Set<Runner>>()
  const visit = (name: string, runner: Runner): void => {
    const known = calls.get(name)
    const place = `${files.get(name)}:${name}`
    if (known === undefined || found.get(place)?.has(runner) === true) return
    found.set(place, (found.get(place) ?? new Set()).add(runner))
    for (const one of known.own) visit(one, runner)
  }
  for (const name of calls.keys()) if (begins.test(name)) visit(name, 'root')
  // How each bash of a side begins.
  for (const runner of ['owner', 'reader'] as const) visit('side_main', runner)
  for (const { owner, reader } of calls.values()) {
    for (const name of owner) visit(name, 'owner')
    for (const name of reader) visit(name, 'reader')
  }
  return found
}

/** The names of everything that a file calls, on whichever side it runs. */
export function calledBy(code: Code): ReadonlySet<string> {
  const { own, owner, reader } = callsOf(code.commands)
  return new Set([...own, ...owner, ...reader])
}
