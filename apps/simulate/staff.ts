/** People of a simulation: each with a key for requests and a software authenticator, which says so (PPL-3). spec/simulation.md (SIM-5). @module */
import { z } from 'zod'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import { enrolAct } from '../../src/registry/enrolment.ts'
import { secretHash } from '../../src/registry/invitations.ts'
import { checkedAuthenticator } from '../cli/ceremony.ts'
import { endorse, invite } from '../cli/operator.ts'
import type { Profile } from '../cli/profile.ts'
import type { SimulatedClock } from './clock.ts'
import type { Plane } from './plane.ts'

export interface Hiring {
  readonly plane: Plane
  readonly crypto: Crypto
  readonly clock: SimulatedClock
  /** The model of passkey that the person's is to pass for; a software authenticator as it is unless given. */
  readonly aaguid?: string
}

/** Enrols with an invitation. Nobody has endorsed them yet. */
async function enrol({ plane, crypto, clock, aaguid }: Hiring, secret: string): Promise<Profile> {
  const { url, fetch, rp } = plane
  const signer = crypto.signer(crypto.generateKey('Ed25519'))
  const passkey = softwareAuthenticator(crypto, crypto.generateKey('Ed25519'), {
    ...rp,
    ...(aaguid === undefined ? {} : { aaguid }),
  })
  const client = new ApiClient({ url, crypto, clock, signer, fetch })
  const act = enrolAct(crypto, signer.publicJwk, secretHash(crypto, secret))
  const credential = { ...passkey.register(challengeOf(crypto, ACT_TAG, act)) }
  const { person } = z
    .object({ person: z.string() })
    .parse(await client.post('/v1/enroll', { secret, credential }))
  const authenticator = checkedAuthenticator(async (challenge) => passkey.assert(challenge))
  return { person, url, client, authenticator, usesBrowser: false }
}

/** The first person of the installation endorses themselves (PPL-5). */
export async function enrolFirst(hiring: Hiring): Promise<Profile> {
  const first = await enrol(hiring, hiring.plane.bootstrapSecret)
  await endorse(first, first.person)
  return first
}

/** @param by invites and endorses. @param role what they are called: nobody has a name here */
export async function hire(hiring: Hiring, by: Profile, role: string): Promise<Profile> {
  const { invitation } = await invite(by, role)
  const person = await enrol(hiring, invitation)
  await endorse(by, person.person)
  return person
}
