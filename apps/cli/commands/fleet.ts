/** `countersign fleet`: how every agent and enforcement point is. spec/telemetry.md (TEL-11). @module */
import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { listing, result } from '../output.ts'
import { profileOf, wantsJson, type Globals } from './globals.ts'

interface FleetOptions extends Globals {
  readonly watch?: boolean
}

/** Between two looks, milliseconds. */
const WATCH_MS = 2_000

const activitySchema = z.object({
  allowed: z.int(),
  denied: z.int(),
  asked: z.int(),
  failed: z.int(),
  latency_ms_mean: z.number().nullable(),
})
const fleetSchema = z.looseObject({
  time: z.int(),
  agents: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      status: z.string(),
      seen: z.int().nullable(),
      last_hour: z.looseObject(activitySchema.shape),
      waiting: z.int(),
      spent: z.number().nullable(),
    }),
  ),
  points: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      state: z.string(),
      seen: z.int().nullable(),
      behind: z.int(),
      last_hour: z.looseObject(activitySchema.shape),
    }),
  ),
})
type Fleet = z.infer<typeof fleetSchema>

export function fleetCommands(program: Command): void {
  program
    .command('fleet')
    .description('how every agent and enforcement point is, and what it did in the last hour')
    .option('--watch', 'look again every two seconds')
    .action(async (options: FleetOptions, command: Command) => {
      const { client } = await profileOf(command)
      for (;;) {
        const fleet = fleetSchema.parse(await client.get('/v1/fleet'))
        result(wantsJson(command), fleet, () => fleetText(fleet))
        if (options.watch !== true) return
        await setTimeout(WATCH_MS)
      }
    })
}

function fleetText({ time, agents, points }: Fleet): string {
  const rows = agents.map(({ id, name, status, seen, last_hour, waiting, spent }) => [
    id,
    name,
    status,
    seenText(seen),
    ...activityCells(last_hour),
    String(waiting),
    spent === null ? '-' : `${Math.round(spent * 100)} %`,
  ])
  const pointRows = points.map(({ id, name, state, seen, behind, last_hour }) => [
    id,
    name,
    behind === 0 ? state : `${state}, ${behind} frames behind`,
    seenText(seen),
    ...activityCells(last_hour),
  ])
  const activity = ['allowed', 'denied', 'asked', 'failed', 'ms']
  return [
    `at ${rfc3339(time)}, calls of the last hour`,
    listing(
      ['agent', 'name', 'status', 'seen', ...activity, 'waiting', 'spent'],
      rows,
      'no agent yet: countersign agent propose',
    ),
    listing(
      ['point', 'name', 'state', 'seen', ...activity],
      pointRows,
      'no point yet: countersign point add',
    ),
  ].join('\n\n')
}

function seenText(seen: number | null): string {
  return seen === null ? 'never' : rfc3339(seen)
}

function activityCells(hour: z.infer<typeof activitySchema>): string[] {
  const { allowed, denied, asked, failed, latency_ms_mean } = hour
  const latency = latency_ms_mean === null ? '-' : String(Math.round(latency_ms_mean))
  return [String(allowed), String(denied), String(asked), String(failed), latency]
}
