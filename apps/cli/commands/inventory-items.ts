/** `countersign inventory …`: what was found, who answers for it, and what is missing. spec/inventory.md. @module */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Profile } from '../profile.ts'
import { CliError, listing, result } from '../output.ts'
import { profileOf, reasonCode, wantsJson, whole } from './globals.ts'

const itemSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  origin: z.string(),
  where: z.string().default(''),
  point: z.string().nullable(),
  owner: z.string().nullable(),
  system: z.string().nullable(),
  secret: z.string(),
  rotated: z.int().nullable(),
  rotate_days: z.int().nullable().default(null),
  scope: z.array(z.string()).default([]),
})
const gapSchema = z.looseObject({
  subject: z.string(),
  kind: z.string(),
  name: z.string(),
  gap: z.string(),
  days: z.int().exactOptional(),
})
type Gap = z.infer<typeof gapSchema>

const EMPTY = 'nothing yet: countersign discover, countersign import FILE --from PROVIDER'

export function itemCommands(program: Command): void {
  const inventory = program
    .command('inventory')
    .description('what acts, registered or not, and what is missing')
  listCommand(inventory)
  inventory
    .command('gaps')
    .description('what nobody answers for, what is on secrets that can be copied, what has no delegation')
    .option('--days <n>', 'a key is old after so many days', whole)
    .action(async (options: { days?: number }, command: Command) => {
      const gaps = await gapsOf(await profileOf(command), options.days)
      result(wantsJson(command), gaps, () =>
        listing(
          ['gap', 'subject', 'kind', 'name', 'days'],
          gaps.map(({ gap, subject, kind, name, days }) => [gap, subject, kind, name, String(days ?? '')]),
          'no gap',
        ),
      )
    })
  inventory
    .command('credentials')
    .description('upstream credentials that gateways hold: owner, scope, last rotation')
    .action(async (_: unknown, command: Command) => {
      const held = (await itemsOf(await profileOf(command))).filter(({ kind }) => kind === 'credential')
      result(wantsJson(command), held, () =>
        listing(
          ['credential', 'server', 'point', 'owner', 'scope', 'rotated', 'every'],
          held.map(({ name, where, point, owner, scope, rotated, rotate_days }) => [
            name,
            where,
            point ?? '',
            owner ?? '-',
            scope.join(' '),
            rotated === null ? 'never said' : new Date(rotated).toISOString().slice(0, 10),
            rotate_days === null ? '-' : `${rotate_days} days`,
          ]),
          'no gateway reports a credential',
        ),
      )
    })
  changeCommands(inventory)
}

function listCommand(inventory: Command): void {
  inventory
    .command('list')
    .description('what is in the inventory, each with its gaps')
    .option('--days <n>', 'a key is old after so many days', whole)
    .action(async (options: { days?: number }, command: Command) => {
      const profile = await profileOf(command)
      const bySubject = Map.groupBy(await gapsOf(profile, options.days), ({ subject }) => subject)
      const items = (await itemsOf(profile)).map((item) => ({
        ...item,
        gaps: (bySubject.get(item.id) ?? []).map(({ gap }) => gap),
      }))
      result(wantsJson(command), items, () =>
        listing(
          ['item', 'kind', 'name', 'found in', 'secret', 'owner', 'system', 'gaps'],
          items.map(({ id, kind, name, where, origin, secret, owner, system, gaps }) => [
            id,
            kind,
            name,
            where || origin,
            secret,
            owner ?? '-',
            system ?? '-',
            gaps.join(', '),
          ]),
          EMPTY,
        ),
      )
    })
}

interface AssignOptions {
  readonly owner?: string
  readonly system?: string
  readonly agent?: string
}

function changeCommands(inventory: Command): void {
  inventory
    .command('assign')
    .description('say who answers for an item, which system it is of, which registered agent it is')
    .argument('<item>', 'itm_…')
    .option('--owner <person>', 'per_…')
    .option('--system <id>', 'sys_…')
    .option('--agent <id>', 'agt_…')
    .action(async (id: string, { owner, system, agent }: AssignOptions, command: Command) => {
      const all = { owner, system, agent }
      const given = Object.fromEntries(
        Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
      )
      if (Object.keys(given).length === 0)
        throw new CliError('ARGUMENT_INVALID', 'give --owner, --system or --agent')
      await (await profileOf(command)).client.post(`/v1/inventory/${id}/assign`, given)
      result(wantsJson(command), { item: id, ...given }, () => `${id} is assigned`)
    })
  inventory
    .command('remove')
    .description('say that an item is not there any more')
    .argument('<item>', 'itm_…')
    .option('--reason <code>', 'why, in a word', reasonCode, 'gone')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      await (await profileOf(command)).client.post(`/v1/inventory/${id}/remove`, { reason: options.reason })
      result(wantsJson(command), { item: id, status: 'removed' }, () => `${id} is removed`)
    })
}

async function itemsOf({ client }: Profile): Promise<z.infer<typeof itemSchema>[]> {
  return z.object({ items: z.array(itemSchema) }).parse(await client.get('/v1/inventory')).items
}

async function gapsOf({ client }: Profile, days?: number): Promise<Gap[]> {
  const query = days === undefined ? '' : `?days=${days}`
  return z.object({ gaps: z.array(gapSchema) }).parse(await client.get(`/v1/inventory/gaps${query}`)).gaps
}
