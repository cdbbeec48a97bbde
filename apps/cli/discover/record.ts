/** Shows what was found, asks, and only then records it. spec/inventory.md (DSC-2). @module */
import { z } from 'zod'
import type { JsonValue } from '../../../src/core/json.ts'
import { counted } from '../../../src/core/words.ts'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { listing, result, tell } from '../output.ts'
import type { Profile } from '../profile.ts'
import { confirm, hasTerminal } from '../prompt.ts'
import type { Skipped } from './found.ts'

/** Of one request: the control plane takes no more. */
const BATCH = 500

const counts = z.object({ added: z.int(), changed: z.int(), unchanged: z.int() })
type Counts = z.infer<typeof counts>

export interface Proposal {
  readonly item: Item
  readonly system?: string
  readonly owner?: string
}

export interface Proposing {
  readonly json: boolean
  readonly yes: boolean
  readonly profile: () => Promise<Profile>
  /** What an empty list says. */
  readonly empty: string
}

export async function propose(
  proposals: readonly Proposal[],
  skipped: readonly Skipped[],
  how: Proposing,
): Promise<void> {
  if (!how.json) {
    result(false, null, () => tableOf(proposals, how.empty))
    for (const { where, code } of skipped) tell(`${where}: ${code}, passed over`)
  }
  const recorded =
    proposals.length > 0 && (await agreed(proposals.length, how)) ? await record(proposals, how) : null
  if (how.json) {
    const found = proposals.map(({ item: { ref: _ref, ...item }, ...assignment }) => ({
      ...item,
      ...assignment,
    }))
    result(true, { found, skipped, recorded }, () => '')
  } else if (recorded !== null)
    result(
      false,
      null,
      () => `recorded: ${recorded.added} new, ${recorded.changed} changed, ${recorded.unchanged} known`,
    )
}

async function agreed(n: number, { yes, json }: Proposing): Promise<boolean> {
  if (yes) return true
  if (json || !hasTerminal()) {
    if (!json) tell('nothing was recorded: run it with --yes')
    return false
  }
  await confirm(`Record ${counted(n, 'item')} in the inventory?`, 'run it with --yes')
  return true
}

async function record(proposals: readonly Proposal[], { profile }: Proposing): Promise<Counts> {
  const { client } = await profile()
  const sum = { added: 0, changed: 0, unchanged: 0 }
  for (let at = 0; at < proposals.length; at += BATCH) {
    const found = proposals.slice(at, at + BATCH).map((each) => ({ ...each })) as unknown as JsonValue
    const answer = counts.parse(await client.post('/v1/inventory', { found }))
    sum.added += answer.added
    sum.changed += answer.changed
    sum.unchanged += answer.unchanged
  }
  return sum
}

function tableOf(proposals: readonly Proposal[], empty: string): string {
  return listing(
    ['kind', 'name', 'found in', 'secret', 'named', 'system', 'owner'],
    proposals.map(({ item, system = '', owner = '' }) => [
      item.kind,
      item.name,
      item.where ?? item.origin,
      item.secret,
      (item.names ?? []).join(', '),
      system,
      owner,
    ]),
    empty,
  )
}
