/**
 * What the flow rules went by, as a receipt keeps it: bounded, and without a word of arguments or results.
 * spec/enforcement.md (RCP-11). Pure.
 * @module
 */
import type { DataLabel } from '../../core/label.ts'
import type { Basis } from '../../decide/flow/types.ts'
import { BASIS_MAX, BASIS_TEXT_MAX, type BasisRecord, type FlowRecord } from '../../log/receipt-flow.ts'

/** Places in lists. A longer number may be anything. */
const PLACE = /^\d{1,3}$/
/** Members that go beside the arguments, as MCP names them (MCP-18). */
const BESIDE: ReadonlySet<string> = new Set(['_meta', 'inputResponses', 'params', 'requestState', 'task'])

/** Which tokens of pointers name fields. What else stands as a name in an object may be data: an address, a person. */
export interface KnownNames {
  readonly ofArguments: ReadonlySet<string>
  readonly ofResult: (server: string, tool: string) => ReadonlySet<string>
}

/** Those of pointers that somebody wrote down beforehand: of labels, of policies. */
export function namesIn(pointers: Iterable<string>): Set<string> {
  return new Set([...pointers].flatMap((pointer) => pointer.split('/')))
}

export function recordOf(
  basis: readonly Basis[],
  { categories, integrity, level }: DataLabel,
  known: KnownNames,
): FlowRecord {
  const objecting = basis.filter(({ verdict }) => verdict !== 'passes')
  const passing = basis.filter(({ verdict }) => verdict === 'passes')
  const kept = [...objecting, ...passing].slice(0, BASIS_MAX).map((one) => basisRecord(one, known))
  const left_out = basis.length - kept.length
  // Members in the order of RFC 8785, as all of a receipt.
  return {
    basis: kept,
    ...(left_out === 0 ? {} : { left_out }),
    taint: { categories: [...categories], integrity, level },
  }
}

function basisRecord(
  { argument, provenance, rule, source, verdict }: Basis,
  { ofArguments, ofResult }: KnownNames,
): BasisRecord {
  const from =
    source === null
      ? null
      : {
          action: source.action,
          path: pointer(source.path, ofResult(source.server, source.tool)),
          server: bounded(source.server),
          tool: bounded(source.tool),
        }
  const isPointer = argument === '' || argument?.startsWith('/') === true
  const shown = argument === null ? null : pointer(argument, isPointer ? ofArguments : BESIDE)
  return { argument: shown, provenance, rule, source: from, verdict }
}

function pointer(path: string, names: ReadonlySet<string>): string {
  const isKnown = (token: string): boolean => token === '' || PLACE.test(token) || names.has(token)
  const shown = path.split('/').map((token) => (isKnown(token) ? token : '*'))
  return bounded(shown.join('/'))
}

function bounded(text: string): string {
  return text.toWellFormed().slice(0, BASIS_TEXT_MAX).toWellFormed()
}
