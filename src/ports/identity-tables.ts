/** Tables of identity providers and of what they provision. spec/identity.md. Columns as in schema.ts. @module */

export interface IdentityTables {
  /** Whose account at a provider is whose (IDN-8). */
  identities: {
    id: string
    person: string
    iss: string
    by: 'connect' | 'provisioned'
    sub_commit: string
    /** Index of the `identity.linked` entry. */
    entry: number
    /** What it is found by; null: the key of the index is another now. */
    key: string | null
  }
  /** Who provisions, with a token (IDN-14). `added`, `removed`: indices of entries; `expires`: milliseconds. */
  scim_clients: {
    id: string
    name: string
    person: string
    added: number
    expires: number
    removed: number | null
    token_hash: string | null
  }
  scim_users: {
    id: string
    client: string
    /** The person behind it now. */
    person: string
    active: number
    /** Commitment to what the client says of them. */
    user_commit: string
    /** Indices of the first and the last entry, and milliseconds of them. */
    added: number
    created: number
    changed: number
    modified: number
    /** Keyed hashes, as `identities.key`. */
    name_key: string | null
    /** Of what the name looks like (IDN-17). */
    look_key: string | null
    external_key: string | null
  }
  scim_groups: {
    id: string
    client: string
    name: string
    external: string | null
    added: number
    created: number
    changed: number
    modified: number
  }
  scim_members: { group: string; user: string }
}
