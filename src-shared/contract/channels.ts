/** Channels of a site: who is told of its alerts. Secrets go to the server and never come back. */
import { z } from 'zod'
import { channelForms, channelReport, channelTest } from '../domain/channels.ts'
import { liveAnswer } from './answer.ts'
import { command } from './define.ts'
import { siteId } from './words.ts'

const channelName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'small letters, digits and -')
const key = z.string().regex(/^[a-z_]{1,40}$/)
const value = z
  .string()
  .max(2000)
  .regex(/^[^\p{Cc}]*$/u, 'one line')
const theChannel = z.strictObject({ site: siteId, name: channelName })

export const channels = {
  /** Its channels, without their secrets. */
  watch: liveAnswer('viewer', z.object(channelReport.shape)),
  /** Adds a channel or changes one: what is not named stays as it is. An empty value goes. */
  set: command({
    role: 'admin',
    input: z.strictObject({
      site: siteId,
      name: channelName,
      form: z.enum(channelForms),
      values: z.record(key, value),
      /** Written only. */
      secrets: z.record(key, value),
    }),
    output: z.object({}),
    errors: ['no-such-site', 'usage', 'unreachable'],
  }),
  remove: command({
    role: 'admin',
    input: theChannel,
    output: z.object({}),
    errors: ['no-such-site', 'not-found', 'unreachable'],
  }),
  /** Sends a message through it. That it could not be sent is an answer, not a failure. */
  test: command({
    role: 'admin',
    input: theChannel,
    output: z.object(channelTest.shape),
    errors: ['no-such-site', 'not-found', 'unreachable'],
  }),
}
