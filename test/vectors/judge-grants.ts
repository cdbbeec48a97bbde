/** What our code says of the vectors of spec/grants.md. @module */
import type { JsonObject } from '../../src/core/json.ts'
import type { DataLabel } from '../../src/core/label.ts'
import { constraintsMet, grantNames, labelFault, resourcesFault, type Grant } from '../../src/token/grant.ts'
import { grantWithin } from '../../src/token/within.ts'
import { measure, resourcesOf, type Measures } from '../../src/decide/measure.ts'
import type { VectorCall } from '../../vectors/grants/call.ts'
import type { AllowsVector, WithinVector } from '../../vectors/grants/generate.ts'

export function judgeWithin({ child, parent }: WithinVector): boolean {
  return grantWithin(child, parent)
}

/** In the order of spec/grants.md, as src/decide asks. */
export function judgeAllows({ grant, call }: AllowsVector): true | string {
  if (!grantNames(grant, call.server, call.tool)) return 'NO_MATCHING_GRANT'
  if (!constraintsMet(grant, call.args as JsonObject)) return 'CONSTRAINT_VIOLATED'
  const resources =
    call.pointers === undefined ? call.resources : resourcesOf(call.args as JsonObject, call.pointers)
  return (
    resourcesFault(grant, resources) ??
    labelFault(grant, call.label as DataLabel | null) ??
    limitFault(grant, call) ??
    true
  )
}

function limitFault(grant: Grant, call: VectorCall): string | null {
  const { args, measures } =
    call.measures === undefined ? weighed(call) : { args: call.args as JsonObject, measures: call.measures }
  for (const limit of grant.limits ?? []) {
    const amount = measure(limit, args, measures)
    if (amount === null) return 'MEASURE_UNKNOWN'
    if (amount > limit.max) return limit.per === 'call' ? 'LIMIT_PER_CALL' : 'LIMIT_EXCEEDED'
  }
  return null
}

interface Weighed {
  readonly args: JsonObject
  readonly measures: Measures
}

/** Arguments from which a registration reads what the vector says outright. */
function weighed({ amounts }: VectorCall): Weighed {
  const measures = Object.fromEntries(
    Object.entries(amounts).map(([name, { unit }]) => [
      name,
      { path: `/${name}`, of: 'number', unit } as const,
    ]),
  )
  const args = Object.fromEntries(Object.entries(amounts).map(([name, { amount }]) => [name, amount]))
  return { args, measures }
}
