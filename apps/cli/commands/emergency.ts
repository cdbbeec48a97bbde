/** `countersign emergency …`: delegating alone for hours, and who looked at it afterwards. spec/emergency.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { approveAt } from '../operator.ts'
import { listing, result, visible } from '../output.ts'
import { profileOf, time, wantsJson } from './globals.ts'

const PATH = '/v1/emergency-access'
const listed = z.object({
  accesses: z.array(
    z.object({
      id: z.string(),
      taker: z.string(),
      agent: z.string(),
      until: z.int(),
      reason: z.string().nullable(),
      delegations_n: z.int(),
      reviewer: z.string().nullable(),
    }),
  ),
})

export function emergencyCommands(program: Command): void {
  const emergency = program
    .command('emergency')
    .description('emergency access: delegate alone for four hours at most, reviewed by somebody else')
  emergency
    .command('list')
    .description('emergency access that was taken, the latest first')
    .action(async (_: unknown, command: Command) => {
      const { accesses } = listed.parse(await (await profileOf(command)).client.get(PATH))
      result(wantsJson(command), { accesses }, () =>
        listing(
          ['access', 'taken by', 'agent', 'until', 'delegations', 'reviewed by', 'reason'],
          accesses.map(({ id, taker, agent, until, delegations_n, reviewer, reason }) => [
            id,
            taker,
            agent,
            rfc3339(until),
            String(delegations_n),
            reviewer ?? '-',
            visible(reason ?? '(erased)'),
          ]),
          'no emergency access did occur',
        ),
      )
    })
  emergency
    .command('take')
    .description(
      'delegate to an agent without the approvers that its template asks for; an alert is raised at once',
    )
    .argument('<agent>', 'agt_…')
    .argument('<reason>', 'why; sealed, and no part of the log')
    .requiredOption('--until <time>', 'four hours ahead at most, RFC 3339 UTC', time)
    .action(async (agent: string, reason: string, { until }: { until: number }, command: Command) => {
      const { client } = await profileOf(command)
      const answer = await client.post(PATH, { agent, reason, until: rfc3339(until) })
      const { access } = z.object({ access: z.string() }).parse(answer)
      const next = `next: countersign delegate … --emergency ${access}`
      result(wantsJson(command), { access, until: rfc3339(until) }, () => `${access} is yours\n${next}`)
    })
  emergency
    .command('review')
    .description('say with your authenticator that you looked at what was done; not by who took it')
    .argument('<access>', 'ema_…')
    .action(async (access: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const what = { act: 'emergency_access.review', access }
      const ends = { show: 'reviewing', take: 'review' }
      await approveAt(profile, `${PATH}/${encodeURIComponent(access)}`, what, ends)
      result(wantsJson(command), { access, status: 'reviewed' }, () => `${access} is reviewed`)
    })
}
