/** Where the rows come from of the registers of drift. spec/registers.md (REG-1). @module */
import type { DriftTables } from '../../ports/drift-tables.ts'
import { log, type TableRule } from './table-rule.ts'

export const OBSERVED_TABLES: {
  readonly [T in keyof DriftTables]: TableRule<T>
} = {
  drift_policies: log('id'),
  drift_levels: log('epoch'),
  baselines: {
    from: 'partly',
    key: ['id'],
    missing: ['document'],
    why: 'documents, of which the log has the digests: the observer learns them again from the receipts',
  },
  drift_state: {
    from: 'transient',
    key: ['name'],
    missing: [],
    why: 'open sessions and what detectors count: the observer comes to the same from the entries',
  },
}
