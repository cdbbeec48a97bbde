/** How a control plane is started. @module */
import type { Clock } from '../../src/ports/clock.ts'
import type { AnchorSettings } from './anchor-settings.ts'
import type { FirstChoices } from './first-choices.ts'
import type { IdentityOptions } from './identity/settings.ts'
import type { OtlpTarget } from './otlp-exporter.ts'
import type { OauthOptions } from './oauth/settings.ts'

export interface ServerOptions extends FirstChoices, OauthOptions, IdentityOptions {
  readonly dataDir: string
  /** `postgres://…`: state and log live there, and other nodes may share them. SQLite in `dataDir` unless told otherwise. */
  readonly store?: string
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string
  /** 0: any free port. */
  readonly port?: number
  /** Where callers reach the server, when that is not `http://host:port`. */
  readonly publicUrl?: string
  /** Addresses of the other nodes of this log, where each has a folder of its own (LOG-44). */
  readonly peers?: readonly string[]
  /** A person who lost every passkey is invited again, by whoever holds this machine (PPL-13). */
  readonly recover?: string
  /** The checkpoint that was signed last, by the word of an operator. */
  readonly takeOverFrom?: Uint8Array
  /** Public files and last checkpoint in a bucket (apps/server/tiles.ts), instead of under `dataDir`. */
  readonly tilesUrl?: string
  readonly s3Endpoint?: string
  readonly s3Style?: 'path' | 'virtual-host'
  readonly heartbeatMs?: number
  /** The folder of the key files, `keys` in `dataDir` unless told otherwise: nodes that share it share rotations too. */
  readonly keys?: string
  /** Of the key files (KEY-10) and the vault (ERA-13). What is in the clear is encrypted under it. */
  readonly passphrase?: string
  /** Told of each key file that was encrypted, and of the vault. */
  readonly onEncrypted?: (file: string) => void
  /** Told of the file of the break-glass key when it was made: it is to be taken offline (KIL-7). */
  readonly onBreakGlass?: (file: string) => void
  /** Publish from a thread of its own (docs/adr/0023). */
  readonly publisherThread?: boolean
  /** Whether listeners may be on this machine and in its network (SIG-9). */
  readonly listenersAnywhere?: boolean
  /** Who cosigns the log, and where it is anchored. */
  readonly anchors?: AnchorSettings
  /** Where the keys of what is sealed are, which nodes on one database share: a file, `vault.db` in `dataDir` unless told otherwise, or `postgres://…`. */
  readonly vault?: string
  /** Begins an empty vault in place of one that is lost: what was sealed is lost with it (ERA-4). */
  readonly newVault?: boolean
  /** Told of erased subjects whose key was there again, from a backup: it is destroyed now (ERA-10). */
  readonly onErasedAgain?: (subjects: readonly string[]) => void
  /** An OpenTelemetry collector that is told of every call (TEL-14). */
  readonly otlp?: OtlpTarget
  /** Control files of a company's own, for auditors' previews (PRV-8) and what the console shows (EVD-1). */
  readonly controls?: string
  readonly clock?: Clock
  /** Hears why the log is not published, once for as long as it is for that. */
  readonly onUnpublished?: (error: Error) => void
  /** Hears of unexpected faults. Messages may name files, never secrets. */
  readonly report?: (error: unknown) => void
}
