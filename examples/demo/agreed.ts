/** People whose data an agent works on, and what they agreed to, as an operator's commands say it. spec/consent.md. @module */
import {
  addSubject,
  approveBasis,
  approveNotice,
  importConsent,
  proposeBasis,
  proposeNotice,
} from '../../apps/cli/consent/acts.ts'
import type { Profile } from '../../apps/cli/profile.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Basis, ConsentProof, ConsentRecord, Notice } from '../../src/core/consent.ts'
import { sha256Text } from '../../src/core/digest.ts'
import { newId } from '../../src/core/ids.ts'
import { seconds } from '../../src/core/time.ts'

const TEXT = 'We use how to reach you to deliver what you ordered, and to tell you of offers.'
const LIFE_S = 30 * 86_400

/** Who proposes, and who approves. */
export interface TwoPeople {
  readonly manager: Profile
  readonly lead: Profile
}

/** @returns the identifier of the notice */
export async function agreeOnNotice(
  { manager, lead }: TwoPeople,
  said: Pick<Notice, 'jurisdiction' | 'purposes' | 'categories'>,
): Promise<string> {
  const notice: Notice = {
    v: 1,
    name: `Customers in ${said.jurisdiction}`,
    version: '1',
    language: 'en',
    controller: 'Shop Ltd',
    contact: 'privacy@shop.example',
    text_hash: sha256Text(nodeCrypto, TEXT),
    ...said,
  }
  const id = await proposeNotice(manager, { notice, text: TEXT })
  await approveNotice(lead, id)
  return id
}

/** @returns its identifier */
export async function agreeOnBasis(
  { manager, lead }: TwoPeople,
  basis: Omit<Basis, 'v' | 'expires'>,
): Promise<string> {
  const id = await proposeBasis(manager, { v: 1, ...basis, expires: seconds(Date.now()) + LIFE_S })
  await approveBasis(lead, id)
  return id
}

/** Somebody who is known by that everywhere. @returns the pseudonym */
export function addPerson(manager: Profile, value: string, jurisdiction = 'EU'): Promise<string> {
  return addSubject(manager, jurisdiction, [{ system: null, value }])
}

/** Taken over from another system, and so asserted. */
export async function takeOver(
  manager: Profile,
  said: Pick<ConsentRecord, 'subject' | 'notice' | 'purposes' | 'categories'> & Partial<ConsentRecord>,
): Promise<ConsentRecord> {
  const now = Date.now()
  const record: ConsentRecord = {
    v: 1,
    consent: newId(nodeCrypto, 'cns', now),
    rev: newId(nodeCrypto, 'rev', now),
    language: 'en',
    jurisdiction: 'EU',
    given_at: seconds(now),
    expires: seconds(now) + LIFE_S,
    ...said,
  }
  const proof: ConsentProof = {
    type: 'imported',
    source: 'old CRM',
    method: 'web_form',
    evidence_hash: sha256Text(nodeCrypto, 'the form'),
  }
  await importConsent(manager, { record, proof })
  return record
}
