/** Deviations about personal data and about what leaves: used without a ground, sent without anybody behind it. spec/simulation.md (SIM-18). @module */
import { newId } from '../../../src/core/ids.ts'
import { seconds } from '../../../src/core/time.ts'
import { BasisKeeper } from '../../../src/enforce/basis/basis-keeper.ts'
import type { SubjectBook } from '../../../src/enforce/basis/book.ts'
import { FlowKeeper } from '../../../src/enforce/flow/keeper.ts'
import { softwareAuthenticator } from '../../../src/adapters/software-authenticator/software-authenticator.ts'
import { manifestDigest } from '../../../src/core/manifest.ts'
import type { Grant } from '../../../src/token/grant.ts'
import { draftRoot, sealRoot } from '../../../src/token/issue.ts'
import { withdrawConsent } from '../../cli/consent/acts.ts'
import { grantFor, manifestOf } from '../agents.ts'
import { SECOND_MS } from '../clock.ts'
import type { PointBend } from '../compose-point.ts'
import type { Story } from '../story.ts'
import { customersOf, setBases, type Customer } from '../themes/consents.ts'
import { work, type Call, type Session } from '../work.ts'
import type { Deviation } from './deviation.ts'
import { misplay } from './points.ts'

async function allowed(story: Story, session: Session, call: Call): Promise<void> {
  const done = await work(story.company, session, [call])
  if (done.allowed !== 1) throw new TypeError(`what was to be allowed was denied: ${done.reasons.join(', ')}`)
}

function find({ address }: Pick<Customer, 'address'>): Call {
  return { tool: 'find_customer', args: { address } }
}

function customer(story: Story): Customer & { readonly consent: string } {
  const found = customersOf(story).all.findLast(({ consent }) => consent !== null)
  if (found === undefined || found.consent === null) throw new TypeError('no customer has consented')
  return found as Customer & { readonly consent: string }
}

const basisWanted: Deviation = {
  name: 'basis-wanted',
  what: 'For a moment nobody insists on a basis, and a stranger is looked up.',
  /** Of the decision and of the outcome. */
  finds: [{ test: 29, code: 'BASIS_WANTED', n: 2 }],
  play: (story) =>
    misplay(story, { server: 'customers' }, async ({ session, point }) => {
      await setBases(story, 'observe')
      await point.hear()
      await allowed(story, session, find({ address: 'stranger@example.com' }))
      await setBases(story, 'enforce')
      for (const each of story.company.points.values()) await each.hear()
    }),
}

const basisMissing: Deviation = {
  name: 'basis-missing',
  what: 'A point asks for no basis although it is to.',
  finds: [{ test: 29, code: 'BASIS_MISSING', n: 1 }],
  play: (story) => {
    const bend: PointBend = (options) => {
      const { flow, ...rest } = options
      return flow === undefined ? options : rest
    }
    return misplay(story, { server: 'customers', bend }, ({ session }) =>
      allowed(story, session, find(customer(story))),
    )
  },
}

/** It knows nobody who withdrew. */
const forgetful: PointBend = (options, { tools, subjects, domains, state }) => {
  const { crypto, clock, bound_ms } = options
  const book: SubjectBook = {
    find: (system, folded) => {
      const found = subjects.find(system, folded)
      return found && { ...found, consents: found.consents.map((consent) => ({ ...consent, withdrawn: [] })) }
    },
    isAlike: (system, folded) => subjects.isAlike(system, folded),
    get bases() {
      return subjects.bases
    },
    get age_ms() {
      return subjects.age_ms
    },
  }
  const revocations = { isRevoked: () => false, freshness: () => state.freshness() }
  const registration = tools.find
  const bases = new BasisKeeper({
    crypto,
    clock,
    policy: tools.policy,
    registration,
    book,
    revocations,
    bound_ms,
  })
  const label: ConstructorParameters<typeof FlowKeeper>[0]['label'] = (server, tool) =>
    tools.find(server, tool)?.label ?? null
  return { ...options, flow: new FlowKeeper({ crypto, policy: tools.policy, label, domains, bases }) }
}

const usedAfterWithdrawal: Deviation = {
  name: 'used-after-withdrawal',
  what: 'A point uses what a customer took back.',
  finds: [{ test: 30, code: 'USED_AFTER_WITHDRAWAL', n: 1 }],
  play: (story) =>
    misplay(story, { server: 'customers', bend: forgetful }, async ({ session }) => {
      const { clock, staff, points } = story.company
      const one = customersOf(story).all.find(({ address }) => address === customer(story).address)
      if (one === undefined || one.consent === null) return
      await withdrawConsent(staff.privacy, one.consent, { purposes: null, reason: 'asked' })
      one.consent = null
      for (const point of points.values()) await point.hear()
      clock.pass(30 * SECOND_MS)
      await allowed(story, session, find(one))
    }),
}

const outputUnattested: Deviation = {
  name: 'output-unattested',
  what: 'A mail leaves under an instruction that does not name it, and nobody stands behind it.',
  finds: [{ test: 25, code: 'OUTPUT_NOT_ATTESTED', n: 1 }],
  play: (story) => {
    const call = { tool: 'send_mail', args: { to: 'team@company.example', text: 'unasked' } }
    // A grant that names the tool would stand behind it, too.
    const grant: Grant = { ...grantFor('mail'), actions: ['*'] }
    return misplay(story, { server: 'mail', instruction: 'Do as you like', grant }, ({ session }) =>
      allowed(story, session, call),
    )
  },
}

const issuerInsider: Deviation = {
  name: 'issuer-insider',
  what: 'Somebody who holds the key of the issuer signs a delegation that the register knows nothing of.',
  finds: [
    { test: 3, code: 'DELEGATION_NOT_ISSUED', n: 1 },
    { test: 3, code: 'GESTURE_UNREGISTERED', n: 1 },
    { test: 3, code: 'REGISTRATION_NOT_ENDORSED', n: 1 },
  ],
  play: (story) =>
    misplay(story, {}, async ({ session, agent, point }) => {
      const { plane, crypto, clock, info } = story.company
      const signer = await plane.store.query((db) => plane.ctx.registry.issuer.current(db))
      const now_s = seconds(clock.now())
      const draft = draftRoot(crypto, signer, {
        iss: info.issuer,
        aud: [point.id],
        iat: now_s,
        nbf: now_s,
        exp: now_s + 3600,
        jti: newId(crypto, 'dlg', clock.now()),
        rev: [newId(crypto, 'rev', clock.now())],
        holder: agent.holder.publicJwk,
        agent: {
          id: agent.id,
          class: agent.trade,
          manifest: manifestDigest(crypto, manifestOf(agent.trade, 1)),
        },
        amr: ['swk'],
        auth_time: now_s,
        grants: [grantFor('files')],
        depth_max: 0,
      })
      const passkey = softwareAuthenticator(crypto, crypto.generateKey('Ed25519'), plane.rp)
      const [rev = ''] = draft.payload.rev as string[]
      const made = passkey.assert(draft.challenge)
      const gesture = { rev, role: 'principal' as const, jwk: passkey.jwk, registration: 0, ...made }
      const rp = { rp_id: info.rp_id, origins: info.origins }
      const chain = sealRoot(crypto, signer, rp, draft, [gesture])
      await allowed(story, { ...session, chain }, { tool: 'read_file', args: { path: '/work/9.txt' } })
    }),
}

export const OF_DATA: readonly Deviation[] = [
  basisWanted,
  basisMissing,
  usedAfterWithdrawal,
  outputUnattested,
  issuerInsider,
]
