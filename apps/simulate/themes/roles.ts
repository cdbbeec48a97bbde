/** Who administers the control plane: approved by another, reviewed each quarter, gone with who goes. spec/simulation.md (SIM-22). @module */
import { z } from 'zod'
import { quarterOf } from '../../../src/core/quarter.ts'
import type { Custody, Holding, Role } from '../../../src/core/roles.ts'
import {
  closeAccessReview,
  decideAccess,
  openAccessReview,
  showAccessReview,
} from '../../cli/access-reviews.ts'
import type { Profile } from '../../cli/profile.ts'
import { approveRole, listRoles, proposeRole, removeRole } from '../../cli/roles.ts'
import { MINUTE_MS } from '../clock.ts'
import { forgets, type Story, type Theme } from '../story.ts'

/** Of the first month of each quarter of the year, the day after that of access. */
export const ROLE_REVIEW_DAY = 21
const OLD_HOST = 'old-host'

export const roles: Theme = {
  found: async (story) => {
    const { operations, security, business, privacy, owners } = story.company.staff
    await grant(story, security, roleOf(security, 'security'))
    await grant(story, business, roleOf(business, 'approver'))
    await grant(story, privacy, roleOf(privacy, 'privacy'))
    // Who proposes agents here approves those of others too: nothing but the registers keeps them from their own.
    for (const owner of owners)
      for (const role of ['developer', 'approver'] as const) await grant(story, owner, roleOf(owner, role))
    await grant(story, operations, custodyOf(operations, 'database', 'ledger'))
    await grant(story, operations, custodyOf(operations, 'host', 'main-host'))
    await grant(story, business, custodyOf(business, 'host', OLD_HOST))
    await grant(story, operations, custodyOf(operations, 'log_key', 'log'))
    await grant(story, security, custodyOf(security, 'break_glass_key', 'safe'))
  },
  day: async (story, day_ms) => {
    const date = new Date(day_ms)
    const isDay = date.getUTCDate() === ROLE_REVIEW_DAY && date.getUTCMonth() % 3 === 0
    if (isDay && !forgets(story, 'roles')) await review(story, day_ms)
  },
}

export function roleOf({ person }: Profile, role: Role): Holding {
  return { kind: 'role', person, role }
}

function custodyOf({ person }: Profile, custody: Custody, of: string): Holding {
  return { kind: 'custody', person, custody, of }
}

/** They say it of themselves, and who keeps the control plane approves it; of theirs, the security lead. */
export async function grant({ company }: Story, holder: Profile, holding: Holding): Promise<string> {
  const { operations, security } = company.staff
  const id = await proposeRole(holder, holding)
  await approveRole(holder === operations ? security : operations, id)
  return id
}

/** What somebody who leaves held is removed, and who comes after them is an administrator in their place. */
export async function handOver(story: Story, leaver: Profile, successor: Profile): Promise<void> {
  const { security } = story.company.staff
  for (const { id, holding, removed } of await listRoles(security))
    if (holding.person === leaver.person && removed === null) await removeRole(security, id, 'left')
  for (const role of ['developer', 'approver'] as const)
    await grant(story, successor, roleOf(successor, role))
}

const people = z.object({ people: z.array(z.object({ id: z.string(), status: z.string() })) })

async function review(story: Story, day_ms: number): Promise<void> {
  const { clock, staff } = story.company
  const { operations, security, privacy } = staff
  const { review: id } = await openAccessReview(operations, quarterOf(day_ms), 'roles')
  const { items } = await showAccessReview(security, id)
  const everybody = people.parse(await security.client.get('/v1/people')).people
  const left = new Set(everybody.filter(({ status }) => status === 'left').map((person) => person.id))
  const needless = items.filter(
    ({ owner, may }) => left.has(owner ?? '') || may.some((line) => line.endsWith(OLD_HOST)),
  )
  for (const item of items) {
    const by = item.owner === security.person ? privacy : security
    await decideAccess(by, id, item.n, needless.includes(item) ? 'revoke' : 'keep')
  }
  clock.pass(MINUTE_MS)
  for (const { n } of needless)
    await security.client.post(`/v1/access-reviews/${id}/act`, { item: n, entries: [] })
  clock.pass(MINUTE_MS)
  await closeAccessReview(privacy, id)
}
