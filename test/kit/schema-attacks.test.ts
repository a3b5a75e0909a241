import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'
import { withSqlite } from '../support/sqlite-program.ts'

const name = 'cvd_backup_20260110_120000.db'

describe('the schema of a hostile database', () => {
  let site: ScratchSite
  let sign: string
  beforeEach(() => {
    site = new ScratchSite()
    sign = join(site.folder, 'attacked')
  })
  afterEach(() => site.remove())

  const everywhere = async (instead: string) => {
    site.backup(name)
    const codes: string[] = []
    for (const command of [['database'], ['verify', '--all'], ['plan', 'restore', 'database', name], ['inspect']]) {
      codes.push((await site.run(command, { instead })).result.code)
    }
    expect(existsSync(sign)).toBe(false)
    return codes
  }
  const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase()
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

  // sqlite3 before 3.37 has no -safe: nothing may be run even without it.
  const unsafe = '[[ " $* " != *" -safe "* ]] || { echo "Error: unknown option: -safe" >&2; exit 1; }'

  it.each([
    { kind: 'as it is', first: '' },
    { kind: 'without -safe', first: unsafe },
  ])('is never run: a name cut off by a NUL, and names that continue from there; sqlite3 $kind', async ({ first }) => {
    // Three tables, in this order: ` ` cut off by a NUL, the statement, and the name that both would form together.
    const statement = ` \t; SELECT writefile('${sign}', 'x'); --`
    const together = ` \nSELECT '${hex(statement)}', count(*), max(rowid), NULL FROM `
    site.sql(
      site.database,
      `CREATE TABLE " " (a); CREATE TABLE ${quoted(statement)} (a); CREATE TABLE ${quoted(together)} (a);
       PRAGMA writable_schema = ON;
       UPDATE sqlite_master SET name = ' ' || char(0) || 'x', tbl_name = ' ' || char(0) || 'x' WHERE name = ' ';`,
    )
    const codes = await everywhere(first === '' ? '' : withSqlite(site, first))
    expect(codes).toEqual(['ok', 'integrity', 'ok', 'ok'])
  })

  it('is never run: names that end a string, an identifier or a line', async () => {
    const call = `SELECT writefile('${sign}', 'x')`
    const names = [
      `"; ${call}; --`,
      `x"";\n.shell touch ${sign}\n`,
      `';${call};--`,
      `\n.shell touch ${sign}\n`,
      `$(touch ${sign})`,
    ]
    names.push(`;\n/\n${call};\n`, `x];${call};--`, `a[$(touch ${sign})]`)
    site.sql(site.database, names.map((one) => `CREATE TABLE ${quoted(one)} (a);`).join('\n'))
    expect(await everywhere(withSqlite(site, unsafe))).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  it('is a number or nothing: an answer that an expression would run as a command', async () => {
    const command = `BASH_VERSINFO[$(touch ${sign})]`
    const tables = `[[ "$sql" != *'FROM sqlite_master WHERE rowid'* ]] || { printf '%s\\t%s\\t%s\\t\\n' 1 '${command}' '${command}'; printf 'keys\\t%s\\n' '${command}'; exit 0; }`
    const codes = await everywhere(withSqlite(site, tables))
    expect(codes[1]).toBe('integrity')
    rmSync(join(site.folder, 'bin'), { recursive: true })
    const fields = ['fk', 'size', 'pageSize', 'pageCount', 'userVersion', 'encoding', 'code']
    const output = site.library(
      `cd "$1" && { printf 'problem=\\n'; for key in ${fields.join(' ')}; do printf '%s=%s\\n' "$key" "$2"; done
         printf 'table\\t%s\\t%s\\t%s\\t\\n' users "$2" "$2" '%$(x)' 1 1; } >check
       database_check_load check; check_key_tables; fingerprint_compare_tables; V_BASIS=content; verdict_of_check
       tables_json \${CHECK_TABLES[@]+"\${CHECK_TABLES[@]}"}; printf '%s|%s|%s' "\${#CHECK_TABLES[@]}" "$CHECK_FK" "$REPLY"`,
      [site.folder, command],
    )
    expect(output).toBe('0||[]')
    expect(existsSync(sign)).toBe(false)
  })
})
