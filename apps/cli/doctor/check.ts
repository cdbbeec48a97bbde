/** One thing that `doctor` looked at. spec/backup.md (DOC-1). @module */

export type DoctorCode =
  | 'ANCHORS_DAMAGED'
  | 'ANCHORS_NONE'
  | 'ANCHOR_OLD'
  | 'BACKUP_NONE'
  | 'BACKUP_OLD'
  | 'BREAK_GLASS_ONLINE'
  | 'CHECKPOINT_AHEAD'
  | 'CHECKPOINT_INVALID'
  | 'CHECKPOINT_MISSING'
  | 'CLOCK_BEHIND'
  | 'DATABASE_BEHIND'
  | 'DATABASE_DAMAGED'
  | 'DATABASE_MISSING'
  | 'DATABASE_UNUSABLE'
  | 'DATABASE_VERSION'
  | 'DATA_MISSING'
  | 'DATA_OPEN'
  | 'DISK_FULL'
  | 'DISK_SLOW'
  | 'DISK_UNWRITABLE'
  | 'ENTRY_CHANGED'
  | 'ENTRY_MISSING'
  | 'EPOCH_REOPENED'
  | 'FRAME_KEY_MISSING'
  | 'ISSUER_KEY_MISSING'
  | 'KEYS_MISSING'
  | 'KEYS_PLAIN'
  | 'KEY_INVALID'
  | 'KEY_OPEN'
  | 'LOCK_INVALID'
  | 'LOCK_MISSING'
  | 'LOG_DIVERGED'
  | 'NODE_OLD'
  | 'OK'
  | 'PRUNING_INVALID'
  | 'REVOCATIONS_MANY'
  | 'SERVER_FAULT'
  | 'SERVER_UNREACHABLE'
  | 'TAIL_UNPUBLISHED'
  | 'TILE_DAMAGED'
  | 'VAULT_MISMATCH'
  | 'VAULT_MISSING'
  | 'VAULT_OPEN'
  | 'VAULT_PLAIN'
  | 'VAULT_UNUSABLE'
  | 'VKEY_MISMATCH'
  | 'WITNESS_MISSING'
  | 'WITNESS_OLD'
  | 'WITNESS_UNREACHABLE'

export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly code: DoctorCode
  /** What was found. Never a secret, never a value of a register. */
  readonly found: string
  /** What to do next, when there is something to do. */
  readonly next?: string
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', code: 'OK', found }
}

export function warn(name: string, code: DoctorCode, found: string, next: string): Check {
  return { name, state: 'warn', code, found, next }
}

export function fail(name: string, code: DoctorCode, found: string, next: string): Check {
  return { name, state: 'fail', code, found, next }
}
