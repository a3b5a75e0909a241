/** What a server was asked for and is asked for again, live. The last answer stays, with its age, when a later one fails. */
import { z } from 'zod'
import { type Role, subscription } from './define.ts'
import { wireFailure } from './failure.ts'
import { siteRef, time } from './words.ts'

export function liveAnswer<T extends z.ZodType>(role: Role, data: T) {
  const state = z.object({
    /** Null until the server has answered once. */
    data: data.nullable(),
    /** When it answered, by this computer's clock. */
    at: time.nullable(),
    /** Why the last question was not answered. */
    failure: wireFailure.nullable(),
  })
  return subscription({
    role,
    input: siteRef,
    snapshot: state,
    change: state,
    apply: (_, change) => change,
    errors: ['no-such-site'],
  })
}
