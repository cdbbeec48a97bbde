/** People whose data an agent works on, and what they agreed to, by the API of a control plane. spec/consent.md. @module */
import { z } from 'zod'
import { approveAt } from '../../apps/cli/operator.ts'
import type { Profile } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Basis, ConsentRecord, Notice } from '../../src/core/consent.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { seconds } from '../../src/core/time.ts'

const TEXT = 'We use how to reach you to deliver what you ordered, and to tell you of offers.'
const DAY_S = 86_400

export interface Given {
  readonly subject: string
  readonly consent: string
  readonly rev: string
}

/** @param people who proposes, and who approves. @returns the identifier of the notice */
export async function approvedNotice(
  { manager, lead }: { readonly manager: Profile; readonly lead: Profile },
  said: Pick<Notice, 'jurisdiction' | 'purposes' | 'categories'>,
): Promise<string> {
  const notice: Notice = {
    v: 1,
    name: `Customers in ${said.jurisdiction}`,
    version: '1',
    language: 'en',
    controller: 'Shop Ltd',
    contact: 'privacy@shop.example',
    text_hash: base64url(nodeCrypto.sha256(utf8(TEXT))),
    ...said,
  }
  const answer = await manager.client.post('/v1/notices', { notice, text: TEXT } as unknown as JsonObject)
  const id = z.object({ notice: z.string() }).parse(answer).notice
  await approveAt(lead, `/v1/notices/${id}`, { act: 'notice.approve', notice: id })
  return id
}

/** @returns its identifier */
export async function approvedBasis(
  { manager, lead }: { readonly manager: Profile; readonly lead: Profile },
  basis: Omit<Basis, 'v' | 'expires'>,
): Promise<string> {
  const expires = seconds(Date.now()) + 30 * DAY_S
  const answer = await manager.client.post('/v1/bases', { v: 1, ...basis, expires } as unknown as JsonObject)
  const id = z.object({ basis: z.string() }).parse(answer).basis
  await approveAt(lead, `/v1/bases/${id}`, { act: 'basis.approve', basis: id })
  return id
}

export async function addSubject(manager: Profile, value: string, jurisdiction = 'EU'): Promise<string> {
  const answer = await manager.client.post('/v1/data-subjects', {
    jurisdiction,
    identifiers: [{ system: null, value }],
  })
  return z.object({ subject: z.string() }).parse(answer).subject
}

/** Taken over from another system, and so asserted. */
export async function importConsent(
  manager: Profile,
  said: Pick<ConsentRecord, 'subject' | 'notice' | 'purposes' | 'categories'> & Partial<ConsentRecord>,
): Promise<Given> {
  const now = Date.now()
  const record: ConsentRecord = {
    v: 1,
    consent: newId(nodeCrypto, 'cns', now),
    rev: newId(nodeCrypto, 'rev', now),
    language: 'en',
    jurisdiction: 'EU',
    given_at: seconds(now),
    expires: seconds(now) + 30 * DAY_S,
    ...said,
  }
  const proof = { type: 'imported', source: 'old CRM', method: 'web_form', evidence_hash: 'A'.repeat(43) }
  await manager.client.post('/v1/consents', { record, proof } as unknown as JsonObject)
  return { subject: record.subject, consent: record.consent, rev: record.rev }
}

export async function withdraw(
  manager: Profile,
  { consent }: Given,
  purposes: string[] | null = null,
): Promise<void> {
  await manager.client.post(`/v1/consents/${consent}/withdraw`, { purposes, reason: 'subject_asked' })
}

/** A standing denial of what needs no consent. */
export async function object(
  manager: Profile,
  subject: string,
  purposes: string[] | null = null,
): Promise<void> {
  await manager.client.post(`/v1/data-subjects/${subject}/objections`, { right: 'gdpr_21', purposes })
}
