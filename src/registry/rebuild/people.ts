/** Folds of people, systems, tools and agents. spec/registers.md. @module */
import { canonicalize } from '../../core/json.ts'
import { thumbprint } from '../../core/jwk.ts'
import type { EntryBody } from '../../log/entries.ts'
import type { Schema } from '../../ports/schema.ts'
import { beginRecovery, endPasskeys, insertPasskey, setPasskey, settleRecovery } from '../passkey-rows.ts'
import { fileUnder } from '../personal.ts'
import { insertVersion, markApproved, markWithdrawn } from '../version-rows.ts'
import { settleChange, waiting } from '../tool-changes.ts'
import { rowOf } from '../tool-rows.ts'
import { committed } from './commitments.ts'
import type { At, Folds } from './state.ts'

/** A name that an old log does not have. */
const NO_NAME = ''

export const peopleFolds: Folds = {
  'person.added': async (at, { subject = '', commitments }) => {
    const name_commit = commitments?.name ?? null
    await at.db
      .insertInto('people')
      .values({
        id: subject,
        name_commit,
        status: 'added',
        rev: null,
        registration: null,
        operator_jkt: null,
        endorsed: null,
      })
      .execute()
    await fileUnder(at, { id: subject, owner: null, first: at.index })
    await committed(at, subject, 'name', name_commit)
  },
  'person.enrolled': async (at, { subject = '', body, commitments }) => {
    const { db, crypto, index } = at
    const { rev, credential, operator } = body
    const name_commit = commitments?.name
    await committed(at, subject, 'name', name_commit ?? null)
    const operator_jkt = thumbprint(crypto, operator)
    await db
      .updateTable('people')
      .set({
        status: 'enrolled',
        rev,
        registration: index,
        operator_jkt,
        ...(name_commit === undefined ? {} : { name_commit }),
      })
      .where('id', '=', subject)
      .execute()
    await insertPasskey(db, { ...registered(at, subject, credential), status: 'waiting', operator_jkt })
  },
  'person.endorsed': async ({ db, index }, { subject = '', body }) => {
    const { registration } = body.act
    const recovery = await db
      .selectFrom('recoveries')
      .select('person')
      .where('person', '=', subject)
      .where('registration', '=', registration)
      .executeTakeFirst()
    if (recovery !== undefined) await settleRecovery(db, subject, registration)
    else await setPasskey(db, registration, 'counts')
    await db.updateTable('people').set({ endorsed: index }).where('id', '=', subject).execute()
  },
  'person.passkey_added': (at, { subject = '', body: { credential, gesture } }) =>
    insertPasskey(at.db, {
      ...registered(at, subject, credential),
      status: 'counts',
      adder: gesture.registration,
    }),
  'person.passkey_removed': ({ db }, { subject = '', body }) => endPasskeys(db, subject, [body.passkey]),
  'person.recovery_invited': ({ db, index }, { subject = '', actor }) =>
    beginRecovery(db, {
      person: subject,
      invitation: index,
      inviter: actor.kind === 'person' ? actor.id : null,
    }),
  'person.reregistered': async (at, { subject = '', body: { credential, operator } }) => {
    const operator_jkt = thumbprint(at.crypto, operator)
    await insertPasskey(at.db, { ...registered(at, subject, credential), status: 'recovering', operator_jkt })
    await at.db
      .updateTable('recoveries')
      .set({ registration: at.index })
      .where('person', '=', subject)
      .execute()
  },
  'person.left': async ({ db }, { subject = '' }) => {
    await db.updateTable('people').set({ status: 'left' }).where('id', '=', subject).execute()
  },
  'system.added': async ({ db }, { subject = '', body }) => {
    await db.insertInto('systems').values({ id: subject, name: body.name }).execute()
  },
  'tool.registered': async ({ db }, { subject = '', body }) => {
    const row = rowOf(body)
    await db
      .insertInto('tools')
      .values({ id: subject, ...row })
      .onConflict((on) => on.column('id').doUpdateSet(row))
      .execute()
  },
  'tool.changed': async ({ db, index }, { subject = '', actor, body }) => {
    const { registered, becomes } = body
    await db
      .insertInto('tool_changes')
      .values({ id: subject, registered, ...waiting(becomes), proposer: actor.id, proposal: index })
      .execute()
  },
  'tool.approved': async ({ db }, { subject = '' }) => settleChange(db, subject),
}

function registered(
  { index, time_ms }: At,
  person: string,
  credential: EntryBody<'person.enrolled'>['credential'],
) {
  return {
    person,
    registration: index,
    credential,
    credential_id: null,
    adder: null,
    operator_jkt: null,
    now_ms: time_ms,
  }
}

export const agentFolds: Folds = {
  'agent.proposed': async ({ db, index }, { subject = '', actor, body }) => {
    const { name = NO_NAME, owner, class: agentClass, purpose, systems, manifest, document = {} } = body
    await db
      .insertInto('agents')
      .values({
        id: subject,
        name,
        owner,
        class: agentClass,
        purpose,
        systems_json: canonicalize(systems),
        manifest,
        proposal: index,
        proposer: actor.id,
        status: 'proposed',
      })
      .execute()
    await insertVersion(db, { agent: subject, manifest, document, proposer: actor.id, proposal: index })
  },
  'agent.approved': async (at, { subject = '' }) => {
    await setStatus(at, subject, 'approved')
    const row = await at.db
      .selectFrom('agents')
      .select('manifest')
      .where('id', '=', subject)
      .executeTakeFirst()
    if (row) await markApproved(at.db, { agent: subject, manifest: row.manifest, approval: at.index })
  },
  'version.proposed': async ({ db, index }, { subject = '', actor, body }) =>
    insertVersion(db, { ...body, agent: subject, proposer: actor.id, proposal: index }),
  'version.approved': async ({ db, index }, { subject = '', body }) =>
    markApproved(db, { agent: subject, manifest: body.act.manifest, approval: index }),
  'version.withdrawn': async ({ db }, { subject = '', body }) => markWithdrawn(db, subject, body.manifest),
  'agent.activated': (at, { subject }) => setStatus(at, subject, 'active'),
  'agent.retired': (at, { subject }) => setStatus(at, subject, 'retired'),
  'agent.suspended': async (at, { subject = '' }) => {
    await setStatus(at, subject, 'suspended')
    await at.db.updateTable('agent_keys').set({ revoked: 1 }).where('agent', '=', subject).execute()
  },
  'agent.key_added': async ({ db, crypto }, { subject = '', body }) => {
    await db
      .insertInto('agent_keys')
      .values({
        jkt: thumbprint(crypto, body.jwk),
        agent: subject,
        jwk_json: canonicalize({ ...body.jwk }),
        revoked: 0,
      })
      .execute()
    if (body.point !== undefined)
      await db
        .insertInto('hosting_keys')
        .values({
          jkt: thumbprint(crypto, body.jwk),
          point: body.point,
          jwk_json: canonicalize({ ...body.jwk }),
          agent: subject,
        })
        .execute()
  },
}

async function setStatus(
  { db }: At,
  agent: string | undefined,
  status: Schema['agents']['status'],
): Promise<void> {
  await db
    .updateTable('agents')
    .set({ status })
    .where('id', '=', agent ?? '')
    .execute()
}
