/** Opens the given store and prints the failure's code, or `opened`. */
import { openStore } from '../../src-main/store/store.ts'

const opened = openStore(process.argv[2] ?? '')
process.stdout.write(`${opened.ok ? 'opened' : opened.error.code}\n`)
if (opened.ok) opened.value.close()
