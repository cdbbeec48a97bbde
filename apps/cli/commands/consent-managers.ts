/** `countersign consent manager …`: others who ask data subjects and sign what they said. spec/consent.md (CNS-13). @module */
import type { Command } from 'commander'
import { z } from 'zod'
import { jwkSchema, thumbprint } from '../../../src/core/jwk.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { approveAt } from '../operator.ts'
import { CliError, listing, result } from '../output.ts'
import { readJson } from '../profile.ts'
import { approveCommand } from './approve.ts'
import { profileOf, reasonCode, wantsJson } from './globals.ts'

const listSchema = z.object({
  managers: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      name: z.string(),
      jurisdiction: z.string(),
      jwk: jwkSchema,
    }),
  ),
})

export function consentManagerCommands(consent: Command): void {
  const manager = consent
    .command('manager')
    .description('others who ask data subjects and sign what they said')
  manager
    .command('propose')
    .description('propose a consent manager, which someone else approves')
    .argument('<name>', 'what it is called')
    .requiredOption('--key <file>', 'its public key, a JWK')
    .requiredOption('--jurisdiction <code>', 'EU, IN, US-CA or another ISO 3166 code')
    .action(async (name: string, options: { key: string; jurisdiction: string }, command: Command) => {
      const jwk = jwkSchema.safeParse(await readJson(options.key))
      if (!jwk.success)
        throw new CliError(
          'REQUEST_INVALID',
          `${options.key} is no public key: one has kty, crv and x, and no d`,
        )
      const { client } = await profileOf(command)
      const body = { name, jwk: { ...jwk.data }, jurisdiction: options.jurisdiction }
      const answer = await client.post('/v1/consent-managers', body)
      const { manager: id } = z.object({ manager: z.string() }).parse(answer)
      result(
        wantsJson(command),
        { manager: id },
        () => `${id} is proposed; someone else approves it: countersign consent manager approve ${id}`,
      )
    })
  manager
    .command('list')
    .description('consent managers, with their keys')
    .action(async (_: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const { managers } = listSchema.parse(await client.get('/v1/consent-managers'))
      result(wantsJson(command), managers, () =>
        listing(
          ['manager', 'status', 'name', 'for', 'key'],
          managers.map(({ id, status, name, jurisdiction, jwk }) => [
            id,
            status,
            name,
            jurisdiction,
            thumbprint(nodeCrypto, jwk),
          ]),
          'no consent manager yet: countersign consent manager propose NAME --key FILE --jurisdiction CODE',
        ),
      )
    })
  approveCommand(manager, {
    does: 'approve a consent manager with your authenticator: consents that its key signs are taken',
    noun: 'manager',
    id: 'mgr_…',
    status: 'approved',
    async approve(profile, id) {
      await approveAt(profile, `/v1/consent-managers/${id}`, { act: 'manager.approve', manager: id })
    },
  })
  manager
    .command('remove')
    .description('take no more consents from it; those that it gave stand')
    .argument('<manager>', 'mgr_…')
    .requiredOption('--reason <code>', 'why, as a code', reasonCode)
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { client } = await profileOf(command)
      await client.post(`/v1/consent-managers/${encodeURIComponent(id)}/remove`, { reason })
      result(wantsJson(command), { manager: id, removed: true }, () => `${id} gives no more consents`)
    })
}
