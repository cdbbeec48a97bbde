/** Where the rows of the observer's tables come from. spec/registers.md (REG-1), spec/telemetry.md. @module */
import type { ObserveTables } from '../../ports/observe-tables.ts'
import type { TableRule } from './table-rule.ts'

export const OBSERVE_RULES: { readonly [T in keyof ObserveTables]: TableRule<T> } = {
  cursors: {
    from: 'transient',
    key: ['fold'],
    missing: [],
    why: 'how far the folds have come: they take the log from its start again',
  },
  tile_words: {
    from: 'transient',
    key: ['tile'],
    missing: [],
    why: 'where what is looked for may stand: the log is taken again',
  },
  observers: {
    from: 'transient',
    key: ['name'],
    missing: [],
    why: 'which node observes: another takes over',
  },
  places: {
    from: 'transient',
    key: ['id'],
    missing: [],
    why: 'what calls are counted by: the log is counted again',
  },
  counts: {
    from: 'transient',
    key: ['view', 'grain', 'bucket', 'place'],
    missing: [],
    why: 'counts of a minute, an hour, a day: the log is counted again',
  },
  named_counts: {
    from: 'transient',
    key: ['view', 'kind', 'grain', 'bucket', 'place', 'name'],
    missing: [],
    why: 'counts of reasons and measures: the log is counted again',
  },
  sources: {
    from: 'partly',
    key: ['id'],
    missing: ['token_hash'],
    why: 'the token that it comes with: add the source again',
  },
  spans: {
    from: 'transient',
    key: ['trace', 'span'],
    missing: [],
    why: 'what others tell of and nobody has judged yet: what was not found is an entry',
  },
  span_calls: {
    from: 'transient',
    key: ['point', 'epoch', 'seq'],
    missing: [],
    why: 'decisions of a day that spans are held against: the log has them',
  },
  span_days: {
    from: 'transient',
    key: ['day'],
    missing: [],
    why: 'the count of a day that is not over',
  },
  open_calls: {
    from: 'transient',
    key: ['action'],
    missing: [],
    why: 'calls without an outcome yet: the log has them',
  },
}
