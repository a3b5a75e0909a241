/** How a site stands, in one word and one sentence for people who answer for it. Pure. */
import { z } from 'zod'

/** `good`: proven. `attention`: it can be brought back, but somebody should look. `bad`: it cannot. `unknown`: not seen. */
export const siteVerdict = z.object({
  state: z.enum(['good', 'attention', 'bad', 'unknown']),
  sentence: z.string(),
})
export type SiteVerdict = z.infer<typeof siteVerdict>
