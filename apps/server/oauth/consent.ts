/**
 * Consent: from a client's request to a delegation, step by step, for one browser. spec/oauth.md (OAU-10 to OAU-14).
 * Invariant: each step is taken with the passkey of the person whose step it is, over an act or a root that the page
 * computed the digest of; nothing that the page says of itself is trusted.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InteractionResults, Provider } from 'oidc-provider'
import { base64url } from '../../../src/core/encoding.ts'
import { agentApproval, type AgentRow } from '../../../src/registry/agents.ts'
import { agentOfClient, proposeClientAgent, startClientAgent } from '../../../src/registry/client-agents.ts'
import { personActor, type GestureParts, type RegistryContext } from '../../../src/registry/context.ts'
import { draftDelegation, sealDelegation } from '../../../src/registry/delegations.ts'
import { declineDraft } from '../../../src/registry/drafts.ts'
import { RegistryError } from '../../../src/registry/errors.ts'
import { approve } from '../../../src/registry/gestures.ts'
import { hostingKeyFor } from '../../../src/registry/hosting-keys.ts'
import { passkeyBehind, passkeyOf, type Passkey } from '../../../src/registry/passkey-rows.ts'
import { findEnrolled } from '../../../src/registry/people.ts'
import { ACT_TAG } from '../../../src/token/constants.ts'
import { challengeOf, gestureFault } from '../../../src/token/gesture.ts'
import type { ServerContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { readAsked, type Asked } from './asked.ts'
import { bareView, recordSchema, signInAct, viewOf, type ConsentRecord, type View } from './consent-view.ts'
import { grantOf } from './oauth-grant.ts'
import { assertWithinProposal, proposalFor, type Choice } from './proposal.ts'
import type { OauthState } from './state.ts'
import { pageOrigin } from './urls.ts'

const KIND = 'Consent'
const TTL_MS = 3_600_000
const NONCE_BYTES = 32

/** One request of the page: the browser that makes it has the cookie of the request. */
export interface Browser {
  readonly uid: string
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

function isSigned(
  { crypto, rp }: Pick<RegistryContext, 'crypto' | 'rp'>,
  { jwk, registration }: Passkey,
  challenge: string,
  parts: GestureParts,
): boolean {
  const gesture = { rev: '', role: 'principal' as const, jwk, registration, ...parts }
  return gestureFault(crypto, rp, challenge, gesture) === null
}

export class Consents {
  readonly #ctx: ServerContext
  readonly #provider: () => Promise<Provider>
  readonly #state: OauthState

  constructor(ctx: ServerContext, provider: () => Promise<Provider>, state: OauthState) {
    this.#ctx = ctx
    this.#provider = provider
    this.#state = state
  }

  async open(browser: Browser): Promise<View> {
    const asked = await this.#asked(browser)
    return this.#view(browser, asked, await this.#record(browser))
  }

  /** @throws {RegistryError} `GESTURE_INVALID`: no passkey of an enrolled person over this sign-in */
  async signIn(browser: Browser, credential_id: string, parts: GestureParts): Promise<View> {
    const asked = await this.#asked(browser)
    const record = await this.#record(browser)
    if (record.nonce === null) throw new RegistryError('STATE_CONFLICT', 'somebody has signed in already')
    const { registry } = this.#ctx
    const challenge = challengeOf(registry.crypto, ACT_TAG, signInAct(asked, record.nonce))
    const row = await registry.store.query((db) => passkeyBehind(db, credential_id))
    // One answer for a passkey that nobody here has and for one that did not sign this.
    if (row === null || !isSigned(registry, passkeyOf(row), challenge, parts))
      throw new RegistryError('GESTURE_INVALID', 'this passkey is not registered here, or did not sign this')
    return this.#step(browser, asked, { nonce: null, person: row.person })
  }

  /** Proposes the agent that the client is. */
  async propose(browser: Browser): Promise<View> {
    const { asked, record, person } = await this.#signedIn(browser)
    const { registry } = this.#ctx
    const agent = asked.agentFor(person)
    const known = await registry.store.query((db) => agentOfClient(registry, db, agent))
    if (known === null) await proposeClientAgent(registry, agent, asked.resource.server)
    return this.#view(browser, asked, record)
  }

  /** By the person who proposed it: where separation is `after` (OAU-11). @throws as `approve` */
  async approve(browser: Browser, parts: GestureParts): Promise<View> {
    const { asked, record, person } = await this.#signedIn(browser)
    const agent = await this.#agent(asked, person)
    if (agent === null) throw new RegistryError('UNKNOWN_AGENT', 'propose the agent first')
    await approve(this.#ctx.registry, agentApproval, person, agent, parts)
    return this.#view(browser, asked, record)
  }

  /** @throws {RegistryError} `OUTSIDE_TEMPLATE`: wider than proposed; as `hostingKeyFor` and `draftDelegation` */
  async draft(browser: Browser, choice: Choice): Promise<View> {
    const { asked, record, person } = await this.#signedIn(browser)
    const { registry } = this.#ctx
    const agent = await this.#agent(asked, person)
    if (agent === null) throw new RegistryError('UNKNOWN_AGENT', 'propose the agent first')
    assertWithinProposal(await registry.store.query((db) => proposalFor(db, asked, agent.class)), choice)
    await this.#drop(record)
    await startClientAgent(registry, person, agent)
    const { point } = asked.resource
    const jkt = await hostingKeyFor(registry, personActor(person), { agent: agent.id, point })
    const request = { agent: agent.id, jkt, aud: [point], ...choice, depth_max: 0 }
    const { jti } = await draftDelegation(registry, person, request)
    return this.#step(browser, asked, { ...record, jti, grants: [...choice.grants] })
  }

  /** Back to the choice. */
  async redraft(browser: Browser): Promise<View> {
    const { asked, record, person } = await this.#signedIn(browser)
    await this.#drop(record)
    return this.#step(browser, asked, { nonce: null, person })
  }

  /** @throws as `sealDelegation` */
  async seal(browser: Browser, parts: GestureParts): Promise<View> {
    const { asked, record, person } = await this.#signedIn(browser)
    if (record.jti === undefined) throw new RegistryError('UNKNOWN_DELEGATION', 'choose what you allow first')
    await sealDelegation(this.#ctx.registry, person, record.jti, parts)
    return this.#view(browser, asked, record)
  }

  async decline(browser: Browser): Promise<View> {
    const asked = await this.#asked(browser)
    const record = await this.#record(browser)
    await this.#drop(record)
    const result = { error: 'access_denied', error_description: 'the person declined' }
    return { ...bareView(asked), step: 'done', location: await this.#finish(browser, result) }
  }

  async #asked({ uid, incoming, outgoing }: Browser): Promise<Asked> {
    const provider = await this.#provider()
    const interaction = await provider.interactionDetails(incoming, outgoing).catch(() => null)
    if (interaction?.uid !== uid)
      throw new ApiError('NOT_FOUND', 'no such request of this browser, or it has expired')
    return readAsked(this.#ctx, provider, interaction)
  }

  async #record({ uid }: Browser): Promise<ConsentRecord> {
    const known = await this.#state.find(KIND, uid)
    if (known !== undefined) return recordSchema.parse(known)
    const record = { nonce: base64url(this.#ctx.registry.crypto.randomBytes(NONCE_BYTES)) }
    await this.#state.put(KIND, uid, record, TTL_MS)
    return record
  }

  async #signedIn(browser: Browser): Promise<{ asked: Asked; record: ConsentRecord; person: string }> {
    const asked = await this.#asked(browser)
    const record = await this.#record(browser)
    const { person } = record
    if (person === undefined) throw new ApiError('FORBIDDEN', 'sign in with your passkey first')
    await this.#ctx.registry.store.query((db) => findEnrolled(db, person))
    return { asked, record, person }
  }

  async #step(browser: Browser, asked: Asked, record: ConsentRecord): Promise<View> {
    await this.#state.put(KIND, browser.uid, record, TTL_MS)
    return this.#view(browser, asked, record)
  }

  async #view(browser: Browser, asked: Asked, record: ConsentRecord): Promise<View> {
    const view = await viewOf(this.#ctx, asked, record)
    if (view.step !== 'sealed') return view
    return { ...view, step: 'done', location: await this.#granted(browser, asked, record) }
  }

  #agent(asked: Asked, person: string): Promise<AgentRow | null> {
    const { registry } = this.#ctx
    return registry.store.query((db) => agentOfClient(registry, db, asked.agentFor(person)))
  }

  async #drop({ jti, person }: ConsentRecord): Promise<void> {
    if (jti === undefined || person === undefined) return
    try {
      await declineDraft(this.#ctx.registry, person, jti)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error // it has expired, or is a delegation by now
    }
  }

  /** A crash before this leaves a delegation that nobody uses yet: the page comes here again. */
  async #granted(browser: Browser, asked: Asked, { jti, person, grants }: ConsentRecord): Promise<string> {
    if (jti === undefined || person === undefined || grants === undefined)
      throw new RegistryError('UNKNOWN_DELEGATION', 'choose what you allow first')
    await grantOf(this.#ctx, await this.#provider(), this.#state, asked, { jti, person, grants })
    return this.#finish(browser, { login: { accountId: person, remember: false }, consent: { grantId: jti } })
  }

  /** Goes on where the browser has its cookies. */
  async #finish({ incoming, outgoing }: Browser, result: InteractionResults): Promise<string> {
    const options = { mergeWithLastSubmission: false }
    const provider = await this.#provider()
    const { pathname } = new URL(await provider.interactionResult(incoming, outgoing, result, options))
    return pageOrigin(this.#ctx) + pathname
  }
}
