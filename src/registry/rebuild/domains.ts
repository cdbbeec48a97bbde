/** Folds of memory domains. spec/registers.md, spec/flow.md. @module */
import { recordCleared, recordHandedOver, recordLeased, recordWanted } from '../domain-rows.ts'
import type { Folds } from './state.ts'

export const domainFolds: Folds = {
  'domain.leased': ({ db }, { subject = '', body }) => recordLeased(db, subject, body),
  'domain.wanted': ({ db, time_ms }, { subject = '', body }) =>
    recordWanted(db, subject, time_ms, body.agents),
  'domain.handed_over': ({ db }, { body }) => recordHandedOver(db, body),
  'domain.cleared': ({ db }, { body }) => recordCleared(db, body),
}
