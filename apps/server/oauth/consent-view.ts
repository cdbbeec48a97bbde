/**
 * What the page of a consent is shown: which step it is at, and what that step is about. spec/oauth.md (OAU-10 to
 * OAU-13). Reads only. Invariant: nothing of what a person has is in it before they signed in.
 * @module
 */
import { z } from 'zod'
import type { JsonObject } from '../../../src/core/json.ts'
import { agentApproval, type AgentRow } from '../../../src/registry/agents.ts'
import { agentOfClient } from '../../../src/registry/client-agents.ts'
import { showDraft } from '../../../src/registry/drafts.ts'
import { RegistryError } from '../../../src/registry/errors.ts'
import { approvalOf } from '../../../src/registry/gestures.ts'
import { namesIn } from '../../../src/registry/names.ts'
import { findRegistered } from '../../../src/registry/people.ts'
import { ACT_TAG, ROOT_TAG } from '../../../src/token/constants.ts'
import { grantSchema } from '../../../src/token/grant.ts'
import type { Shown } from '../../../src/token/shown.ts'
import type { ServerContext } from '../context.ts'
import type { Asked } from './asked.ts'
import { proposalFor, type Proposal } from './proposal.ts'

/** What one browser has done so far. */
export const recordSchema = z.object({
  /** Of the sign-in, used once. */
  nonce: z.string().nullable(),
  person: z.string().optional(),
  /** Of the draft, then of the delegation. */
  jti: z.string().optional(),
  grants: z.array(grantSchema).optional(),
})
export type ConsentRecord = z.infer<typeof recordSchema>

/** To be signed: the page computes the challenge of what it shows, and compares. */
interface ToSign {
  readonly challenge: string
  readonly shown: Shown
}

interface OpenRoot extends ToSign {
  /** Whether the person has signed it. */
  readonly signed: boolean
  /** Milliseconds since 1970. */
  readonly expires: number
  /** People whose signatures count. */
  readonly waits_for: readonly string[]
  readonly missing: number
}

export interface View {
  readonly step:
    | 'sign_in'
    | 'unendorsed'
    | 'agent_new'
    | 'agent_proposed'
    | 'agent_suspended'
    | 'choose'
    | 'sign'
    | 'waiting'
    /** Sealed. The page hears of `done`. */
    | 'sealed'
    | 'done'
  readonly client: Asked['client']
  readonly resource: { readonly url: string; readonly server: string; readonly point: string }
  readonly names: Readonly<Record<string, string>>
  /** The act. */
  readonly sign_in?: JsonObject
  readonly person?: {
    readonly id: string
    readonly name: string
    readonly rev: string
    readonly credential_ids: readonly string[]
  }
  readonly agent?: Pick<AgentRow, 'id' | 'name' | 'class' | 'status'>
  /** By the person themselves, where they may; else null. */
  readonly approval?: ToSign | null
  readonly proposal?: Proposal
  readonly draft?: OpenRoot
  /** Where the browser goes on. */
  readonly location?: string
}

export function bareView({ client, resource }: Asked): Pick<View, 'client' | 'resource' | 'names'> {
  const { url, server, point } = resource
  return { client, resource: { url, server, point }, names: {} }
}

export function signInAct({ client }: Asked, nonce: string): JsonObject {
  return { act: 'oauth.sign_in', client: client.id, nonce }
}

export async function viewOf(ctx: ServerContext, asked: Asked, record: ConsentRecord): Promise<View> {
  const { registry } = ctx
  const { person } = record
  const bare = bareView(asked)
  if (person === undefined) return { ...bare, step: 'sign_in', sign_in: signInAct(asked, record.nonce ?? '') }
  const row = await registry.store.query((db) => findRegistered(db, person))
  const named = (...of: (JsonObject | string)[]): Promise<Readonly<Record<string, string>>> =>
    registry.store.query((db) => namesIn(registry, db, [person, asked.resource.point, ...of]))
  const names = await named()
  const credential_ids = row.passkeys.flatMap(({ credential_id }) => credential_id ?? [])
  const who = { id: person, name: names[person] ?? person, rev: row.rev, credential_ids }
  const whole = { ...bare, names, person: who }
  if (!row.endorsed) return { ...whole, step: 'unendorsed' }
  const agent = await registry.store.query((db) => agentOfClient(registry, db, asked.agentFor(person)))
  if (agent === null) return { ...whole, step: 'agent_new' }
  const { id, name, status } = agent
  const seen = { ...whole, agent: { id, name, class: agent.class, status } }
  if (status === 'proposed')
    return { ...seen, step: 'agent_proposed', approval: await approvalFor(ctx, id, person) }
  if (status === 'suspended') return { ...seen, step: 'agent_suspended' }
  const draft = await draftOf(ctx, record, person)
  if (draft === 'sealed') return { ...seen, step: 'sealed' }
  if (draft !== null) {
    const step = draft.signed ? 'waiting' : 'sign'
    return { ...seen, step, draft, names: await named(draft.shown.value as JsonObject, ...draft.waits_for) }
  }
  const proposal = await registry.store.query((db) => proposalFor(db, asked, agent.class))
  return { ...seen, step: 'choose', proposal }
}

async function approvalFor({ registry }: ServerContext, id: string, person: string): Promise<ToSign | null> {
  if (registry.separation === 'independent') return null
  const { act, challenge } = await approvalOf(registry, agentApproval, person, { id })
  return { challenge, shown: { tag: ACT_TAG, value: act } }
}

/** @returns null when there is none, or it has expired */
async function draftOf(
  { registry, clock }: ServerContext,
  { jti }: ConsentRecord,
  person: string,
): Promise<OpenRoot | 'sealed' | null> {
  if (jti === undefined) return null
  return registry.store.query(async (db) => {
    const sealed = await db.selectFrom('delegations').select('jti').where('jti', '=', jti).executeTakeFirst()
    if (sealed) return 'sealed'
    try {
      const draft = await showDraft(registry, db, jti, person, clock.now())
      const { challenge, expires, missing, answers } = draft
      const { header, payload, disclosures } = draft.shown
      const shown = { tag: ROOT_TAG, value: { header, payload }, disclosures }
      const signed = answers.some(({ role, answer }) => role === 'principal' && answer === 'approved')
      const open = answers.filter(({ role, answer }) => role === 'approver' && answer === 'open')
      return { challenge, shown, signed, expires, missing, waits_for: open.map((each) => each.person) }
    } catch (error) {
      if (error instanceof RegistryError) return null
      throw error
    }
  })
}
