/** Bodies of the entries about versions of agents and about the inventory. spec/inventory.md, spec/entries.md. @module */
import { z } from 'zod'
import { gestureSchema } from '../core/gesture.ts'
import { manifestSchema } from '../core/manifest.ts'
import { REASON_CODE } from './erasure-bodies.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const reason = z.string().regex(REASON_CODE)
const time = z.iso.datetime()

export const ITEM_KINDS = ['agent', 'server', 'account', 'key', 'app', 'credential'] as const
export const SECRET_KINDS = ['none', 'static', 'rotated', 'federated', 'unknown'] as const

/** INV-2: what was found, without a secret and without the name of a person. */
export const itemSchema = z.strictObject({
  ref: digest,
  kind: z.enum(ITEM_KINDS),
  name: z.string().min(1).max(256),
  origin: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  secret: z.enum(SECRET_KINDS),
  /** The file or project that it was found in. */
  where: z.string().max(256).exactOptional(),
  /** Of variables and headers that hold a secret, never what they hold. */
  names: z.array(z.string().max(128)).max(64).exactOptional(),
  scope: z.array(z.string().max(256)).max(64).exactOptional(),
  /** Of its secret. */
  created: time.exactOptional(),
  rotated: time.exactOptional(),
  used: time.exactOptional(),
  /** How often its secret is to be rotated. */
  rotate_days: z.int().positive().max(3660).exactOptional(),
  /** Of what a point sends, under a key that it never tells: another one when the secret is another (INV-7). */
  print: digest.exactOptional(),
})

export type Item = z.infer<typeof itemSchema>

export const inventoryBodies = {
  'version.proposed': z.strictObject({ manifest: digest, document: manifestSchema }),
  'version.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('version.approve'),
      agent: id,
      manifest: digest,
      /** Index of the `version.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'version.withdrawn': z.strictObject({ manifest: digest, reason }),
  'version.statement_issued': z.strictObject({ manifest: digest, exp: z.int() }),
  /** First, and again when something of it changed. */
  'inventory.recorded': z.strictObject({ item: itemSchema, point: id.exactOptional() }),
  /** Each member replaces what was there; null takes it away. */
  'inventory.assigned': z.strictObject({
    owner: id.nullable().exactOptional(),
    system: id.nullable().exactOptional(),
    agent: id.nullable().exactOptional(),
  }),
  'inventory.removed': z.strictObject({ reason }),
} as const
