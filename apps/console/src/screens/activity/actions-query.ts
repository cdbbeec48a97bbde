/** Decisions as the control plane lists them, and as they come: one list, the newest first. @module */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { useLive, type Liveness } from '../../api/live.ts'
import type { paths } from '../../api/schema.d.ts'
import { NONE_CAME, withArrived, type Arrivals } from '../../parts/arrivals.ts'
import { useTogether } from '../../parts/together.ts'

type Listed = paths['/v1/actions']['get']['responses'][200]['content']['application/json']
export type Action = Listed['actions'][number]

export interface Wanted {
  readonly show?: string | undefined
  readonly agent?: string | undefined
  readonly point?: string | undefined
  readonly server?: string | undefined
  readonly tool?: string | undefined
  readonly reason?: string | undefined
  readonly delegation?: string | undefined
  /** In whose name. */
  readonly person?: string | undefined
  /** RFC 3339: what was logged up to then. */
  readonly until?: string | undefined
}

const DECISIONS = { allowed: 'allow', denied: 'deny', asked: 'step_up' } as const
/** Rows of one page. */
const PAGE = 100
/** How calls ended that are no longer shown, or are not yet. */
const ENDS_MAX = 5_000

function decisionOf(show: string | undefined): Action['decision'] | undefined {
  return Object.entries(DECISIONS).find(([name]) => name === show)?.[1]
}

/** @param from index below which the list begins; null: with the newest */
export function useActions(wanted: Wanted, from: number | null) {
  const { show, ...by } = wanted
  const decision = decisionOf(show)
  const filter = {
    ...(by.agent !== undefined && { agent: by.agent }),
    ...(by.point !== undefined && { point: by.point }),
    ...(by.server !== undefined && { server: by.server }),
    ...(by.tool !== undefined && { tool: by.tool }),
    ...(by.reason !== undefined && { reason: by.reason }),
    ...(by.delegation !== undefined && { delegation: by.delegation }),
    ...(by.person !== undefined && { person: by.person }),
    ...(decision && { decision }),
    canary: show === 'tests' ? 'true' : 'false',
  } as const
  return useInfiniteQuery({
    queryKey: ['actions', filter, from],
    queryFn: ({ pageParam }) =>
      said(
        api.GET('/v1/actions', {
          params: { query: { ...filter, limit: PAGE, ...(pageParam !== null && { before: pageParam }) } },
        }),
      ),
    initialPageParam: from,
    placeholderData: keepPreviousData,
    getNextPageParam: (last: Listed) => last.next,
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  })
}

/** Whether a receipt alone says what is wanted: under which delegation it was decided only the control plane knows. */
export function canFollow({ delegation, person, until }: Wanted): boolean {
  return delegation === undefined && person === undefined && until === undefined
}

/** What an entry of the log says of a call, as far as this screen needs it. */
interface Receipt {
  readonly kind: 'decision' | 'outcome'
  readonly action: string
  readonly time: string
  readonly agent?: string | null
  readonly point: string
  readonly server: string
  readonly tool: string
  readonly decision: Action['decision']
  readonly reasons: string[]
  readonly approval?: string
  readonly canary?: string
  readonly outcome: NonNullable<Action['outcome']>
}

export interface LiveActions {
  readonly fresh: Arrivals<Action>
  readonly ends: ReadonlyMap<string, Action['outcome']>
  readonly state: Liveness
}

/** @param size of the log when the list was read; null: not read yet, or nothing is followed */
export function useLiveActions(wanted: Wanted, size: number | null): LiveActions {
  const [fresh, setFresh] = useState<Arrivals<Action>>(NONE_CAME)
  const [ends, setEnds] = useState<ReadonlyMap<string, Action['outcome']>>(new Map())
  const show = useTogether((came: readonly Came[]) => {
    const rows = came.flatMap(({ row }) => row ?? []).toReversed()
    const ended = came.flatMap(({ end }) => (end === undefined ? [] : [end]))
    if (rows.length > 0) setFresh((old) => withArrived(old, rows, ({ entry }) => entry))
    if (ended.length > 0) setEnds((old) => new Map([...old, ...ended].slice(-ENDS_MAX)))
  })
  const state = useLive(size === null ? null : `/v1/entries/stream?after=${size - 1}`, {
    entry: (data) => {
      const { index, entry } = data as { index: number; entry: { type: string; body: Receipt } }
      if (entry.type !== 'receipt') return
      const receipt = entry.body
      if (receipt.kind === 'outcome') show({ end: [receipt.action, receipt.outcome] })
      else if (isWanted(receipt, wanted)) show({ row: actionOf(index, receipt) })
    },
  })
  return { fresh, ends, state }
}

interface Came {
  readonly row?: Action
  readonly end?: readonly [string, Action['outcome']]
}

function isWanted(receipt: Receipt, { show, reason, ...by }: Wanted): boolean {
  if ((receipt.canary !== undefined) !== (show === 'tests')) return false
  const decision = decisionOf(show)
  if (decision !== undefined && receipt.decision !== decision) return false
  if (reason !== undefined && !receipt.reasons.includes(reason)) return false
  return (['agent', 'point', 'server', 'tool'] as const).every(
    (name) => by[name] === undefined || receipt[name] === by[name],
  )
}

function actionOf(entry: number, receipt: Receipt): Action {
  const { action, time, agent = null, point, server, tool, decision, reasons, approval = null } = receipt
  const canary = receipt.canary !== undefined
  return {
    action,
    entry,
    time,
    agent,
    point,
    server,
    tool,
    decision,
    reasons,
    approval,
    canary,
    outcome: null,
    delegation: null,
  }
}
