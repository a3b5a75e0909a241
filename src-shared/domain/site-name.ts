/** The rules for site names. */
import { z } from 'zod'

/** A name that fits a table and a prompt: one line, no control characters, no spaces at the ends. */
export const siteName = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}]+$/u, 'no control characters')
  .refine((name) => name.trim() === name, 'no blanks at the ends')
  .refine((name) => !name.startsWith('-'), 'no leading dash')
