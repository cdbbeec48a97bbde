/**
 * Channels: where people hear of alerts. spec/alerts.md (ALR-12, ALR-13).
 * Invariant: that there is one is in the log; where and with what it is told is sealed, and goes with the channel.
 * @module
 */
import type { Kysely } from 'kysely'
import { CHANNELS_MAX } from '../core/alert.ts'
import { channelSchema, hostOf, type Channel } from '../core/channel.ts'
import { base64, base64url, fromBase64url } from '../core/encoding.ts'
import { newId } from '../core/ids.ts'
import { SECRET_PREFIX } from '../core/standard-webhook.ts'
import type { Schema } from '../ports/schema.ts'
import { personActor, SYSTEM, type RegistryContext } from './context.ts'
import { RegistryError } from './errors.ts'
import { isLoopback } from './listeners.ts'
import { findEnrolled } from './people.ts'
import { openFor, sealFor } from './personal.ts'

const SECRET_BYTES = 32

export type ChannelRow = Schema['channels']

/**
 * @param isLocal whether this control plane serves a loopback address: it may then tell others there without TLS
 * @returns `secret` is that of a webhook, shown once
 * @throws {RegistryError} `CHANNEL_INVALID`, `LIMIT_EXCEEDED`, `NOT_ENDORSED`
 */
export function addChannel(
  ctx: RegistryContext,
  person: string,
  channel: Channel,
  isLocal: boolean,
): Promise<{ readonly channel: string; readonly secret?: string }> {
  assertSafe(channel, isLocal)
  return ctx.store.write(async (tx) => {
    await findEnrolled(tx.db, person)
    if ((await listChannels(tx.db)).length >= CHANNELS_MAX)
      throw new RegistryError('LIMIT_EXCEEDED', `${CHANNELS_MAX} channels are registered: remove one`)
    const id = newId(ctx.crypto, 'chn', tx.now)
    const secret = channel.kind === 'webhook' ? ctx.crypto.randomBytes(SECRET_BYTES) : null
    const body = { kind: channel.kind, host: hostOf(channel) }
    const added = await tx.append({
      type: 'channel.added',
      actor: personActor(person),
      subject: id,
      body,
    })
    const kept = { channel, secret: secret && base64url(secret) }
    const config_box = await sealFor(ctx, id, placeOf(id), kept)
    await insertChannel(tx.db, { id, ...body, added, config_box })
    const state = { attempts: 0, next_try: 0, failing_since: null, alerted: 0, claimed_until: 0 }
    await tx.db
      .insertInto('channel_states')
      .values({ channel: id, ...state })
      .execute()
    return { channel: id, ...(secret === null ? {} : { secret: SECRET_PREFIX + base64(secret) }) }
  })
}

/** Secrets and alerts go over TLS; a mail server or collector without it is somebody's choice, and says so. */
function assertSafe(channel: Channel, isLocal: boolean): void {
  if (!('url' in channel) || channel.url === undefined) return
  const url = new URL(channel.url)
  const isSafe = url.protocol === 'https:' || (isLocal && isLoopback(url.hostname))
  if (!isSafe || url.username !== '' || url.password !== '')
    throw new RegistryError('CHANNEL_INVALID', 'a channel has an https URL without user and password')
}

function placeOf(channel: string): string {
  return `channel/${channel}`
}

export async function insertChannel(db: Kysely<Schema>, row: Omit<ChannelRow, 'removed'>): Promise<void> {
  await db
    .insertInto('channels')
    .values({ ...row, removed: null })
    .execute()
}

export async function endChannel(db: Kysely<Schema>, id: string, removed: number): Promise<void> {
  await db.updateTable('channels').set({ removed, config_box: null }).where('id', '=', id).execute()
}

/** @param by null: it asked to be told no more. @throws {RegistryError} `UNKNOWN_CHANNEL`, `NOT_ENDORSED` */
export async function removeChannel(ctx: RegistryContext, by: string | null, id: string): Promise<void> {
  await ctx.store.write(async (tx) => {
    if (by !== null) await findEnrolled(tx.db, by)
    await findChannel(tx.db, id)
    const removed = await tx.append({
      type: 'channel.removed',
      actor: by === null ? SYSTEM : personActor(by),
      subject: id,
      body: { reason: by === null ? 'gone' : 'removed' },
    })
    await endChannel(tx.db, id, removed)
    await tx.db.deleteFrom('channel_states').where('channel', '=', id).execute()
    await tx.db.deleteFrom('alert_notices').where('channel', '=', id).execute()
  })
  await ctx.vault.destroy([id])
}

export function listChannels(db: Kysely<Schema>): Promise<ChannelRow[]> {
  return db.selectFrom('channels').selectAll().where('removed', 'is', null).orderBy('id').execute()
}

/** @throws {RegistryError} `UNKNOWN_CHANNEL`: or it was removed */
export async function findChannel(db: Kysely<Schema>, id: string): Promise<ChannelRow> {
  const row = (await listChannels(db)).find((one) => one.id === id)
  if (row === undefined)
    throw new RegistryError('UNKNOWN_CHANNEL', 'no such channel: see "countersign channel list"')
  return row
}

/** @returns null when it cannot be opened any more: add the channel again */
export async function configOf(
  ctx: Pick<RegistryContext, 'vault'>,
  { id, config_box }: Pick<ChannelRow, 'id' | 'config_box'>,
): Promise<{ readonly channel: Channel; readonly secret: Uint8Array | null } | null> {
  if (config_box === null) return null
  const kept = (await openFor(ctx, id, placeOf(id), config_box)) as {
    channel: unknown
    secret: string | null
  } | null
  if (kept === null) return null
  return {
    channel: channelSchema.parse(kept.channel),
    secret: kept.secret === null ? null : fromBase64url(kept.secret),
  }
}
