/**
 * The version manifest of an agent: what makes this version of it what it is. spec/inventory.md (VER-1).
 * Kept apart from secrets and from people: a model, digests, names of tools, a commit, results of tests.
 * @module
 */
import { z } from 'zod'
import type { Crypto } from './crypto.ts'
import { base64url } from './encoding.ts'
import { canonicalBytes } from './json.ts'

/** Of its canonical JSON: an entry of the log has to have room for it. */
export const MANIFEST_BYTES_MAX = 16 * 1024

const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

export const manifestSchema = z.strictObject({
  /** As its makers call it. */
  version: z.union([z.string().min(1).max(64), z.int()]).exactOptional(),
  model: z.string().min(1).max(128).exactOptional(),
  /** base64url SHA-256 of the system prompt, byte for byte. */
  prompt: digest.exactOptional(),
  tools: z.array(z.string().min(1).max(128)).max(256).exactOptional(),
  /** Git object identifier of the source, SHA-1 or SHA-256. */
  commit: z
    .string()
    .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
    .exactOptional(),
  /** What it was tested with before somebody was asked to approve it. */
  tests: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(128),
        passed: z.int().nonnegative(),
        failed: z.int().nonnegative(),
        /** base64url SHA-256 of the report. */
        report: digest.exactOptional(),
      }),
    )
    .max(64)
    .exactOptional(),
  /** What an OAuth client says of itself: of such an agent nothing else is known (OAU-11). */
  oauth_client: z
    .strictObject({
      client_id: z.string().max(2048),
      client_name: z.string().max(1024).nullable(),
      redirect_uris: z.array(z.string().max(2048)).max(64),
    })
    .exactOptional(),
})

export type Manifest = z.infer<typeof manifestSchema>

/** The base64url SHA-256 of its canonical JSON: what roots, sessions and receipts name a version by. */
export function manifestDigest(crypto: Crypto, manifest: Manifest): string {
  return base64url(crypto.sha256(canonicalBytes(manifest)))
}

export function fitsEntry(manifest: Manifest): boolean {
  return canonicalBytes(manifest).length <= MANIFEST_BYTES_MAX
}
