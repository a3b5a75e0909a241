/** Before any schema is made: zod would otherwise try to compile code, which the page's policy forbids and reports. */
import { config } from 'zod'

config({ jitless: true })
