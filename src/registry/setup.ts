/**
 * The first start: the log's first entries, the first person's invitation, and the policies kept for later starts.
 * Invariant: a database and a set of keys that do not belong together are refused, and so is a choice that the first
 * start has made otherwise. Issuer keys rotate and frame keys are replaced, so of those the one in force must be
 * there (KEY-2, KIL-21).
 * @module
 */
import { z } from 'zod'
import type { Crypto, Signer } from '../core/crypto.ts'
import { canonicalize, parseJson } from '../core/json.ts'
import { thumbprint } from '../core/jwk.ts'
import type { Store, Tx } from '../ports/store.ts'
import type { Vault } from '../ports/vault.ts'
import { SYSTEM } from './context.ts'
import { RegistryError } from './errors.ts'
import { frameKey, hasFrameKey, recordFirstFrameKey, type FrameRing } from './frame-ring.ts'
import { insertCurrentKey } from './issuer-keys.ts'
import type { IssuerRing } from './issuer-ring.ts'
import { addPersonTx } from './people.ts'
import { presetOwner } from './roles.ts'
import { presetTemplate } from './templates.ts'

export const SETTINGS = 'settings'
/** Which vault has the keys of what is sealed here. */
export const VAULT = 'vault'

const settingsSchema = z.strictObject({
  /** The log's origin; also the issuer's name. */
  origin: z.string().min(1).max(255),
  simulated: z.boolean(),
  separation: z.enum(['independent', 'after']),
  /** How stale a point's revocation state may be before it denies, in milliseconds (REV-8). */
  bound_ms: z.int().min(500).max(900_000),
  rp_id: z.string().min(1).max(255),
  origins: z.array(z.string().min(1).max(255)).min(1).max(8),
})
export type Settings = z.infer<typeof settingsSchema>

/** What somebody chose, by an option of its own each; nothing where they left it. */
export type Chosen = { readonly [Name in keyof Settings]: Settings[Name] | undefined }

const OPTIONS: Record<keyof Settings, string> = {
  origin: '--origin',
  simulated: '--simulated',
  separation: '--separation',
  bound_ms: 'the bound',
  rp_id: '--rp-id',
  origins: '--rp-origin',
}

/** The database holds these next to the settings, to notice keys of another installation. */
const storedSchema = z.strictObject({
  settings: settingsSchema,
  kids: z.strictObject({ frame: z.string(), log: z.string() }),
})

export interface SetupKeys {
  readonly issuer: IssuerRing
  readonly frame: FrameRing
  readonly log: Signer
}

/**
 * Works once; afterwards it returns what the first start decided, and no secret.
 * @throws {RegistryError} `SETUP_MISMATCH`: other keys, or something else was chosen than at the first start
 */
export function setUp(
  { store, crypto, vault }: { readonly store: Store; readonly crypto: Crypto; readonly vault: Vault },
  keys: SetupKeys,
  wanted: { readonly chosen: Chosen; readonly otherwise: Settings },
): Promise<{ settings: Settings; bootstrapSecret: string | null }> {
  const log = thumbprint(crypto, keys.log.publicJwk)
  return store.write(async (tx) => {
    const row = await tx.db.selectFrom('meta').select('value').where('name', '=', SETTINGS).executeTakeFirst()
    if (row) {
      const stored = storedSchema.parse(parseJson(row.value))
      const frame = await haveFrameKey(crypto, tx, keys, stored.kids.frame)
      if (!frame || stored.kids.log !== log) {
        throw new RegistryError(
          'SETUP_MISMATCH',
          'the keys are not those of this database: restore both together',
        )
      }
      await keys.issuer.current(tx.db)
      assertChosen(stored.settings, wanted.chosen)
      return { settings: stored.settings, bootstrapSecret: null }
    }
    const [frame] = keys.frame.signers
    if (frame === undefined) throw new RegistryError('SETUP_MISMATCH', 'there is no frame key')
    const kids = { frame: thumbprint(crypto, frame.publicJwk), log }
    await recordFirstFrameKey(crypto, tx.db, frame.publicJwk)
    const settings = settingsSchema.parse({ ...wanted.otherwise, ...madeIn(wanted.chosen) })
    await tx.db
      .insertInto('meta')
      .values({ name: SETTINGS, value: canonicalize({ settings, kids }) })
      .execute()
    await appendFirst(crypto, tx, { ...keys, frame }, settings)
    await presetTemplate({ crypto }, tx)
    const { person, invitation } = await addPersonTx({ crypto, vault }, tx, SYSTEM, 'First operator')
    await presetOwner({ crypto }, tx, person)
    return { settings, bootstrapSecret: invitation }
  })
}

/**
 * Whether the first frame key is there. @throws {RegistryError} `FRAME_KEY_MISSING`: it was replaced, and the new one is
 * not there
 */
async function haveFrameKey(crypto: Crypto, tx: Tx, { frame }: SetupKeys, first: string): Promise<boolean> {
  const known = frame.signers.find(({ publicJwk }) => thumbprint(crypto, publicJwk) === first)
  // A database from before there could be another has no row for it.
  if (known !== undefined) await recordFirstFrameKey(crypto, tx.db, known.publicJwk)
  else if (!(await hasFrameKey(tx.db))) return false
  if ((await frameKey(tx.db)).seq === 0) return frame.canSign(tx.db)
  await frame.current(tx.db)
  return true
}

function madeIn(chosen: Chosen): Partial<Settings> {
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined))
}

/** @throws {RegistryError} `SETUP_MISMATCH` */
function assertChosen(stored: Settings, chosen: Chosen): void {
  const others = (Object.keys(OPTIONS) as (keyof Settings)[]).filter((name) => {
    const value = chosen[name]
    return value !== undefined && canonicalize(value) !== canonicalize(stored[name])
  })
  if (others.length === 0) return
  const kept = others.map((name) => `${OPTIONS[name]} is ${String(stored[name])}`).join(' and ')
  throw new RegistryError(
    'SETUP_MISMATCH',
    `${kept} here since the first start: leave ${others.length === 1 ? 'it' : 'them'} out, or begin with another --data`,
  )
}

async function appendFirst(
  crypto: Crypto,
  tx: Tx,
  keys: Omit<SetupKeys, 'frame'> & { readonly frame: Signer },
  settings: Settings,
): Promise<void> {
  await tx.append({ type: 'log.created', actor: SYSTEM, body: settings })
  const [issuer] = keys.issuer.signers
  if (issuer === undefined) throw new RegistryError('SETUP_MISMATCH', 'there is no issuer key')
  for (const [use, { publicJwk: jwk }] of Object.entries({ issuer, frame: keys.frame, log: keys.log })) {
    const kid = thumbprint(crypto, jwk)
    const body = { use: use as keyof SetupKeys, kid, jwk }
    await tx.append({ type: 'key.created', actor: SYSTEM, subject: kid, body })
    if (use === 'issuer') await insertCurrentKey(tx, kid, jwk)
  }
}

/**
 * The vault that the database was begun with (ERA-4). @param begin takes another in its place: what is sealed is lost
 * @throws {RegistryError} `SETUP_MISMATCH`
 */
export function pairVault(store: Store, vault: Vault, begin: boolean): Promise<void> {
  return store.write(async (tx) => {
    const row = await tx.db.selectFrom('meta').select('value').where('name', '=', VAULT).executeTakeFirst()
    if (row?.value === vault.id) return
    if (row && !begin) {
      throw new RegistryError(
        'SETUP_MISMATCH',
        'the vault is not that of this database: restore it from its backup, name the one that the other nodes use ' +
          'with --vault, or begin a new one with --new-vault, after which names, instructions and arguments are lost',
      )
    }
    await tx.db
      .insertInto('meta')
      .values({ name: VAULT, value: vault.id })
      .onConflict((on) => on.column('name').doUpdateSet({ value: vault.id }))
      .execute()
    // Nobody opens them any more: kept, they would only stand in the way of a value that comes again.
    if (row) await tx.db.deleteFrom('sealed').execute()
  })
}
