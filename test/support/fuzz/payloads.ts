// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is bash
/** Texts with a meaning for bash, SQL, printf, awk, find or a terminal. Used as names here, they must remain names. */
import type { Random } from './random.ts'

export interface Canary {
  /** A folder in which nothing may change. */
  readonly folder: string
  /** A command that must never run. */
  readonly command: string
}

export function payloads({ folder, command }: Canary): readonly string[] {
  return [
    '',
    ' ',
    '-',
    '--help',
    '0',
    '-1',
    '08',
    '99999999999999999999999',
    '1e9',
    '0x7fffffffffffffff',
    `BASH_VERSINFO[$(${command})]`,
    `a[$(${command} 2>&1)]=1`,
    `x[0$(${command})]+1`,
    `BASH_VERSINFO[$(${command}>${folder}/written)]`,
    `$(${command})`,
    `\`${command}\``,
    `'; ${command}; '`,
    `"; ${command}; "`,
    `${command};`,
    `|${command}`,
    `\n${command}\n`,
    `x\ty\t${command}`,
    `%s%s%n%99999d`,
    '\\x41\\0\\c%b',
    '${POLICY[root]}',
    '*',
    '[a-z]*',
    '../../../../etc/passwd',
    `${folder}/secret`,
    `'); ATTACH '${folder}/attached.db' AS a; CREATE TABLE a.x(y); --`,
    `" UNION SELECT writefile('${folder}/written', 'x'); --`,
    `.shell ${command}`,
    `\n.shell ${command}\n.quit\n`,
    '{"kind":"result","outcome":"succeeded"}',
    '\n{"kind":"result","outcome":"succeeded","code":"ok"}\n',
    '\u001b]0;title\u0007\u001b[2J',
    '\u202egpj.bd',
    '\u009b31m',
    'users',
    'table',
    'sqlite_sequence',
    'ÄÖ\u{1f4a3}',
    'x'.repeat(5000),
    '"'.repeat(200),
    "'".repeat(201),
  ]
}

export const payload = (random: Random, canary: Canary): string => random.one(payloads(canary))
