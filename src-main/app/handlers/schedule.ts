import type { ConsoleContract } from '../../../src-shared/contract/index.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import type { NamespaceHandlers } from '../../../src-shared/rpc/handlers.ts'
import {
  changeSchedule,
  protectSite,
  readSchedule,
  runScheduled,
  type ScheduleChange,
} from '../../operations/schedule.ts'
import { type Answer, feedAnswer } from '../live-answer.ts'
import { onSite, type Services } from '../services.ts'

const started = ({ id }: { readonly id: string }) => ({ operation: id })

export function scheduleHandlers(services: Services): NamespaceHandlers<ConsoleContract['schedule']> {
  const { context, runner } = services
  const known = new Map<string, Answer<ScheduleReport>>()
  const change = (id: string, wanted: ScheduleChange) =>
    onSite(services, id, (site) => changeSchedule(context, runner, site, wanted), started)
  return {
    watch: ({ site }, feed) =>
      feedAnswer(services, site, feed, known, (found, signal) => readSchedule(context, found, signal)),

    install: ({ site: id, protect, replace }) =>
      protect
        ? onSite(services, id, (site) => protectSite(context, runner, site, replace), started)
        : change(id, { change: 'install', ...(replace && { replace }) }),

    pause: ({ site, until }) => change(site, { change: 'pause', ...(until !== undefined && { until }) }),
    resume: ({ site }) => change(site, { change: 'resume' }),
    remove: ({ site, ...confirmation }) => change(site, { change: 'remove', confirmation }),

    run: ({ site: id, kind }) => onSite(services, id, (site) => runScheduled(context, runner, site, kind), started),
  }
}
