/** The answers of a query by pages, in whichever state they are. @module */
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { NotYet, Stale, useFault } from './states.tsx'

/** What a table is given to ask for the next page. */
export interface Paging {
  readonly more: (() => void) | undefined
  readonly loading: boolean
}

/** @param empty whether a page has nothing in it; where the first is the last and has nothing, `nothing` is shown */
export function Paged<T>({
  of,
  children,
  empty,
  nothing,
}: {
  of: UseInfiniteQueryResult<InfiniteData<T>>
  children: (pages: readonly T[], paging: Paging) => ReactNode
  empty: (page: T) => boolean
  nothing: ReactNode
}) {
  const again = () => void of.refetch()
  const fault = useFault(of)
  if (of.data === undefined) return <NotYet error={fault} again={again} />
  const { pages } = of.data
  const more = of.hasNextPage ? () => void of.fetchNextPage() : undefined
  return (
    <>
      {fault !== null && <Stale at={of.dataUpdatedAt} error={fault} again={again} />}
      {pages.every(empty) && more === undefined
        ? nothing
        : children(pages, { more, loading: of.isFetchingNextPage })}
    </>
  )
}
