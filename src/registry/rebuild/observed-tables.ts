/** Where the rows come from that the observer writes, and the registers of drift. spec/registers.md (REG-1). @module */
import type { DriftTables } from '../../ports/drift-tables.ts'
import type { ObserveTables } from '../../ports/observe-tables.ts'
import { log, type TableRule } from './table-rule.ts'

export const OBSERVED_TABLES: {
  readonly [T in keyof (DriftTables & ObserveTables)]: TableRule<T>
} = {
  drift_policies: log('id'),
  drift_levels: log('epoch'),
  baselines: {
    from: 'partly',
    key: ['id'],
    missing: ['document'],
    why: 'documents, of which the log has the digests: the observer learns them again from the receipts',
  },
  cursors: {
    from: 'transient',
    key: ['fold'],
    missing: [],
    why: 'how far the folds have come: they take the log from its start again',
  },
  observers: {
    from: 'transient',
    key: ['name'],
    missing: [],
    why: 'which node observes: another takes over',
  },
  drift_state: {
    from: 'transient',
    key: ['name'],
    missing: [],
    why: 'open sessions and what detectors count: the observer comes to the same from the entries',
  },
  series: {
    from: 'transient',
    key: ['id'],
    missing: [],
    why: 'what is counted: the log is counted again',
  },
  buckets: {
    from: 'transient',
    key: ['scope', 'grain', 'bucket', 'series'],
    missing: [],
    why: 'counts of a minute, an hour, a day: the log is counted again',
  },
  open_calls: {
    from: 'transient',
    key: ['action'],
    missing: [],
    why: 'calls without an outcome yet: the log has them',
  },
}
