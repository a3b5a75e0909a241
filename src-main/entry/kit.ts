/** `npm run kit -- [FILE]`: writes the kit to a file, for reading. */
import { writeKit } from '../kit/assemble.ts'

const file = process.argv[2] ?? 'dist/cvd-backup'
console.log(`${file} ${writeKit(file).sha256}`)
