/**
 * What the flow rules went by, as a receipt keeps it: bounded, and without a word of arguments or results.
 * spec/enforcement.md (RCP-11). Pure.
 * @module
 */
import type { DataLabel } from '../../core/label.ts'
import type { Basis } from '../../decide/flow/types.ts'
import { BASIS_MAX, BASIS_TEXT_MAX, type BasisRecord, type FlowRecord } from '../../log/receipt-flow.ts'

/** The name of a field. What else stands as a name in an object may be data: an address, a person. */
const FIELD = /^(?:[A-Za-z_$][A-Za-z0-9_$-]{0,31}|\d{1,9})$/

export function recordOf(basis: readonly Basis[], { categories, integrity, level }: DataLabel): FlowRecord {
  const objecting = basis.filter(({ verdict }) => verdict !== 'passes')
  const passing = basis.filter(({ verdict }) => verdict === 'passes')
  const kept = [...objecting, ...passing].slice(0, BASIS_MAX).map(basisRecord)
  const left_out = basis.length - kept.length
  // Members in the order of RFC 8785, as all of a receipt.
  return {
    basis: kept,
    ...(left_out === 0 ? {} : { left_out }),
    taint: { categories: [...categories], integrity, level },
  }
}

function basisRecord({ argument, provenance, rule, source, verdict }: Basis): BasisRecord {
  const from =
    source === null
      ? null
      : {
          action: source.action,
          path: pointer(source.path),
          server: bounded(source.server),
          tool: bounded(source.tool),
        }
  return { argument: argument === null ? null : pointer(argument), provenance, rule, source: from, verdict }
}

function pointer(path: string): string {
  const shown = path.split('/').map((token) => (token === '' || FIELD.test(token) ? token : '*'))
  return bounded(shown.join('/'))
}

function bounded(text: string): string {
  return text.toWellFormed().slice(0, BASIS_TEXT_MAX).toWellFormed()
}
