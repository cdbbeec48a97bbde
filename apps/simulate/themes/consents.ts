/**
 * Customers, what they were told, what they agreed to, and what they took back. No call that names a customer goes out
 * without a consent that lives. spec/simulation.md (SIM-15).
 * @module
 */
import { z } from 'zod'
import type { Notice } from '../../../src/core/consent.ts'
import { sha256Text } from '../../../src/core/digest.ts'
import { newId } from '../../../src/core/ids.ts'
import { seconds } from '../../../src/core/time.ts'
import {
  addSubject,
  approveNotice,
  importConsent,
  proposeNotice,
  withdrawConsent,
} from '../../cli/consent/acts.ts'
import { approveFlowPolicy, proposeFlowPolicy } from '../../cli/labels/acts.ts'
import { gestureOver } from '../../cli/operator.ts'
import { HOUR_MS } from '../clock.ts'
import { isDay, type Story, type Theme } from '../story.ts'
import { CATEGORY, PURPOSE } from '../tools.ts'

const CUSTOMERS_AT_FIRST = 12
const NEW_DAYS = { first: 5, every: 9 }
const WITHDRAWAL_DAYS = { first: 33, every: 30 }
const REQUEST_DAYS = { first: 44, every: 45 }
const ERASURE_DAYS = { first: 90, every: 60 }
const CONSENT_DAYS = 700
const LANGUAGE = 'en'
const JURISDICTION = 'EU'
const WORDS = 'We look up your address to answer what you ask. This notice is of a simulation.'
/** Note. */
const CUSTOMERS = 'consents.customers'

export interface Customer {
  readonly subject: string
  readonly address: string
  consent: string | null
}

interface Customers {
  readonly notice: string
  readonly all: Customer[]
  /** So far: no two have one address. */
  n: number
}

export const consents: Theme = {
  found: async (story) => {
    const { staff, crypto } = story.company
    await setBases(story, 'enforce')
    const text_hash = sha256Text(crypto, WORDS)
    const said: Notice = {
      v: 1,
      name: 'Customer care',
      version: '1',
      language: LANGUAGE,
      jurisdiction: JURISDICTION,
      controller: 'The company of the simulation',
      contact: 'privacy@company.example',
      text_hash,
      purposes: [PURPOSE],
      categories: [CATEGORY],
    }
    const notice = await proposeNotice(staff.privacy, { notice: said, text: WORDS })
    await approveNotice(staff.security, notice)
    story.notes.set(CUSTOMERS, { notice, all: [], n: 0 } satisfies Customers)
    for (let i = 0; i < CUSTOMERS_AT_FIRST; i++) await addCustomer(story)
  },
  day: async (story, day_ms) => {
    if (isDay(story, day_ms, NEW_DAYS)) await addCustomer(story)
    if (isDay(story, day_ms, WITHDRAWAL_DAYS)) await withdrawOne(story)
    if (isDay(story, day_ms, REQUEST_DAYS)) await answerRequest(story)
    if (isDay(story, day_ms, ERASURE_DAYS)) await eraseOne(story)
  },
}

/** Whether bases are asked for (CNS-21): a change, by two people. */
export async function setBases({ company }: Story, bases: 'observe' | 'enforce'): Promise<void> {
  const { operations, security } = company.staff
  await approveFlowPolicy(security, await proposeFlowPolicy(operations, { v: 1, mode: 'off', bases }))
}

export function customersOf({ notes }: Story): Customers {
  return notes.get(CUSTOMERS) as Customers
}

export function addressesWithConsent(story: Story): string[] {
  return customersOf(story).all.flatMap(({ address, consent }) => (consent === null ? [] : [address]))
}

async function addCustomer(story: Story): Promise<void> {
  const { staff, crypto, clock } = story.company
  const customers = customersOf(story)
  const { all, notice } = customers
  const address = `customer-${++customers.n}@example.com`
  const subject = await addSubject(staff.privacy, JURISDICTION, [{ system: null, value: address }])
  const now_s = seconds(clock.now())
  const consent = newId(crypto, 'cns', clock.now())
  const record = {
    v: 1,
    consent,
    subject,
    rev: newId(crypto, 'rev', clock.now()),
    notice,
    language: LANGUAGE,
    jurisdiction: JURISDICTION,
    purposes: [PURPOSE],
    categories: [CATEGORY],
    given_at: now_s,
    expires: now_s + CONSENT_DAYS * 86_400,
  }
  const evidence_hash = sha256Text(crypto, `form of ${address}`)
  const proof = { type: 'imported', source: 'Web site', method: 'web_form', evidence_hash }
  await importConsent(staff.privacy, { record, proof })
  all.push({ subject, address, consent })
}

/** No point uses it past the bound; nobody asks for it again. */
async function withdrawOne(story: Story): Promise<void> {
  const { staff, points } = story.company
  const customer = customersOf(story).all.find(({ consent }) => consent !== null)
  if (customer === undefined || customer.consent === null) return
  await withdrawConsent(staff.privacy, customer.consent, { purposes: null, reason: 'asked' })
  customer.consent = null
  for (const point of points.values()) await point.hear()
}

async function answerRequest(story: Story): Promise<void> {
  const request = await openRequest(story)
  if (request === null) return
  story.company.clock.pass(HOUR_MS / 4)
  await closeRequest(story, request)
}

/** @returns its identifier; null: there is no customer */
export async function openRequest(story: Story): Promise<string | null> {
  const customer = customersOf(story).all.at(-1)
  if (customer === undefined) return null
  const { client } = story.company.staff.privacy
  const asked = { kind: 'access', text: 'What is known of me?' }
  const { request } = z
    .object({ request: z.string() })
    .parse(await client.post(`/v1/data-subjects/${customer.subject}/requests`, asked))
  return request
}

export async function closeRequest({ company }: Story, request: string): Promise<void> {
  const said = { outcome: 'fulfilled', answer: 'It was sent.' }
  await company.staff.privacy.client.post(`/v1/subject-requests/${request}/close`, said)
}

/** Of one who withdrew, nothing is kept. */
async function eraseOne(story: Story): Promise<void> {
  const { privacy } = story.company.staff
  const { all } = customersOf(story)
  const gone = all.find(({ consent }) => consent === null)
  if (gone === undefined) return
  const { subject } = gone
  const asked = { act: 'subject.erase', subject, basis: 'request', approver: privacy.person }
  const path = `/v1/subjects/${subject}`
  const also = { basis: 'request' }
  await gestureOver(privacy, asked, `${path}/erasure?basis=request`, `${path}/erase`, also)
  all.splice(all.indexOf(gone), 1)
}
