/** `countersign scim …` and `countersign identity …`: who provisions, and whose accounts are whose. spec/identity.md. @module */
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import { rfc3339 } from '../../../src/core/time.ts'
import { listing, result } from '../output.ts'
import { profileOf, wantsJson } from './globals.ts'

const DAYS = 365
const given = z.object({ client: z.string(), token: z.string(), expires: z.int() })
const clientList = z.object({
  clients: z.array(z.object({ id: z.string(), name: z.string(), person: z.string(), expires: z.int() })),
})
const identityList = z.object({
  identities: z.array(
    z.object({
      id: z.string(),
      person: z.string(),
      iss: z.string(),
      by: z.string(),
      sub: z.string().nullable(),
    }),
  ),
})

export function identityCommands(program: Command): void {
  const scim = program
    .command('scim')
    .description('who provisions people and groups, with a token (SCIM 2.0)')
  scim
    .command('add')
    .description('let a directory provision; its token is shown this once')
    .argument('<name>', 'what the directory is called: Okta, Entra ID')
    .option('--days <n>', 'how long the token is good', days, DAYS)
    .action(async (name: string, options: { days: number }, command: Command) => {
      const { client, url } = await profileOf(command)
      const added = given.parse(await client.post('/v1/scim/clients', { name, days: options.days }))
      result(wantsJson(command), added, () => shown(added, url))
    })
  scim
    .command('renew')
    .description('another token in place of the one before, for the same users')
    .argument('<client>', 'scm_…')
    .option('--days <n>', 'how long the token is good', days, DAYS)
    .action(async (id: string, options: { days: number }, command: Command) => {
      const { client, url } = await profileOf(command)
      const path = `/v1/scim/clients/${encodeURIComponent(id)}/renew`
      const renewed = given.parse(await client.post(path, { days: options.days }))
      result(wantsJson(command), renewed, () => shown(renewed, url))
    })
  scim
    .command('list')
    .description('who provisions')
    .action(async (_: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const { clients } = clientList.parse(await client.get('/v1/scim/clients'))
      result(wantsJson(command), clients, () =>
        listing(
          ['client', 'name', 'added by', 'until'],
          clients.map(({ id, name, person, expires }) => [id, name, person, rfc3339(expires)]),
          'nobody provisions yet: countersign scim add NAME',
        ),
      )
    })
  scim
    .command('remove')
    .description('its token is good for nothing any more; the people that it added stay')
    .argument('<client>', 'scm_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const { client } = await profileOf(command)
      await client.post(`/v1/scim/clients/${encodeURIComponent(id)}/remove`, {})
      result(wantsJson(command), { client: id }, () => `${id} is removed`)
    })
  accountCommands(program)
}

function shown({ client, token, expires }: z.infer<typeof given>, url: string): string {
  return [
    `${client} provisions at ${url}/scim/v2 until ${rfc3339(expires)}`,
    `bearer token, shown once: ${token}`,
  ].join('\n')
}

function accountCommands(program: Command): void {
  const identity = program
    .command('identity')
    .description('whose accounts at the identity provider are whose')
  identity
    .command('list')
    .description('accounts, and how each was linked')
    .action(async (_: unknown, command: Command) => {
      const { client } = await profileOf(command)
      const { identities } = identityList.parse(await client.get('/v1/identities'))
      result(wantsJson(command), identities, () =>
        listing(
          ['link', 'person', 'provider', 'account', 'by'],
          identities.map(({ id, person, iss, by, sub }) => [id, person, iss, sub ?? '(erased)', by]),
          'no account is linked yet: people connect theirs in the console',
        ),
      )
    })
  identity
    .command('unlink')
    .description('an account is somebody’s no more, and its sessions end')
    .argument('<link>', 'idn_…')
    .action(async (id: string, _: unknown, command: Command) => {
      const { client } = await profileOf(command)
      await client.post(`/v1/identities/${encodeURIComponent(id)}/unlink`, {})
      result(wantsJson(command), { identity: id }, () => `${id} is unlinked`)
    })
}

function days(text: string): number {
  const n = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (n < 1 || n > DAYS) throw new InvalidArgumentError(`It is 1 to ${DAYS}.`)
  return n
}
