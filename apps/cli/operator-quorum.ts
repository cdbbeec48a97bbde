/**
 * What takes more than one person: templates, and delegations behind which several stand. One function an act, as in
 * operator.ts. Invariant: a gesture is made over what is shown here, never over a challenge alone.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { ApiError } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { ROOT_TAG } from '../../src/token/constants.ts'
import { resolveDisclosures } from '../../src/token/disclosure.ts'
import type { Grant } from '../../src/token/grant.ts'
import { shownFault, type Shown } from '../../src/token/shown.ts'
import { approveAt } from './operator.ts'
import { CliError } from './output.ts'
import type { Profile } from './profile.ts'

/** How often a principal asks whether the last approval is there. */
const POLL_MS = 500

const jsonObject = z.record(z.string(), z.json())
const templateSchema = z.object({
  id: z.string(),
  status: z.enum(['proposed', 'active', 'replaced']),
  proposer: z.string(),
  template: z.looseObject({ class: z.string() }),
})
const changeSchema = z.object({
  member: z.string(),
  was: z.json().exactOptional(),
  becomes: z.json().exactOptional(),
})
export type TemplateChange = z.infer<typeof changeSchema>

/** @returns its identifier */
export async function proposeTemplate(profile: Profile, template: JsonObject): Promise<string> {
  const answer = await profile.client.post('/v1/templates', template)
  return z.object({ template: z.string() }).parse(answer).template
}

/** The template is in force from then on. */
export async function approveTemplate(profile: Profile, id: string): Promise<void> {
  await approveAt(profile, `/v1/templates/${id}`, { act: 'template.approve', template: id })
}

export async function listTemplates(profile: Profile): Promise<z.infer<typeof templateSchema>[]> {
  const answer = await profile.client.get('/v1/templates')
  return z.object({ templates: z.array(templateSchema) }).parse(answer).templates
}

/** With what it changes of the one in force for its class. */
export async function showTemplate(
  profile: Profile,
  id: string,
): Promise<z.infer<typeof templateSchema> & { in_force: string; changes: TemplateChange[] }> {
  const answer = await profile.client.get(`/v1/templates/${id}`)
  return templateSchema.extend({ in_force: z.string(), changes: z.array(changeSchema) }).parse(answer)
}

const draftSchema = z.object({
  jti: z.string(),
  principal: z.string(),
  agent: z.string(),
  exp: z.int(),
  expires: z.int(),
  m: z.int(),
  answers: z.array(
    z.object({
      person: z.string(),
      role: z.enum(['principal', 'approver']),
      answer: z.enum(['open', 'approved', 'declined', 'left']),
    }),
  ),
  missing: z.int(),
})
export type Draft = z.infer<typeof draftSchema>

/** Drafts in which this person has a part. */
export async function listDrafts(profile: Profile): Promise<Draft[]> {
  const answer = await profile.client.get('/v1/delegations/drafts')
  return z.object({ drafts: z.array(draftSchema) }).parse(answer).drafts
}

export interface ShownDraft extends Draft {
  /** The root, as it is signed. */
  readonly root: JsonObject
  readonly grants: readonly Grant[]
  readonly instruction: string | null
  readonly sub: string | null
}

const digestsSchema = z.looseObject({
  authorization_details: z.array(z.object({ '...': z.string() })),
  _sd: z.array(z.string()).exactOptional(),
})

interface Signable {
  readonly draft: ShownDraft
  readonly challenge: string
  readonly shown: Shown
}

/** @throws {CliError} `UNKNOWN_DELEGATION`: it is issued, so there is nothing to sign or to refuse any more */
async function getDraft(profile: Profile, jti: string): Promise<JsonValue> {
  try {
    return await profile.client.get(`/v1/delegations/drafts/${jti}`)
  } catch (error) {
    if (!isUnknown(error) || !(await isIssued(profile, jti))) throw error
    throw new CliError(
      'UNKNOWN_DELEGATION',
      `${jti} is issued and waits for nobody: "countersign delegations" lists it, its principal gets the chain with ` +
        `"countersign delegation fetch ${jti} -o FILE", and "countersign revoke ${jti}" ends it`,
      { cause: error },
    )
  }
}

async function isIssued(profile: Profile, jti: string): Promise<boolean> {
  try {
    await profile.client.get(`/v1/delegations/${jti}`)
    return true
  } catch {
    return false
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof ApiError && error.remote === 'UNKNOWN_DELEGATION'
}

/** What is returned is what the challenge digests, taken apart here. */
async function readDraft(profile: Profile, jti: string): Promise<Signable> {
  const answer = await getDraft(profile, jti)
  const { challenge, shown, ...rest } = draftSchema
    .extend({
      challenge: z.string(),
      shown: z.object({ header: jsonObject, payload: jsonObject, disclosures: z.array(z.string()) }),
    })
    .parse(answer)
  const { header, payload, disclosures } = shown
  const signed = { tag: ROOT_TAG, value: { header, payload }, disclosures }
  const fault = shownFault(nodeCrypto, challenge, signed)
  if (fault !== null || payload.jti !== jti)
    throw new CliError(
      'GESTURE_MISMATCH',
      `nothing was signed: ${fault ?? 'it is another draft'}; ask who runs the control plane`,
    )
  const { authorization_details, _sd = [] } = digestsSchema.parse(payload)
  const digests = authorization_details.map((detail) => detail['...'])
  const { grants, claims } = resolveDisclosures(nodeCrypto, disclosures, digests, _sd)
  const { instruction = null, sub = null } = claims
  const draft = { ...rest, root: payload, grants: [...grants.values()], instruction, sub }
  return { challenge, draft, shown: signed }
}

export async function showDraft(profile: Profile, jti: string): Promise<ShownDraft> {
  return (await readDraft(profile, jti)).draft
}

/** Stands behind a draft. @param show is given all that is signed, before the gesture. @returns gestures still missing */
export async function approveDraft(
  profile: Profile,
  jti: string,
  show: (draft: ShownDraft) => void = () => undefined,
): Promise<number> {
  const { draft, challenge, shown } = await readDraft(profile, jti)
  show(draft)
  const gesture = await profile.authenticator.assert(challenge, shown)
  const answer = await profile.client.post(`/v1/delegations/drafts/${jti}/approve`, { ...gesture })
  return z.object({ missing: z.int() }).parse(answer).missing
}

/** For good. By its principal: ends the draft. */
export async function declineDraft(profile: Profile, jti: string): Promise<void> {
  await getDraft(profile, jti)
  await profile.client.post(`/v1/delegations/drafts/${jti}/decline`, {})
}

/**
 * The chain of one's own delegation, or null while it waits for approvals. The draft is asked for first: the last
 * approval turns a draft into a delegation and never back, so asked in the other order, one that is sealed between the
 * two questions would be neither.
 * @throws {ApiError} when there is neither
 */
export async function fetchChain(profile: Profile, jti: string): Promise<string | null> {
  if (await isDraft(profile, jti)) return null
  const answer = await profile.client.get(`/v1/delegations/${jti}`)
  const { chain } = z.object({ chain: z.string().exactOptional() }).parse(answer)
  if (chain === undefined)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${jti} is not yours: its principal has the chain, see "countersign delegations"`,
    )
  return chain
}

async function isDraft(profile: Profile, jti: string): Promise<boolean> {
  try {
    await profile.client.get(`/v1/delegations/drafts/${jti}`)
    return true
  } catch (error) {
    if (isUnknown(error)) return false
    throw error
  }
}

/** Asks until the last approval is there. @throws {ApiError} once the draft has expired or was ended */
export async function waitForChain(profile: Profile, jti: string): Promise<string> {
  for (;;) {
    const chain = await fetchChain(profile, jti)
    if (chain !== null) return chain
    await pause(POLL_MS)
  }
}
