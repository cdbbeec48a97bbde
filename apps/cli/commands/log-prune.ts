/** `countersign log prune`: what is older than the retention goes, by the word of a person. spec/retention.md. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { parseRfc3339, rfc3339 } from '../../../src/core/time.ts'
import { counted } from '../../../src/core/words.ts'
import { gestureOver } from '../operator.ts'
import { CliError, EXIT_FAILED, paint, progress, progressDone, result } from '../output.ts'
import type { Profile } from '../profile.ts'
import { profileOf, wantsJson } from './globals.ts'

/** Months that entries are kept unless told otherwise: two annual reports and a month. */
const KEEP_MONTHS = 25
/** RET-3. */
const KEEP_MONTHS_MIN = 13
const KEEP_MONTHS_MAX = 1_200
const LOOK_EVERY_MS = 200
/** How often in a row the control plane may be without an answer while it prunes. */
const UNANSWERED_MAX = 25

const planSchema = z.object({
  from: z.int(),
  to: z.int(),
  oldest: z.string().nullable(),
  newest: z.string().nullable(),
  pruned_n: z.int(),
  kept_n: z.int(),
  types: z.record(z.string(), z.int()),
  packs: z.array(z.int()),
  held_back: z.union([
    z.object({ by: z.literal('hold'), holds: z.array(z.string()) }),
    z.object({ by: z.literal('unreported'), from: z.string() }),
    z.object({ by: z.enum(['age', 'size']) }),
  ]),
  act: z.looseObject({ map: z.string(), before: z.string() }).nullable(),
})
type Plan = z.infer<typeof planSchema>

interface PruneOptions {
  readonly keep?: number
  readonly before?: string
  readonly unreported?: true
  readonly dryRun?: true
  readonly wait: boolean
}

export function logPruneCommand(log: Command): void {
  log
    .command('prune')
    .description('remove what is older than the retention, with your gesture; every proof stays')
    .option('--keep <months>', `months that are kept, such as ${KEEP_MONTHS} or ${KEEP_MONTHS}m`, months)
    .option('--before <time>', 'RFC 3339 UTC: instead of --keep, remove what is older than this', time)
    .option('--unreported', 'also what no pack has that was handed out; the log says that you decided so')
    .option('--dry-run', 'say what would go and what holds it back, and change nothing')
    .option('--no-wait', 'do not wait until it is done')
    .action(async (options: PruneOptions, command: Command) => {
      if (options.keep !== undefined && options.before !== undefined)
        throw new CliError('ARGUMENT_INVALID', 'give --keep or --before, not both')
      const profile = await profileOf(command)
      const before = options.before ?? monthsAgo(options.keep ?? KEEP_MONTHS, Date.now())
      await prune(profile, before, options, wantsJson(command))
    })
}

async function prune(profile: Profile, before: string, options: PruneOptions, json: boolean): Promise<void> {
  const unreported = options.unreported === true
  const path = `/v1/log/pruning?before=${encodeURIComponent(before)}&unreported=${unreported}`
  const plan = planSchema.parse(await profile.client.get(path))
  const isEmpty = plan.from === plan.to
  if (options.dryRun === true || isEmpty) {
    result(json, { state: isEmpty ? 'nothing' : 'planned', before, ...plan }, () => described(before, plan))
    // What is old and stays is a state that somebody has to look at.
    if (isEmpty && isHeld(plan)) process.exitCode = EXIT_FAILED
    return
  }
  if (!json) process.stderr.write(`${described(before, plan)}\n`)
  // What was shown, down to each entry that goes, is what is signed.
  const { map = '', before: end = '' } = plan.act ?? {}
  if (end > before)
    throw new CliError('GESTURE_MISMATCH', 'nothing was signed: it would take younger entries')
  const asked = { act: 'log.prune', from: plan.from, to: plan.to, before: end, map, unreported }
  const by = { ...asked, approver: profile.person }
  const answer = await gestureOver(profile, by, path, '/v1/log/prune', { before, unreported })
  const { entry } = z.object({ entry: z.int() }).parse(answer)
  const state = options.wait ? await settled(profile, entry) : 'announced'
  result(json, { state, entry, before, ...plan }, () =>
    state === 'done'
      ? `${paint('green', 'pruned')} ${counted(plan.pruned_n, 'entry', 'entries')} of ${plan.from} to ${plan.to - 1}; entry ${entry}`
      : `announced in entry ${entry}: the control plane prunes once it is published`,
  )
}

const prunings = z.object({
  prunings: z.array(
    z.object({
      entry: z.int(),
      from: z.int(),
      to: z.int(),
      before: z.string(),
      state: z.enum(['announced', 'done']),
    }),
  ),
  progress: z.object({ done: z.int(), of: z.int() }).nullable(),
})

/** Until the control plane has done it: it goes on by itself, also after a restart. */
async function settled(profile: Profile, entry: number): Promise<'done'> {
  try {
    for (let unanswered = 0; ;) {
      try {
        const found = prunings.parse(await profile.client.get('/v1/log/prunings'))
        unanswered = 0
        if (found.prunings.some((each) => each.entry === entry && each.state === 'done')) return 'done'
        if (found.progress !== null) progress(`${found.progress.done} of ${found.progress.of} bundles`)
      } catch (cause) {
        if (!(cause instanceof ApiError) || ++unanswered > UNANSWERED_MAX) throw cause
      }
      await sleep(LOOK_EVERY_MS)
    }
  } finally {
    progressDone()
  }
}

function isHeld({ held_back }: Plan): boolean {
  return held_back.by === 'hold' || held_back.by === 'unreported'
}

function described(before: string, plan: Plan): string {
  const { from, to, oldest, newest, pruned_n, kept_n, types, packs } = plan
  if (from === to) return `Nothing to prune before ${before}: ${whyHeld(plan)}`
  const kinds = Object.entries(types).map(([type, n]) => `${type} ${n}`)
  return [
    `Before ${before}: entries ${from} to ${to - 1}, of ${oldest ?? ''} to ${newest ?? ''}`,
    `  goes: ${counted(pruned_n, 'entry', 'entries')} (${kinds.join(', ') || 'none'}), with arguments of calls`,
    `  stays: ${counted(kept_n, 'entry', 'entries')} that registers and later packs need, and every hash`,
    packs.length === 0
      ? '  handed out: no pack has it'
      : `  handed out: in the packs of entries ${packs.join(', ')}`,
    `  ends there: ${whyHeld(plan)}`,
  ].join('\n')
}

function whyHeld({ held_back }: Plan): string {
  switch (held_back.by) {
    case 'age':
      return 'what follows is younger, or does not fill a bundle of 256 entries'
    case 'size':
      return 'more than one pruning takes; run it again afterwards'
    case 'hold':
      return `kept for ${held_back.holds.join(', ')} (see "countersign hold list")`
    case 'unreported':
      return (
        `no pack that was handed out has what was decided from ${held_back.from} on: build one ` +
        '("countersign evidence build"), or decide that it goes all the same with --unreported'
      )
  }
}

/** A calendar's months, at the day's beginning; a day that the month does not have is its last. */
export function monthsAgo(count: number, now_ms: number): string {
  const now = new Date(now_ms)
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() - count]
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return rfc3339(Date.UTC(year, month, Math.min(now.getUTCDate(), days)))
}

function months(text: string): number {
  const count = /^\d{1,4}m?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN
  if (count >= KEEP_MONTHS_MIN && count <= KEEP_MONTHS_MAX) return count
  throw new InvalidArgumentError(`Months, at least ${KEEP_MONTHS_MIN}: what is younger is not pruned.`)
}

function time(text: string): string {
  try {
    return rfc3339(parseRfc3339(text))
  } catch {
    throw new InvalidArgumentError('not an RFC 3339 UTC time such as 2024-01-01T00:00:00Z')
  }
}
