// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/**
 * Records which lines of the kit ran. While `CVD_KIT_TRACE` names a folder, every copy of the kit made by a test writes
 * a trace file per process; these are merged here into one list of lines per site.
 */
import { randomUUID } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const target = process.env.CVD_KIT_TRACE

/** The last line of `prologue.sh`. Text is added on the same line, so that line numbers stay. */
const anchor = /^readonly PROTOCOL=\d+$/m

/** In `drop_descriptors`: the descriptors that stay open. */
const kept = '[[ " ${1-} 0 1 2 255 " == '

/**
 * The kit's text, tracing itself into the folder. Not set up by the environment, because the kit runs parts of itself
 * with clean environments, closed descriptors and other users.
 */
export function traced(kit: string, folder: string): string {
  if (target === undefined) return kit
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o1777)
  // Include the parent's PID: PIDs are reused, and another user's file cannot be appended to.
  const start = [
    `exec {BASH_XTRACEFD}>>'${folder}/'"$$.$PPID.$EUID.$RANDOM"`,
    `PS4=$'+\\x1e\${LINENO}\\x1f\${FUNCNAME[0]-}\\x1f\${BASH_SOURCE[0]-}\\x1f '`,
    'set -x',
  ]
  if (!anchor.test(kit)) throw new Error('the prologue of the kit has no line to trace from')
  if (!kit.includes(kept)) throw new Error('drop_descriptors does not say any more what it keeps')
  // After the kit closes its descriptors, the trace's number would soon belong to another file.
  return kit
    .replace(kept, kept.replace('0 1 2', '${BASH_XTRACEFD-} 0 1 2'))
    .replace(anchor, (line) => `${line}; { ${start.join('; ')}; } 2>/dev/null`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what separates the fields is in no text that is expanded there
const entry = /\x1e(\d+)\x1f(\w*)\x1f([^\x1f\n]*)\x1f/g

/**
 * Stores the output of one site's processes as `LINE FUNCTION` lines. Functions replaced by a test are beyond the kit's
 * end or have no file; then `evaluated` follows, as when another bash evaluates the kit as text.
 */
export function collectTrace(folder: string): void {
  if (target === undefined || !existsSync(folder)) return
  const seen = new Set<string>()
  for (const file of globSync('*', { cwd: folder })) {
    for (const [, line, name, source] of readFileSync(join(folder, file), 'latin1').matchAll(entry)) {
      seen.add(source === '' || source === 'environment' ? `${line} ${name} evaluated` : `${line} ${name}`)
    }
  }
  if (seen.size > 0) appendFileSync(join(target, `${randomUUID()}.lines`), `${[...seen].join('\n')}\n`)
}
