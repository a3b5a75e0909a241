/** Fields that the kit's answers share. Each has a maximum length, so that no answer can fill a window or the store. */
import { z } from 'zod'

export const outcomes = ['succeeded', 'failed', 'rolled back', 'cancelled', 'unknown'] as const

export const count = z.number().int().nonnegative()
/** A word, an account name, a version, a hash. */
export const word = z.string().max(256)
/** A sentence, or a percent-encoded path: 4096 bytes take up to 12,288 characters. */
export const text = z.string().max(16_384)
export const evidence = z.record(word, z.union([text, z.number(), z.boolean(), z.null()]))
