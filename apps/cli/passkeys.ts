/**
 * What a person does about their passkeys at the control plane: adds, lists, removes. spec/people.md (PPL-8 to PPL-11).
 * @module
 */
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { softwareAuthenticator } from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { assertAct, shownSchema } from './asked.ts'
import { additionOf, startCeremony } from './ceremony.ts'
import { gestureOver } from './operator.ts'
import { openProfile, tellLink, type Profile, type ProfileFile } from './profile.ts'

const addedSchema = z.object({ passkey: z.int() })
const listedSchema = z.object({
  passkeys: z.array(
    z.object({
      passkey: z.int(),
      name: z.string().nullable(),
      credential: z.string(),
      amr: z.array(z.string()),
      backed_up: z.boolean(),
      added: z.int(),
      signed_in: z.int().nullable(),
      adder: z.int().nullable(),
    }),
  ),
})
export type ListedPasskey = z.infer<typeof listedSchema>['passkeys'][number]

/** @param person null: one's own */
export async function listPasskeys({ client }: Profile, person: string | null): Promise<ListedPasskey[]> {
  const path = person === null ? '/v1/passkeys' : `/v1/people/${person}/passkeys`
  return listedSchema.parse(await client.get(path)).passkeys
}

/** In the browser: makes it, and asks one that counts to add it. */
export async function addPasskey(profile: Profile, name: string | undefined): Promise<number> {
  const { client } = profile
  const id = await startCeremony(client, '/v1/ceremonies/passkey', {}, tellLink)
  const { credential, gesture } = await additionOf(client, id)
  const named = name === undefined ? {} : { name }
  return addedSchema.parse(await client.post('/v1/passkeys', { credential, ...gesture, ...named })).passkey
}

/**
 * Of a software authenticator: another key, in a profile of its own with the same operator key.
 * @param keep given that profile before the key counts: what follows may fail, and it is nowhere else
 */
export async function addSoftwareKey(
  file: ProfileFile,
  name: string | undefined,
  keep: (file: ProfileFile) => Promise<void>,
): Promise<number> {
  const { person, client, authenticator } = openProfile(file)
  const { rp_id, origin } = file
  const key = nodeCrypto.generateKey('ES256')
  const made = softwareAuthenticator(nodeCrypto, key, { rp_id, origin })
  const asked = shownSchema.parse(await client.get('/v1/passkeys/registration'))
  assertAct({ act: 'person.passkey', person }, asked.act)
  const credential = { ...made.register(asked.challenge) }
  const adding = shownSchema.parse(await client.post('/v1/passkeys/adding', { credential }))
  const jkt = thumbprint(nodeCrypto, made.jwk)
  assertAct({ act: 'person.add_passkey', person, credential: jkt }, adding.act)
  const gesture = await authenticator.assert(adding.challenge, { tag: ACT_TAG, value: adding.act })
  await keep({ ...file, passkey: { ...key } })
  const named = name === undefined ? {} : { name }
  return addedSchema.parse(await client.post('/v1/passkeys', { credential, ...gesture, ...named })).passkey
}

const removedSchema = z.object({ frames: z.array(z.int()), added: z.array(z.int()) })
export type RemovedPasskey = z.infer<typeof removedSchema>

/** Why, and of one that is compromised since when (RFC 3339). */
export interface Removal {
  readonly reason: string
  readonly since?: string
}

/** @param person whose it is; null: one's own, which takes a gesture of another passkey */
export async function removePasskey(
  profile: Profile,
  person: string | null,
  passkey: number,
  removal: Removal,
): Promise<RemovedPasskey> {
  const { client } = profile
  if (person !== null)
    return removedSchema.parse(
      await client.post(`/v1/people/${person}/passkeys/${passkey}/remove`, { ...removal }),
    )
  const asked = { act: 'person.remove_passkey', person: profile.person, passkey, ...removal }
  const path = `/v1/passkeys/${passkey}`
  const query = new URLSearchParams({ ...removal }).toString()
  const shown = `${path}/removal?${query}`
  return removedSchema.parse(await gestureOver(profile, asked, shown, `${path}/remove`, { ...removal }))
}

/** @returns the secret of the invitation */
export async function recover({ client }: Profile, person: string): Promise<string> {
  const answer = await client.post(`/v1/people/${person}/recover`, {})
  return z.object({ invitation: z.string() }).parse(answer).invitation
}
