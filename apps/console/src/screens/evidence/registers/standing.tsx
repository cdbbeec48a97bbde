/** How rows of registers stand, in a word. @module */
import { State } from '../../../parts/values.tsx'
import { words } from '../../../words/words.ts'
import type { Breach, Deficiency, Vendor } from '../read.ts'

const t = words.evidence.registers
const b = t.breach
const v = t.vendor
const DEFICIENCIES = { open: 'open', repaired: 'waiting', retested: 'active', closed: 'closed' } as const

export function DeficiencyState({ of }: { of: Deficiency['status'] }) {
  return <State of={DEFICIENCIES[of]} label={t.deficiency.statuses[of]} />
}

const VENDORS = {
  own: 'closed',
  unassessed: 'open',
  waiting: 'waiting',
  in_force: 'in_force',
  refused: 'refused',
  expired: 'high',
  ended: 'closed',
} as const

export function VendorState({ of }: { of: Vendor['status'] }) {
  return <State of={VENDORS[of]} label={v.statuses[of]} />
}

export const RISKS = { unlikely: 'unlikely', likely: 'likely', high: 'high' } as const

export function BreachState({ of }: { of: Breach }) {
  return (
    <State of={of.closed === null ? 'open' : 'closed'} label={of.closed === null ? b.openState : t.closed} />
  )
}

/** Whom to tell by when, in a line. */
export function wantedText({ wanted }: Breach): string {
  if (wanted.length === 0) return b.nobody
  return wanted
    .map(
      ({ to, jurisdiction, due }) => `${to} (${jurisdiction}) by ${due.slice(0, 16).replace('T', ' ')} UTC`,
    )
    .join('; ')
}
