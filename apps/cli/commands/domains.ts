/** `countersign domain …`: what agents have read, and where it is kept. spec/flow.md (FLW-21). @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { dataLabelSchema } from '../../../src/core/label.ts'
import { gestureOver } from '../operator.ts'
import { listing, result } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'

const domainsSchema = z.object({
  domains: z.array(
    z.object({ agent: z.string(), turn: z.int(), point: z.string().nullable(), taint: dataLabelSchema }),
  ),
})

const named = z.looseObject({ id: z.string(), name: z.string() })
const agentsSchema = z.object({ agents: z.array(named) })
const pointsSchema = z.object({ points: z.array(named) })

export function domainCommands(program: Command): void {
  const domain = program.command('domain').description('what agents have read, and which point keeps it')
  domain
    .command('list')
    .description('memory domains, by agent, with what was read when their turn began')
    .action(async (_: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const { domains } = domainsSchema.parse(await client.get('/v1/domains'))
      const { agents } = agentsSchema.parse(await client.get('/v1/agents'))
      const { points } = pointsSchema.parse(await client.get('/v1/points'))
      const names = new Map([...agents, ...points].map(({ id, name }) => [id, name]))
      result(wantsJson(command), domains, () =>
        listing(
          ['agent', 'name', 'held by', 'level', 'integrity', 'categories'],
          domains.map(({ agent, point, taint }) => [
            agent,
            names.get(agent) ?? '-',
            point === null ? '-' : (names.get(point) ?? point),
            taint.level,
            taint.integrity,
            taint.categories.join(', ') || '-',
          ]),
          'no agent has read anything where flow rules are in force',
        ),
      )
    })
  domain
    .command('clear')
    .description('say, with your authenticator, that the memory of an agent was wiped: it begins anew')
    .argument('<agent>', 'agt_…')
    .action(async (agent: string, _: unknown, command: Command) => {
      const profile = await profileOf(command)
      const asked = { act: 'domain.clear', agent, approver: profile.person }
      await gestureOver(profile, asked, `/v1/domains/${agent}/clearing`, `/v1/domains/${agent}/clear`)
      result(wantsJson(command), { agent, cleared: true }, () => `${agent} begins anew`)
    })
}
