/** Who stands behind their own registration: the first person, and who comes back alone. spec/people.md (PPL-6, PPL-13). @module */
import { z } from 'zod'
import type { ApiClient } from '../../src/adapters/http/client.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { assertAct, shownSchema } from './asked.ts'
import { gestureOf } from './ceremony.ts'
import type { Profile } from './profile.ts'

/** Who is recovered by the machine, and has nobody else, stands behind themselves (PPL-13). */
export async function endorseOwnRecovery(
  { client, person, authenticator }: Profile,
  secret: string,
): Promise<void> {
  const shown = shownSchema.parse(await client.post('/v1/recovery/endorsement', { secret }))
  assertAct({ act: 'person.endorse', person, endorser: person }, shown.act)
  const gesture = await authenticator.assert(shown.challenge, { tag: ACT_TAG, value: shown.act })
  await client.post('/v1/recovery/endorse', { secret, ...gesture })
}

/** What enrolling answers. */
export const enrolledSchema = z.object({
  person: z.string(),
  first: z.boolean(),
  recovers: z.enum(['alone', 'by_another']).exactOptional(),
})

/** The page of an enrolment goes on to one's own endorsement by itself, in the ceremony `next` (CER-6). */
export async function standBehindOwn(
  client: ApiClient,
  enrolled: {
    readonly person: string
    readonly first: boolean
    readonly secret: string
    readonly next: string
  },
): Promise<void> {
  const { person, first, secret, next } = enrolled
  const gesture = await gestureOf(client, next)
  if (first) await client.post(`/v1/people/${person}/endorse`, { ...gesture })
  else await client.post('/v1/recovery/endorse', { secret, ...gesture })
}
