/** The contract between a window and the console: every existing call. */
import { alerts } from './alerts.ts'
import { app } from './app.ts'
import { backup, backups } from './backups.ts'
import { channels } from './channels.ts'
import { operation, operations } from './operations.ts'
import { policy } from './policy.ts'
import { prompts } from './prompts.ts'
import { restore } from './restore.ts'
import { retention } from './retention.ts'
import { schedule } from './schedule.ts'
import { audit, settings } from './settings.ts'
import { site, sites } from './sites.ts'
import { transfers } from './transfers.ts'

export const contract = {
  app,
  sites,
  site,
  backups,
  backup,
  restore,
  alerts,
  channels,
  schedule,
  retention,
  policy,
  operations,
  operation,
  transfers,
  settings,
  audit,
  prompts,
} as const

export type ConsoleContract = typeof contract
