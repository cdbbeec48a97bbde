/** Folds of the inventory. spec/registers.md, spec/inventory.md. @module */
import { assignRow, putItem, removeRow } from '../inventory-rows.ts'
import type { Folds } from './state.ts'

export const inventoryFolds: Folds = {
  'inventory.recorded': ({ db }, { subject = '', body }) =>
    putItem(db, subject, body.item, body.point ?? null),
  'inventory.assigned': ({ db }, { subject = '', body }) => assignRow(db, subject, body),
  'inventory.removed': ({ db }, { subject = '' }) => removeRow(db, subject),
}
