/** `countersign topup …`: limits that are used up, and a person's answer. spec/limits.md (LIM-12). @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { delegate } from '../operator.ts'
import { raisedGrants, listTopUps, topUpOf } from '../operator-topups.ts'
import { listing, result, tell } from '../output.ts'
import { assertWritable, writePrivate } from '../profile.ts'
import { collect, profileOf, reasonCode, wantsJson, whole } from './globals.ts'

interface GrantOptions {
  readonly max: number
  readonly point: string[]
  readonly ttl: number
  readonly instruction?: string
  readonly out: string
}

export function topUpCommands(program: Command): void {
  const topup = program.command('topup').description('cumulative limits that are used up')
  topup
    .command('list')
    .description('who needs more of what, newest first')
    .action(async (_: unknown, command: Command) => {
      const topups = await listTopUps(await profileOf(command))
      result(wantsJson(command), topups, () =>
        listing(
          ['topup', 'status', 'agent', 'delegation', 'limit', 'needed', 'since'],
          topups.map(({ id, status, agent, delegation, limit, asked, requested }) => [
            id,
            status,
            agent,
            delegation,
            `${limit.max} ${limit.measure} (${limit.unit}) per ${limit.per}`,
            String(asked),
            rfc3339(requested),
          ]),
          'no limit is used up',
        ),
      )
    })
  topup
    .command('grant')
    .description('answer with a new delegation of yours: the same grants, and the limit that you choose')
    .argument('<topup>', 'tup_…')
    .requiredOption('--max <amount>', 'the maximum of the new delegation, which counts from zero', whole)
    .option(
      '--point <id>',
      'an enforcement point where it counts (repeat); those of before unless you say',
      collect,
    )
    .option('--ttl <seconds>', 'how long', whole, 3600)
    .option('--instruction <text>', 'what you ask for, in words')
    .requiredOption('-o, --out <file>', 'where to write the chain')
    .action(async (id: string, options: GrantOptions, command: Command) => {
      await assertWritable(options.out)
      const profile = await profileOf(command)
      const raised = await raisedGrants(profile, await topUpOf(profile, id), options.max)
      tell(
        `${raised.agent} gets the same grants as in ${raised.before}, with ${options.max} of ${raised.limit}, from zero`,
      )
      const { jti, chain } = await delegate(profile, {
        agent: raised.agent,
        jkt: raised.jkt,
        aud: options.point ?? raised.aud,
        grants: raised.grants,
        ttl_s: options.ttl,
        depth_max: raised.depth_max,
        ...(options.instruction === undefined ? {} : { instruction: options.instruction }),
      })
      await writePrivate(options.out, `${chain}\n`)
      await profile.client.post(`/v1/topups/${id}/grant`, { delegation: jti })
      result(wantsJson(command), { topup: id, jti, file: options.out }, () =>
        [`${jti} in ${options.out}`, 'next: give it to the agent in place of the chain of before'].join('\n'),
      )
    })
  topup
    .command('decline')
    .description('answer that there is no more')
    .argument('<topup>', 'tup_…')
    .option('--reason <code>', 'why, in a word', reasonCode, 'declined')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { client } = await profileOf(command)
      const { topup: answered } = z
        .object({ topup: z.string() })
        .parse(await client.post(`/v1/topups/${id}/decline`, { reason }))
      result(wantsJson(command), { topup: answered, declined: true }, () => `${answered} is declined`)
    })
}
