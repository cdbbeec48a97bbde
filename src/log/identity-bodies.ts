/** Bodies of the entries about identity providers and what they provision. spec/identity.md. @module */
import { z } from 'zod'

const id = z.string().max(64)
/** Of a client, an issuer or a group, in characters: names of things. */
const name = z.string().min(1).max(256)
/** Users that one entry adds to a group or takes out of it: more are said by more entries. */
export const MEMBERS_MAX = 500
const members = z.array(id).max(MEMBERS_MAX)

export const identityBodies = {
  /** The subject is the person; `sub` is committed to (IDN-8). */
  'identity.linked': z.strictObject({ identity: id, iss: name, by: z.enum(['connect', 'provisioned']) }),
  'identity.unlinked': z.strictObject({ identity: id }),
  /** `expires`: milliseconds since 1970 (IDN-14). */
  'scim.client_added': z.strictObject({ name, expires: z.int().nonnegative() }),
  /** Another token in place of the one before. */
  'scim.client_renewed': z.strictObject({ expires: z.int().nonnegative() }),
  'scim.client_removed': z.strictObject({}),
  /** What the client says of them is committed to, as `user` (IDN-17). */
  'scim.user_added': z.strictObject({ client: id, person: id }),
  'scim.user_changed': z.strictObject({ person: id, active: z.boolean() }),
  'scim.user_removed': z.strictObject({}),
  'scim.group_added': z.strictObject({ client: id, name, external: name.nullable() }),
  'scim.group_changed': z.strictObject({
    name: name.exactOptional(),
    external: name.nullable().exactOptional(),
    added: members,
    removed: members,
  }),
  'scim.group_removed': z.strictObject({}),
}
