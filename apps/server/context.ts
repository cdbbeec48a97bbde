/** What the routes share: the registers, the clock, the streams and where the server believes it is. @module */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { PublicJwk, Signer } from '../../src/core/crypto.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import type { Actor } from '../../src/log/entries.ts'
import type { Caller } from '../../src/registry/callers.ts'
import type { RegistryContext } from '../../src/registry/context.ts'
import type { PreviewRow } from '../../src/registry/preview-rows.ts'
import type { Settings } from '../../src/registry/setup.ts'
import type { DpopVerifier } from './auth.ts'
import type { EntryFeed, FeedReader } from './entry-feed.ts'
import { ApiError } from './errors.ts'
import type { FleetFeed } from './fleet-feed.ts'
import type { IdentityContext } from './identity/context.ts'
import type { Idempotency } from './idempotency.ts'
import type { OauthSettings } from './oauth/settings.ts'
import type { PackJobs } from './pack-jobs.ts'
import type { PreviewBooks } from './preview-books.ts'
import type { PruneKeeper } from './prune-keeper.ts'
import type { RevocationHub } from './revocation-hub.ts'
import type { SampleMaker } from './sample-maker.ts'
import type { ServiceDoor } from './service-door.ts'
import type { Session, Sessions } from './sessions.ts'

export interface ServerContext {
  readonly registry: RegistryContext
  readonly settings: Settings
  readonly clock: Clock
  readonly tiles: TileStore
  readonly hub: RevocationHub
  readonly feed: EntryFeed
  readonly fleet: FleetFeed
  readonly sessions: Sessions
  readonly prunings: PruneKeeper
  readonly previews: PreviewBooks
  readonly packs: PackJobs
  readonly samples: SampleMaker
  readonly dpop: DpopVerifier
  readonly idempotency: Idempotency
  readonly services: ServiceDoor
  readonly vkey: string
  /** Signs what nodes tell each other. */
  readonly log: Signer
  /** The note that this node signed or took over last. */
  readonly signed: () => Promise<Uint8Array | null>
  readonly oauth: OauthSettings
  readonly identity: IdentityContext
  readonly heartbeat_ms: number
  /** Where callers reach the server, without a trailing slash; known once it listens. */
  publicUrl(): string
  /** Values of `Host` that are ours. */
  hosts(): ReadonlySet<string>
  /** Entries that the observer has not taken; null where another node observes. */
  behind(): Promise<number | null>
  /** Why the log cannot be published, or null. */
  fault(): Error | null
  report(error: unknown): void
}

export interface AppEnv {
  Variables: {
    /** Set by `who`. */
    caller: Caller
    /** Set by `who`, where the caller is the person of a browser's session. */
    session: Session | undefined
    /** Whether an operation, as `/openapi.json` names it, is nothing without a person's gesture. */
    takesGesture: (operation: string) => boolean
    /** Set by `anyKey`, and by `who` for a program: the key that signed, whoever's it is. */
    signedBy: PublicJwk
    /** Set by the middleware of previews: in force when it was asked. */
    preview: PreviewRow
    /** Set by `viewer`: whether the reader still may read. */
    reader: FeedReader
  }
}

export type App = OpenAPIHono<AppEnv>

/** Whom an entry is attributed to: a person, or a program (SVC-12). */
export function callerActor(c: Context<AppEnv>): Actor {
  const { kind, id } = c.get('caller')
  return { kind, id }
}

/** The identifier of the caller, who is known to be of that kind because the route asked for it. */
export function callerId(c: Context<AppEnv>, kind: Caller['kind']): string {
  const caller = c.get('caller')
  if (caller.kind !== kind) throw new ApiError('FORBIDDEN', `this needs the key of a ${kind}`)
  return caller.id
}
