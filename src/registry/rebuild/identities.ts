/** Folds of identity providers and what they provision. spec/registers.md, spec/identity.md. @module */
import type { TableRule } from './table-rule.ts'
import { log } from './table-rule.ts'
import type { IdentityTables } from '../../ports/identity-tables.ts'
import { dropIdentity, insertIdentity } from '../identity-rows.ts'
import {
  dropGroup,
  dropMembers,
  dropUser,
  insertClient,
  insertGroup,
  insertMembers,
  insertUser,
  markClientRemoved,
  renewClient,
  updateGroup,
  updateUser,
} from '../scim-rows.ts'
import { committed } from './commitments.ts'
import type { Folds } from './state.ts'

export const IDENTITY_RULES: { readonly [T in keyof IdentityTables]: TableRule<T> } = {
  identities: {
    from: 'partly',
    key: ['id'],
    missing: ['key'],
    why: 'what accounts at providers are found by: people connect theirs again',
  },
  scim_clients: {
    from: 'partly',
    key: ['id'],
    missing: ['token_hash'],
    why: 'the token that it comes with: add the client again',
  },
  scim_users: {
    from: 'partly',
    key: ['id'],
    missing: ['name_key', 'look_key', 'external_key'],
    why: 'what users are found by: their client is added again, and says them again',
  },
  scim_groups: log('id'),
  scim_members: log('group', 'user'),
}

export const identityFolds: Folds = {
  'identity.linked': async (at, { subject = '', body: { identity, iss, by }, commitments }) => {
    const sub_commit = commitments?.sub ?? ''
    const row = { id: identity, person: subject, iss, by, sub_commit, entry: at.index, key: null }
    await insertIdentity(at.db, row)
    await committed(at, subject, 'sub', sub_commit)
  },
  'identity.unlinked': ({ db }, { body }) => dropIdentity(db, body.identity),
  'scim.client_added': ({ db, index }, { subject = '', actor, body }) =>
    insertClient(db, {
      id: subject,
      ...body,
      person: actor.id,
      added: index,
      removed: null,
      token_hash: null,
    }),
  'scim.client_renewed': ({ db }, { subject = '', body }) =>
    renewClient(db, subject, { ...body, token_hash: null }),
  'scim.client_removed': ({ db, index }, { subject = '' }) => markClientRemoved(db, subject, index),
  'scim.user_added': async (at, { subject = '', body: { client, person }, commitments }) => {
    const { db, index, time_ms } = at
    const user_commit = commitments?.user ?? ''
    await committed(at, person, 'user', user_commit)
    const times = { added: index, created: time_ms, changed: index, modified: time_ms }
    const keys = { name_key: null, look_key: null, external_key: null }
    await insertUser(db, { id: subject, client, person, active: 1, user_commit, ...times, ...keys })
  },
  'scim.user_changed': async (at, { subject = '', body: { person, active }, commitments }) => {
    const { db, index, time_ms } = at
    const user_commit = commitments?.user ?? ''
    const before = await db
      .selectFrom('scim_users')
      .select('user_commit')
      .where('id', '=', subject)
      .executeTakeFirst()
    if (before) await db.deleteFrom('sealed').where('commitment', '=', before.user_commit).execute()
    await committed(at, person, 'user', user_commit)
    const times = { changed: index, modified: time_ms }
    await updateUser(db, subject, { person, active: active ? 1 : 0, user_commit, ...times })
  },
  'scim.user_removed': ({ db }, { subject = '' }) => dropUser(db, subject),
  'scim.group_added': ({ db, index, time_ms }, { subject = '', body }) =>
    insertGroup(db, {
      id: subject,
      ...body,
      added: index,
      created: time_ms,
      changed: index,
      modified: time_ms,
    }),
  'scim.group_changed': async ({ db, index, time_ms }, { subject = '', body }) => {
    const { added, removed, name, external } = body
    const said = {
      ...(name === undefined ? {} : { name }),
      ...(external === undefined ? {} : { external }),
    }
    await dropMembers(db, subject, removed)
    await insertMembers(db, subject, added)
    await updateGroup(db, subject, { ...said, changed: index, modified: time_ms })
  },
  'scim.group_removed': ({ db }, { subject = '' }) => dropGroup(db, subject),
}
