/** What the screen of the kill switch asks for, and what a scope is called. @module */
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import type { Asked } from '../../gesture/gesture-dialog.tsx'
import { words } from '../../words/words.ts'

const t = words.kill

export type Switch = paths['/v1/kills']['get']['responses'][200]['content']['application/json']
export type SignedKill = Switch['kills'][number]
export type Scope = SignedKill['kill']['scope']
export type ScopeKind = Scope['kind']
export type Lift = Switch['lifts'][number]
export type KillView = paths['/v1/kills/{id}']['get']['responses'][200]['content']['application/json']
export type Drill =
  paths['/v1/drills']['get']['responses'][200]['content']['application/json']['drills'][number]
export type Reported = paths['/v1/drills/{id}/report']['get']['responses'][200]['content']['application/json']
type Pull = paths['/v1/kills']['post']['requestBody']['content']['application/json']

export const SCOPE_KINDS = ['agent', 'class', 'system', 'global'] as const
/** A request that does not end by then has failed, in milliseconds. */
const SWITCH_MS_MAX = 10_000
/** How often the switch is looked at, and a kill that spreads, in milliseconds. */
const SWITCH_EVERY_MS = 3_000
const PROGRESS_EVERY_MS = 700

export const switchQuery = {
  queryKey: ['kills'],
  queryFn: () => said(api.GET('/v1/kills', { signal: AbortSignal.timeout(SWITCH_MS_MAX) })),
  refetchInterval: SWITCH_EVERY_MS,
} as const

export const historyQuery = {
  queryKey: ['kills', 'history'],
  queryFn: () => said(api.GET('/v1/kills/history')),
} as const

export const drillsQuery = {
  queryKey: ['drills'],
  queryFn: () => said(api.GET('/v1/drills')),
} as const

export function progressQuery(id: string) {
  return {
    queryKey: ['kills', 'one', id],
    queryFn: () => said(api.GET('/v1/kills/{id}', { params: { path: { id } } })),
    // As long as somebody has not answered, and it is in force.
    refetchInterval: ({ state }: { state: { data: KillView | undefined } }) =>
      state.data === undefined || (state.data.answered_n < state.data.points_n && state.data.lift === null)
        ? PROGRESS_EVERY_MS
        : SWITCH_EVERY_MS,
  } as const
}

export function reportQuery(id: string) {
  return {
    queryKey: ['drills', 'report', id],
    queryFn: () => said(api.GET('/v1/drills/{id}/report', { params: { path: { id } } })),
    refetchInterval: ({ state }: { state: { data: Reported | undefined } }) =>
      state.data?.drill.status === 'closed' ? (false as const) : SWITCH_EVERY_MS,
  } as const
}

/** In words, with the name that people gave. */
export function scopeText(scope: Scope, names: ReadonlyMap<string, string>): string {
  switch (scope.kind) {
    case 'global':
      return t.said.global
    case 'agent':
    case 'system':
      return t.said[scope.kind](names.get(scope.id) ?? scope.id)
    case 'class':
      return t.said.class(scope.id)
  }
}

/** The kill that a gesture is over: exactly that which was asked for. */
export class KillDraft {
  #kill: Pull['kill'] | null = null
  readonly #scope: Scope
  readonly #reason: string

  constructor(scope: Scope, reason: string) {
    this.#scope = scope
    this.#reason = reason
  }

  readonly ask = async (): Promise<Asked> => {
    const asked = await said(
      api.POST('/v1/kills/draft', { body: { scope: this.#scope, reason: this.#reason } }),
    )
    const kill = asked.act['kill'] as Pull['kill']
    const isSame =
      JSON.stringify(sorted(kill.scope)) === JSON.stringify(sorted(this.#scope)) &&
      kill.reason === this.#reason
    if (!isSame) throw new Error(words.gesture.faults.mismatch)
    this.#kill = kill
    return asked
  }

  get kill(): Pull['kill'] {
    if (this.#kill === null) throw new Error('a kill was signed before it was drafted')
    return this.#kill
  }
}

function sorted(scope: Scope): readonly (readonly [string, unknown])[] {
  return Object.entries(scope).sort(([a], [b]) => (a < b ? -1 : 1))
}
