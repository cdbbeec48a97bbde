/** Where the rows about alerts, channels and detectors come from. spec/registers.md (REG-1). @module */
import type { AlertTables } from '../../ports/alert-tables.ts'
import { log, type TableRule } from './table-rule.ts'

export const ALERT_TABLES_FROM: { readonly [T in keyof AlertTables]: TableRule<T> } = {
  alert_policies: log('id'),
  alerts: {
    from: 'partly',
    key: ['id'],
    missing: ['count', 'last'],
    why: 'how often it was raised between two entries',
  },
  canaries: log('rule', 'day'),
  detector_states: {
    from: 'transient',
    key: ['rule'],
    missing: [],
    why: 'what detectors remember: they go through the log again, and find nothing in what was there',
  },
  channels: {
    from: 'partly',
    key: ['id'],
    missing: ['config_box'],
    why: 'where and with what it is told: add the channel again',
  },
  channel_states: {
    from: 'transient',
    key: ['channel'],
    missing: [],
    why: 'whether it was well: a rebuilt one has no address, and is added again',
  },
  alert_notices: {
    from: 'transient',
    key: ['id'],
    missing: [],
    why: 'what channels were told: they are told again what people ask for',
  },
  alert_keys: {
    from: 'transient',
    key: ['key'],
    missing: [],
    why: 'findings that were raised lately: those with an entry are known again',
  },
}
